"""The last confirmed state of each target (manifest, seal, journal); it may use their files and their git remote."""
