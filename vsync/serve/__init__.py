"""`vsync serve`: the REST API for stores and files, and the embedded store as `/v1`. It may open a port, and needs the extra `serve`."""
