"""Where documents come from, a git commit or a plain folder; it may read that source and change nothing."""
