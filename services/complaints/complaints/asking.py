"""Asking a neighbor about many things, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from uuid import UUID

ASKED_AT_ONCE = 10
Answer = TypeVar("Answer")


async def answers_about(
    ids: Iterable[UUID], ask: Callable[[UUID], Awaitable[Answer]]
) -> dict[UUID, Answer]:
    """The answer about each id; each is asked about once."""
    places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def answer(id: UUID) -> Answer:
        async with places:
            return await ask(id)

    wanted = list(dict.fromkeys(ids))
    return dict(zip(wanted, await asyncio.gather(*map(answer, wanted)), strict=True))
