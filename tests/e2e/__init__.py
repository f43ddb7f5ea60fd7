"""The real container in a real runner: `make e2e`. What it needs is made by `lab`."""
