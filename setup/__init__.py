"""Prepares a fresh checkout: Python 3.13, the locked packages, the DynamoDB engines of the storage tests.

Runs on any Python 3 (3.8 or newer) and needs only its standard library, because it installs
everything else. ``make run`` and ``make test`` call it first; it takes no time if nothing has changed.
"""
