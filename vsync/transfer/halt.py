"""Whether a run must end, why, and who is woken then."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable

from vsync.errors import ApiUnavailable, Interrupted, VsyncError
from vsync.store.api_errors import AnswerLost, Refused, unexpected_refusal
from vsync.system.stop import Stop

_ATTACH_AFTER_STOP_S = 0.5
"""For so long after a stop uploaded Files are still attached. Later requests would outlast the grace time."""


class Halt:
    """The reason why a run must end: an error, or a stop. After that no new work begins."""

    def __init__(self, stop: Stop) -> None:
        self.defect: Exception | None = None
        """The error that nobody foresaw, if that is the reason."""
        self._cause: VsyncError | None = None
        self._stop = stop
        self._woken: list[asyncio.Event] = []

    @property
    def requested(self) -> bool:
        return self._cause is not None or self._stop.requested

    @property
    def may_attach(self) -> bool:
        """Whether uploaded Files are still attached: after an error not, after a stop for a moment."""
        stopped_s = self._stop.requested_for
        return self._cause is None and (stopped_s is None or stopped_s < _ATTACH_AFTER_STOP_S)

    @property
    def cause(self) -> VsyncError | None:
        """What the report names as the reason. None while the run may go on."""
        if self._cause is None and self._stop.signum is not None:
            return Interrupted(self._stop.signum)
        return self._cause

    def end(self, cause: VsyncError) -> None:
        """Ends the run. Of several causes the first is reported."""
        self._cause = self._cause or self._stop.cause(cause)
        self._wake()

    def wakes(self, event: asyncio.Event) -> None:
        """Sets the event when the run must end, so that nobody waits for ever."""
        self._woken.append(event)

    async def sleep(self, seconds: float) -> None:
        """Sleeps. A stop ends the sleep."""
        await self._stop.sleep(seconds)

    @contextlib.asynccontextmanager
    async def listening_to_stop(self) -> AsyncIterator[None]:
        """While this is open, a stop wakes whoever waits."""

        async def listen() -> None:
            await self._stop.wait()
            self._wake()

        listening = asyncio.create_task(listen())
        try:
            yield
        finally:
            listening.cancel()

    async def guarded(self, work: Awaitable[None]) -> None:
        """Does a part of the run. An error in it ends the run, but cuts off no other part in the middle."""
        try:
            await work
        except AnswerLost as lost:
            self.end(lost.error)
        except VsyncError as error:
            self.end(error)
        except Refused as error:  # a question that every API answers, such as whether an entry is there
            self.end(unanswerable(error))
        except Exception as error:  # a defect: it is raised after the uploads are recorded
            self.defect = self.defect or error
            self.end(
                VsyncError(f"An unexpected error ended the run: {error!r}.", "What was done is recorded. Run again.")
            )

    def _wake(self) -> None:
        for event in self._woken:
            event.set()


def unanswerable(error: Refused) -> VsyncError:
    """The error of a run that asked a question which the API refused to answer."""
    if error.by_gateway:
        return unexpected_refusal("a question", error)
    return ApiUnavailable(error.message, "Run again later: it continues from here.")
