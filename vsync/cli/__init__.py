"""The command line: it reads options and the environment, runs one command, prints and chooses the exit code."""
