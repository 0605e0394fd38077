"""Requests and responses of the HTTP API.

The OpenAPI document and the page's TypeScript types are made from these and from `services.events`, so every key
that crosses the wire is written once.
"""
