"""What Python logs: log records, warnings and exceptions of threads become lines of our log, in ``--log-format``."""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rtgmock.clock import timestamp
from rtgmock.errors import cut

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class TextFormatter(logging.Formatter):
    """Formats a record as Python does, with lines of bounded length: a message may quote what somebody sent."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message and, for an exception, its traceback."""
        return "\n".join(map(cut, super().format(record).splitlines()))


class JsonFormatter(TextFormatter):
    """Formats a record as one line: time, level, logger, message and, for an exception, its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a JSON object."""
        entry = {
            "time": timestamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": cut(record.getMessage()),
        }
        if record.exc_info:
            entry["traceback"] = "\n".join(map(cut, self.formatException(record.exc_info).splitlines()))
        return json.dumps(entry)


class _Handler(logging.Handler):
    """Passes each record on as text."""

    def __init__(self, write: Callable[[str], None], formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.format(record))
        except Exception:  # noqa: BLE001 - as the standard library's handlers: a wrong call to log is reported
            self.handleError(record)


def write_records(write: Callable[[str], None], *, as_json: bool) -> None:
    """Pass all that Python logs in this process to ``write``: records, warnings and uncaught exceptions.

    Otherwise Python writes them to the standard error itself, and waits if nobody reads that.
    """
    formatter = JsonFormatter() if as_json else TextFormatter()
    logging.basicConfig(handlers=[_Handler(write, formatter)], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logger = logging.getLogger("rtgmock")
    sentence = "the thread %s failed: %s" if as_json else "Exception in thread %s:"

    def log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "unknown"
        value = args.exc_value or args.exc_type()
        trace = (args.exc_type, value, args.exc_traceback)
        logger.error(sentence, *([name, value] if as_json else [name]), exc_info=trace)

    threading.excepthook = log_uncaught_in_thread
    if as_json:
        logger.setLevel(logging.INFO)  # the progress of long steps is logged as well
        sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger("rtgmock").critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))


def dropped_lines(count: int, *, as_json: bool) -> str:
    """Return the line that says how many lines of the log are missing in its place."""
    sentence = "%d lines of the log were dropped, since nobody read the standard error"
    record = logging.LogRecord("rtgmock", logging.WARNING, "", 0, sentence, (count,), None)
    return JsonFormatter().format(record) if as_json else f"rtgmock: {record.getMessage()}"
