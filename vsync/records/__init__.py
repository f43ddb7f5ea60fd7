"""Applying a stream of change records to one vector store."""
