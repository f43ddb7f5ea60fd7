"""Listing, creating and deleting vector stores; it may use the API through `store`."""
