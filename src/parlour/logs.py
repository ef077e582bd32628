"""How the log is written: for people, or a JSON object a line for machines."""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from msgspec import json

PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FIELDS = "fields"
"""What of a record's `extra` stands beside its message."""


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.encode(line).decode()


def begin() -> None:
    """Until the settings are read: for people, on stderr."""
    logging.basicConfig(format=PLAIN, level=logging.INFO, stream=sys.stderr)
    for talkative in ("uvicorn.error", "watchfiles"):  # the latter would tell of the log's own growth, for ever
        logging.getLogger(talkative).setLevel(logging.WARNING)


def write_as(form: Literal["text", "json"]) -> None:
    if form == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())
