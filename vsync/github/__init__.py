"""The GitHub Action: it reads the event and inputs, runs one command, and writes to the job and to pull requests."""
