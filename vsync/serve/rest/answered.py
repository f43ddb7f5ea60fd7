"""Answers a call that was refused or failed with an error body."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vsync.serve.rest.access_log import HUNG_UP, Call, shown_path, stamp
from vsync.serve.rest.exchange import BrokenOff, Gone, call_of, send_failure
from vsync.serve.rest.failure import Failure, defect
from vsync.serve.rest.upstream import stopping
from vsync.system.logs import traceback_lines
from vsync.system.secrets import Secrets


class Answered:
    """Turns what `app` raises into an answer. `log` gets a line for a defect; with `verbose`, its traceback as well.

    An answer that has begun cannot become an error. It breaks off, and the caller sees that.
    """

    def __init__(
        self,
        app: ASGIApp,
        log: Callable[[str], None],
        *,
        verbose: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._log = log
        self._verbose = verbose
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call, begun = call_of(scope), False

        async def noted_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        failure: Failure | None = None
        try:
            await self._app(scope, receive, noted_send)
        except Gone:
            call.status = HUNG_UP
        except BrokenOff:
            return
        except Failure as error:
            failure = error
        except asyncio.CancelledError:  # the server ends, and has waited for this call for long enough
            if begun:
                raise
            failure = stopping()
        except Exception as error:
            self._tell(call, error)
            failure = defect()
        if failure is not None and not begun:
            await send_failure(send, failure, call)

    def _tell(self, call: Call, error: Exception) -> None:
        """Logs a defect, without what the call carried."""
        line: dict[str, object] = {
            "time": stamp(self._clock()),
            "level": "error",
            "request_id": call.request_id,
            "path": shown_path(call.path, call.secrets),
            "error": type(error).__name__,
        }
        if self._verbose:
            line["traceback"] = traceback_lines(error, Secrets(*call.secrets))
        self._log(json.dumps(line))
