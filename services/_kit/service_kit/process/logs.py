"""Structured logs: one JSON line per fact, with the request's id and trace,
without personal data.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic_core import to_json


class _StandardError:
    """Standard error as it is at the moment of writing:
    it may be replaced or closed while a logger lives.
    """

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


STANDARD_ERROR: Any = _StandardError()


def configure(*, service: str, level: str) -> None:
    """Log as JSON lines to standard error, the standard library's loggers included."""
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_serialized),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(STANDARD_ERROR),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(STANDARD_ERROR)
    handler.setFormatter(_JsonLines(service))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


class RequestLog:
    """One JSON line per request, written without the processors of structlog:
    it is written for every request there is.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._stream = STANDARD_ERROR

    def write(self, **facts: object) -> None:
        line = {
            "service": self._service,
            "event": "request",
            "level": "info",
            "timestamp": datetime.now(UTC),
            **facts,
        }
        self._stream.write(to_json(line).decode() + "\n")


def logger(name: str) -> Any:
    """The structured logger of a module."""
    return structlog.get_logger(module=name)


def reason_of(error: BaseException, *, longest: int) -> str:
    """What went wrong in one line that any log and any text column can hold."""
    text = f"{type(error).__name__}: {error}".replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode()[:longest]


def _serialized(event: dict[str, Any], **_options: object) -> str:
    return to_json(event, fallback=str).decode()


class _JsonLines(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "service": self._service,
            "level": record.levelname.lower(),
            "module": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return to_json(line).decode()
