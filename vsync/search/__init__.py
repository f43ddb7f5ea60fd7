"""Queries to a vector store; it may read the published manifest and use the API through `store`."""
