"""One vector store and its Files, through the API; it may use the network, and returns no value of the SDK."""
