"""Keeps secrets out of what libraries log, and out of tracebacks.

The HTTP client logs addresses and headers. The SDK logs when OPENAI_LOG is set. Tracebacks quote whatever an error
holds. Any library may add a log handler at any time, so secrets are removed where log records are made.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from vsync.errors import InternalError, VsyncError
from vsync.system.faults import system_fault
from vsync.system.redaction import one_line, printable, redacted
from vsync.system.secrets import Secrets

_CREDENTIAL = re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{6,}")
"""The content of an Authorization header. It may hold a secret that is not among the known secrets."""


def clean(text: str, secrets: Secrets) -> str:
    """The text without the known secrets, and without anything that looks like a credential."""
    return _CREDENTIAL.sub(r"\1\2***", redacted(text, secrets))


def traceback_lines(error: BaseException, secrets: Secrets) -> list[str]:
    """An error's traceback, without secrets and without characters that a terminal acts on."""
    text = "".join(traceback.format_exception(error))
    return [printable(line) for line in clean(text, secrets).splitlines()]


def unforeseen(error: Exception, secrets: Secrets) -> VsyncError:
    """The error to show for an exception that nobody translated: what the system refused, else a defect."""
    fault = system_fault(error)
    if fault is None:
        return internal(error, secrets)
    fault.__cause__ = error
    return fault


def internal(error: Exception, secrets: Secrets) -> InternalError:
    """The error to show for a defect of vsync."""
    words = clean(one_line(str(error), secrets), secrets)
    internal_error = InternalError(
        f"Internal error: {type(error).__name__}{f': {words}' if words else ''}.",
        "This is a defect of vsync: please report it, with its traceback (on the command line -v shows it). What was done "
        "is not lost: the next run continues from there.",
    )
    internal_error.__cause__ = error
    return internal_error


@contextlib.contextmanager
def guarded(secrets: Secrets) -> Iterator[None]:
    """Inside this context no log record and no traceback of a thread or finalizer shows a secret."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_records(secrets))
        stack.enter_context(_hooks(secrets))
        yield


@contextlib.contextmanager
def _records(secrets: Secrets) -> Iterator[None]:
    make = logging.getLogRecordFactory()

    def redacting(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            text = record.getMessage()
        except Exception:  # the arguments do not fit the message: logging would show them with their secrets
            text = str(record.msg)
        record.msg, record.args = clean(text, secrets), ()
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "\n".join(traceback_lines(record.exc_info[1], secrets))
            record.exc_info = None
        if record.stack_info:
            record.stack_info = clean(record.stack_info, secrets)
        return record

    logging.setLogRecordFactory(redacting)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)


@contextlib.contextmanager
def _hooks(secrets: Secrets) -> Iterator[None]:
    """Replaces Python's own hooks for unhandled errors. Hooks of others (a test runner) stay."""

    def write(error: BaseException | None, kind: type[BaseException], trace: TracebackType | None, where: str) -> None:
        shown = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(clean(f"{where}:\n{shown}", secrets))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            name = args.thread.name if args.thread else "a thread"
            write(args.exc_value, args.exc_type, args.exc_traceback, f"Exception in {name}")

    def unraisable(args: Any) -> None:
        write(
            args.exc_value, args.exc_type, args.exc_traceback, args.err_msg or f"Exception ignored in {args.object!r}"
        )

    with contextlib.ExitStack() as stack:
        if threading.excepthook is threading.__excepthook__:
            threading.excepthook = in_thread
            stack.callback(setattr, threading, "excepthook", threading.__excepthook__)
        if sys.unraisablehook is sys.__unraisablehook__:
            sys.unraisablehook = unraisable
            stack.callback(setattr, sys, "unraisablehook", sys.__unraisablehook__)
        yield
