"""Refusals of documents by something before the API: of one document for its content, or of every document.

| after such a refusal | then |
| --- | --- |
| the API does not answer a question without content either | the run ends: vsync cannot tell what is refused |
| other documents get through | the refusal is the document's own failure, and the run goes on |
| no document gets through | the run ends when all are tried, or when fifty are refused in one step |
| no document gets through, but there are few | the refusals are the documents' own failures, and say what is not known |

Few are as many as an earlier run, which got others through, saw refused, and at least one. Such a run may only try them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Literal

from vsync.errors import GatewayRefused
from vsync.store.api_errors import ASK_THE_GATEWAY, CANNOT_TELL, Refused
from vsync.system.wording import count

Step = Literal["upload", "attach", "retag"]

_NAMES: dict[Step, str] = {"upload": "upload", "attach": "attaching", "retag": "change of attributes"}

_MANY = 50
"""After so many refusals without one answer of the API, the other documents of a step are not tried."""


class Gateway:
    """What the answers to a run's documents tell of the way to the API.

    `check_answers` asks the API without a document. `few`: the run has few documents, in the sense of this module.
    """

    def __init__(self, check_answers: Callable[[], Awaitable[None]], *, few: bool = False) -> None:
        self._check_answers = check_answers
        self._few = few
        self._answered: Counter[Step] = Counter()
        self._refused: Counter[Step] = Counter()
        self._first: tuple[str, str] | None = None

    def answered(self, step: Step) -> None:
        """The API itself has answered a document's request: done, or refused."""
        self._answered[step] += 1

    def reason(self, error: Refused) -> str:
        """Why a document is not in the store, for the report."""
        if error.by_gateway and self._few:
            return f"{error.message}; if no other document got through, the cause may also be the key or the network"
        return error.message

    async def judge(self, step: Step, path: str, error: Refused) -> None:
        """Takes note of a refused document. Raises the error that ends the run when not only this document is refused."""
        if not error.by_gateway:
            self.answered(step)
            return
        self._refused[step] += 1
        self._first = self._first or (path, error.message)
        try:
            await self._check_answers()
        except GatewayRefused as refused:
            raise GatewayRefused(
                f"The {_NAMES[step]} of {path!r} was refused: {error.message}. A request without a document was refused as well. "
                f"{CANNOT_TELL}",
                ASK_THE_GATEWAY,
            ) from refused
        if self._refused[step] >= _MANY and not self._answered[step] and not self._few:
            raise self._all_refused()

    def verdict(self) -> GatewayRefused | None:
        """The error that ends the run when no document has got through."""
        if self._few or self._answered["attach"] or self._answered["retag"]:
            return None
        return self._all_refused() if any(not self._answered[step] for step in self._refused) else None

    def _all_refused(self) -> GatewayRefused:
        assert self._first is not None
        path, message = self._first
        number = self._refused.total()
        others = f" and {count(number - 1, 'other document')} were" if number > 1 else " was"
        them = "the contents of these documents" if number > 1 else "the content of this document"
        return GatewayRefused(
            f"No document got through to the API. {path!r}{others} refused: {message}. The API answers requests without a "
            f"document. vsync cannot tell whether the cause is the key, the gateway, the network or {them}.",
            ASK_THE_GATEWAY,
        )
