"""How fast and how large vsync is, measured from outside against its goals: `python -m benchmarks`."""
