"""The embedded store as an HTTP server; it may open a port, and needs the extra `serve`."""
