"""What can be wrong with one request, as text for the person who wrote it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vsync.batch.limits import ENDPOINTS, MAX_INPUTS, MAX_LINE_BYTES, MAX_TEXT_BYTES
from vsync.system.nearest import nearest
from vsync.system.redaction import printable
from vsync.system.wording import shortened

_MESSAGES = {
    "empty-line": "The line is empty. Delete it: each line is one request.",
    "line-too-long": f"The line has more than {MAX_LINE_BYTES:,} bytes. vsync reads no longer line.",
    "byte-order-mark": "The file begins with a byte order mark (BOM). Save it as UTF-8 without one.",
    "not-utf-8": "The line is not UTF-8{at}. Save the file as UTF-8.",
    "not-json": "The line is not JSON: {value}{at}. Each line is one JSON object.",
    "not-a-number": "The line is not JSON: it has {value}{at}, which JSON does not know. Write null or a number.",
    "lone-surrogate": "The line has {value}{at}, which is half of a character. A text was cut in the middle of it: mend the text.",
    "nested-too-deep": "The line has too many lists and objects inside each other. Make it flatter.",
    "not-an-object": "The line is JSON, but no object. Write a request: {{…}}.",
    "duplicate-member": "The request has {value} twice, and servers disagree which of them counts. Delete one of them.",
    "no-member": "The request has no {value}. Add it.",
    "not-text": "{value} is no text. Write a text in double quotes.",
    "empty-text": "{value} is an empty text. Give it a value.",
    "text-too-long": f"{{value}} has more than {MAX_TEXT_BYTES:,} bytes. Write a shorter text.",
    "wrong-method": 'The method is {quoted}. The only one is "POST".',
    "wrong-url": "The url is {quoted}, which is no endpoint of the Batch API.{endpoint}",
    "body-not-object": "The body is no object. Write the parameters of the request: {{…}}.",
    "stream": "The body has `stream: true`, but a batch gives no streams. Delete `stream`.",
    "wrong-input": "body.input is neither a text, nor a list of tokens, nor a list of these. Correct it.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a line. The message is made when it is asked for: a file may have millions of faults.

    `value` is what the message is about: a member's name, or what somebody wrote. `column` counts characters from 1;
    None: the fault has no place in the line.
    """

    code: str
    value: str = ""
    column: int | None = None

    @property
    def message(self) -> str:
        return _MESSAGES[self.code].format(
            value=self.value,
            at="" if self.column is None else f" at column {self.column:,}",
            quoted=quoted(self.value),
            endpoint=_endpoint_hint(self.value) if self.code == "wrong-url" else "",
        )


def too_many_inputs(inputs: int) -> str:
    """The message for embedding requests with too many inputs in all. One request's inputs are not counted to the end."""
    return (
        f"The embedding requests have at least {inputs:,} inputs in all. "
        f"A batch takes {MAX_INPUTS:,}: make several files of it."
    )


def quoted(text: str) -> str:
    """A text from a request file as messages repeat it: short, printable, in quotes."""
    return repr(shortened(text))


def short(text: str) -> str:
    """A name from a request file as messages repeat it: short and printable."""
    return printable(shortened(text))


def _endpoint_hint(url: str) -> str:
    like = nearest(shortened(url), ENDPOINTS)
    return f" Did you mean {like}?" if like else f" These are: {', '.join(ENDPOINTS)}."
