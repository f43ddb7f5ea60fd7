"""The REST API for stores and files: calls on `manage`, each with the caller's own key."""
