"""Servers for tests: real ones, on a real port, that keep every request."""
