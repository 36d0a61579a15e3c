"""Demo data for a running local stack.

It is written into the local AWS by the domain's services, because the API cannot create a first administrator. Orders
are placed over HTTP.
"""
