"""Repositories and remotes; it may start git processes and use temporary folders."""
