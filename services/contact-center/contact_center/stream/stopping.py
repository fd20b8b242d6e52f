"""Tells open streams when the process is asked to stop, which a server does not do by itself."""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def when_asked_to_stop(callback: Callable[[], None]) -> None:
    """Call back on SIGTERM and SIGINT, and then let the server's own handler do what it does."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if callable(before) and before is not signal.default_int_handler:
            signal.signal(number, _chained(callback, before, loop))


def _chained(
    callback: Callable[[], None], before: Callable[[int, FrameType | None], Any], loop: asyncio.AbstractEventLoop
) -> Callable[[int, FrameType | None], Any]:
    def handle(number: int, frame: FrameType | None) -> Any:
        if not loop.is_closed():
            loop.call_soon_threadsafe(callback)
        return before(number, frame)

    return handle
