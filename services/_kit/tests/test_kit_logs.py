"""Logs: lines go to standard error as it is when they are written."""

import io
import sys

import structlog
from service_kit.process import logs


def test_a_logger_outlives_the_stream_that_it_began_with(monkeypatch):
    kept = structlog.get_config()
    first, second = io.StringIO(), io.StringIO()
    try:
        monkeypatch.setattr(sys, "stderr", first)
        logs.configure(service="notes", level="INFO")
        log = logs.logger("test")
        log.info("before")
        first.close()
        monkeypatch.setattr(sys, "stderr", second)

        log.info("after")
    finally:
        structlog.reset_defaults()
        structlog.configure(**kept)

    assert '"event":"after"' in second.getvalue()
