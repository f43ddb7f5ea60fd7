"""A run that is stopped between its look at the seal and a request, while another run goes past it."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from tests.integration.sync.test_sync_remote import converges
from tests.integration.sync.test_sync_remote import no_grace_time as no_grace_time
from tests.integration.sync.test_sync_remote import quick as quick
from tests.integration.sync.test_sync_remote import synced as synced
from tests.support.shared import Shared
from tests.support.wire import call
from vsync.errors import SealHeld
from vsync.report.report import Report
from vsync.state import remote as remote_module

WRITES = ["POST /files", "POST /vector_stores/*/file_batches", "DELETE /vector_stores/*/files/*", "DELETE /files/*"]


@pytest.mark.parametrize("back", [False, True], ids=["same", "reverted"])
@pytest.mark.parametrize("request_", WRITES)
def test_a_run_that_was_stopped_between_its_look_at_the_seal_and_a_request_does_no_lasting_harm(
    synced: Shared, monkeypatch: pytest.MonkeyPatch, request_: str, back: bool
) -> None:
    """Its request comes after the other run has ended. What it did wrong with it, the next run mends."""
    before = synced.files["a.md"]
    synced.commit({"a.md": b"# A2\n", "b.md": None, "d.md": b"# D\n"})
    now = remote_module._now

    def overtaken() -> None:
        if back:
            synced.commit({"a.md": before})
        other = dataclasses.replace(synced)
        reports: list[Report] = []
        thread = threading.Thread(target=lambda: reports.append(other.sync(is_dead=True)))
        thread.start()
        thread.join(30)
        other.wire.close()
        assert [report.exit_code for report in reports] == [0]
        monkeypatch.setattr(remote_module, "_now", lambda: now() + 200.0)

    synced.wire.when(request_, call(overtaken), times=1)
    if request_.startswith("DELETE"):  # what it has published before is told
        assert isinstance(synced.sync(concurrency="1").error, SealHeld)
    else:
        with pytest.raises(SealHeld):
            synced.sync(concurrency="1")
    monkeypatch.setattr(remote_module, "_now", now)
    assert "refs/vsync-doubt/default" in synced.refs()
    synced.wire.calm()
    converges(synced)
