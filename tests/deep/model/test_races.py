"""Pairs of runs race each other as processes. Some of them are killed at a random instant.

The seed repeats commits, pairs and instants. How far a process has come at an instant depends on the machine.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import settings

from tests.deep import seeds
from tests.support.together import Run, Together

SOAK = settings.get_current_profile_name() == "soak"
ROUNDS = 60 if SOAK else 1


@pytest.mark.parametrize("seed", seeds.some(4 if SOAK else 1))
def test_raced_runs_end_at_the_newest_commit(tmp_path: Path, seed: int) -> None:
    """After each race, one more run finds the holder of the seal dead and brings the store to rest. The next makes no request."""
    chance = random.Random(seed)
    number = 100
    wanted = {f"docs/{page}.md": b"# %d\n" % page for page in range(5)}
    with Together(tmp_path) as place:
        place.commit(wanted)
        for turn in range(ROUNDS):
            old = place.remote().git("rev-parse", "main")
            change = {f"docs/{chance.randrange(8)}.md": b"# turn %d\n" % turn for _ in range(2)}
            place.commit(change)
            wanted |= change
            runs = []
            for commit in chance.sample([None, old, None], 2):
                number += 1
                # A person's run has no number. The run of the older commit always has the lower number.
                runs.append(place.start(commit=commit, run=number - (50 if commit else 0), impatient=True))
                time.sleep(chance.random())
            if chance.random() < 0.5:
                kill(chance.choice(runs), after=chance.random() * 3)
            for run in runs:
                code, _, err = run.ended()
                assert code in {0, 3, -9}, err
            number += 1
            place.start(run=number, impatient=True).succeeded()
            (store,) = place.server.stores()
            assert place.documents(store, "default") == {path: text.decode() for path, text in wanted.items()}
            again = place.start(run=number + 1, impatient=True)
            again.succeeded()
            assert place.requests(again) == []


def kill(run: Run, *, after: float) -> None:
    time.sleep(after)
    run.process.kill()
