"""Faults at every request of a run, one after the other, and what the store holds when the faults are over.

`scenarios` are the runs, `kinds` what becomes of a request, `audit` what must hold, `matrix` puts one fault into one run in
this process, `processes` does it to a process of its own over real HTTP and a real git remote. `python -m tests.deep.faults`
tries all of it and prints the figures; `make test` tries a fixed part.
"""
