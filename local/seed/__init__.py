"""Demo data for a running laptop stack.

It is written through the domain's own services straight into the local AWS, because the API has no way to make a first
admin, and shall have none.
"""
