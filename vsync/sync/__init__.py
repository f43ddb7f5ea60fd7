"""One run that makes a vector store equal to its source; it may use everything that the run was given."""
