"""Hints within one process that there is work; polling stays the truth."""

import asyncio
from collections import defaultdict


class Signals:
    """`wake(topic)` ends every `wait(topic)` at once; waking nobody costs nothing and loses nothing that polling would not find."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        # Whoever lets callers wait answers them when this becomes true: a process that stops waits for its open answers.
        self.is_stopping = False

    def wake(self, topic: str) -> None:
        for future in self._waiting.pop(topic, ()):
            if not future.done():
                future.set_result(None)

    async def wait(self, topic: str, *, seconds: float) -> bool:
        """Wait for a hint; False when the time passed without one."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[topic].add(future)
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting[topic].discard(future)
        return True
