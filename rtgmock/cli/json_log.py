"""``--log-format json``: log records, warnings and uncaught exceptions as one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rtgmock.clock import timestamp

if TYPE_CHECKING:
    from types import TracebackType


class JsonFormatter(logging.Formatter):
    """Formats a record as one line: time, level, logger, message and, for an exception, its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a JSON object."""
        entry = {
            "time": timestamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def log_as_json() -> None:
    """Send the log records of this process to the standard error as JSON; also warnings and uncaught exceptions.

    Without this, Python prints all of them there as text of several lines, between the lines of the access log.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logger = logging.getLogger("rtgmock")
    logger.setLevel(logging.INFO)  # the progress of long steps is logged as well
    logging.captureWarnings(capture=True)

    def log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            logger.critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))

    def log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "unknown"
        value = args.exc_value or args.exc_type()
        trace = (args.exc_type, value, args.exc_traceback)
        logger.error("the thread %s failed: %s", name, value, exc_info=trace)

    sys.excepthook, threading.excepthook = log_uncaught, log_uncaught_in_thread
