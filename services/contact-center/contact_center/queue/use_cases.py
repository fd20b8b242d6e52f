"""Create and change queues."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contact_center.queue.domain import OverflowUnknown, Queue, QueueProfile


class Queues(Protocol):
    """Knows those that the caller may see."""

    async def known(self, ids: Iterable[UUID]) -> frozenset[UUID]: ...
    async def add(self, added: Queue) -> None: ...
    async def save(self, changed: Queue) -> None: ...


async def create(
    queues: Queues, profile: QueueProfile, *, unit: str, id: UUID, at: datetime
) -> Queue:
    await _check_overflow(queues, profile, of=id)
    created = Queue(id=id, unit=unit, profile=profile, version=1, created_at=at, updated_at=at)
    await queues.add(created)
    return created


async def change(
    queues: Queues, queue: Queue, profile: QueueProfile, *, unit: str, at: datetime
) -> Queue:
    if profile.overflow_queue_id != queue.profile.overflow_queue_id:
        await _check_overflow(queues, profile, of=queue.id)
    changed = replace(queue, profile=profile, unit=unit, version=queue.version + 1, updated_at=at)
    await queues.save(changed)
    return changed


async def _check_overflow(queues: Queues, profile: QueueProfile, *, of: UUID) -> None:
    target = profile.overflow_queue_id
    if target is not None and (target == of or target not in await queues.known([target])):
        raise OverflowUnknown()
