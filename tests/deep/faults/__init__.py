"""Faults at every request of a run, one after the other; then runs without faults, and an audit of the store.

| module | subject |
| --- | --- |
| `scenarios` | the runs that faults are put into |
| `kinds`, `over_http` | the faults of a request: in this process, and between a real client and a real server |
| `matrix` | puts one fault into one run in this process |
| `processes` | puts one fault into a process of its own, over real HTTP and with a real git remote |
| `rest`, `audit` | the phase after the faults, and what must hold of store, manifest, seal and report |
| `parts`, `figures` | the matrix in parts, and what came of each part |
| `__main__` | the command: `python -m tests.deep.faults --help` |
"""
