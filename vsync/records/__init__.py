"""Record streams: change data into a vector store."""
