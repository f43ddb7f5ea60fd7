"""Which files are documents, and what the store should hold of each; pure, it touches nothing."""
