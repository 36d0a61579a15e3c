"""Typed clients, generated from the OpenAPI document: `make clients` writes them into `clients/generated/`."""
