"""Comparing the manifest with the store, and repairing what differs; it may change the store as a sync does."""
