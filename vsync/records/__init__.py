"""`vsync records`: applies a stream of change records to a vector store."""
