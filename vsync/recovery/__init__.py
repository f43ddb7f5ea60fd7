"""What earlier runs left behind when they failed or crashed; it may use the store and the journal."""
