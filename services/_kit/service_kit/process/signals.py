"""Hints within one process that there is work; polling stays the truth."""

import asyncio
from collections import Counter, defaultdict


class Signals:
    """`wake(topic)` ends every `wait(topic)` at once;
    waking nobody costs nothing and loses nothing that polling would not find.
    """

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._counts: Counter[str] = Counter()
        # Whoever lets callers wait answers them when this becomes true: a process that stops waits
        # for its open answers.
        self.is_stopping = False

    def count(self, topic: str) -> int:
        """How many hints there have been;
        whoever looks for work asks before it looks, and waits `since` then.
        """
        return self._counts[topic]

    def wake(self, topic: str) -> None:
        self._counts[topic] += 1
        for future in self._waiting.pop(topic, ()):
            if not future.done():
                future.set_result(None)

    async def wait(self, topic: str, *, seconds: float, since: int | None = None) -> bool:
        """Wait for a hint; False when the time passed without one.
        With `since`, one that came in between counts too.
        """
        if since is not None and since != self._counts[topic]:
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[topic].add(future)
        try:
            # `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes together with the
            # hint.
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting[topic].discard(future)
        return True
