"""Which operations make the store equal to the source; it decides, and only `scan` reads the source."""
