"""Prepares a fresh checkout: Python 3.13, the locked packages, the DynamoDB engines of the storage tests.

Runs on whichever Python 3 the machine has (3.8 or newer) and needs nothing but its standard library, because it is
what brings everything else. ``make run`` and ``make test`` call it first; it takes no time when nothing has changed.
"""
