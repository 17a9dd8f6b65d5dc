"""Logs of the processes: one line of ASCII JSON a record, so that nothing a payload says can forge a line."""

from __future__ import annotations

import json
import logging
import traceback


def to_stderr() -> None:
    """Send all records to standard error; children have a file of the data folder there."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """A log record as one line of ASCII JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {"at": self.formatTime(record), "level": record.levelname, "logger": record.name}
        told["message"] = record.getMessage()
        if record.exc_info:
            kind, _, trace = record.exc_info
            # Where it happened, not what it said: the words of an error may be a sender's.
            told["error"] = kind.__name__ if kind else ""
            told["trace"] = "".join(traceback.format_tb(trace))
        return json.dumps(told, ensure_ascii=True)
