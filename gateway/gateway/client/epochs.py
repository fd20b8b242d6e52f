"""The list of clients that lost rights lately,
by which every service refuses the tokens that were made before.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pydantic_core import to_json
from service_kit.access.epochs import OUTAGES, POLL_SECONDS, TakenRightsUnknown, known, mark_of
from service_kit.access.tokens import LONGEST_LIFE_SECONDS
from service_kit.process.logs import logger
from service_kit.store.database import Database
from sqlalchemy import bindparam, select

from gateway.tables import client_standing

log = logger(__name__)
# A replica that cannot read holds on to its list, and leaves telling to those that can.
PUBLISHED_FOR_SECONDS = 5.0
# Who lost rights longer ago has no token of that time any more.
LISTED_FOR = timedelta(seconds=LONGEST_LIFE_SECONDS) + timedelta(hours=1)
LATELY = select(client_standing.c.client_id, client_standing.c.epoch).where(
    client_standing.c.changed_at > bindparam("since")
)


class OwnEpochs:
    """The list as this replica serves it and goes by it itself: read every second, and at once
    where rights are taken here.

    Until it was read once there is none, and no token is accepted: an empty list would bring taken
    rights back to life.
    """

    name = "token-epochs"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._database: Database | None = None
        self._clock = clock
        self._least: Mapping[str, int] | None = None
        self._read_at = -1e9
        self._body = b""
        self.tag = ""

    def attach(self, database: Database) -> None:
        """The database comes after: whoever makes it needs this list first."""
        self._database = database

    @property
    def is_read(self) -> bool:
        return self._least is not None

    @property
    def least(self) -> Mapping[str, int]:
        return known(self._least)

    def published(self) -> bytes:
        """The list for everybody;
        TakenRightsUnknown when it was not read of late, since others may know a newer one.
        """
        if time.monotonic() - self._read_at > PUBLISHED_FOR_SECONDS:
            raise TakenRightsUnknown()
        return self._body

    async def why_not_ready(self) -> str | None:
        """For /readyz: a gateway that accepts no token is not ready."""
        return None if self.is_read else "the list of taken rights was not read yet"

    async def run(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(POLL_SECONDS)

    async def refresh(self) -> None:
        assert self._database is not None, "attached by the composition root"
        began = time.monotonic()
        try:
            async with self._database.reading() as reader:
                rows = await reader.fetch(LATELY, since=self._clock() - LISTED_FOR)
        except OUTAGES as error:
            # The list as it was holds on.
            log.warning(
                "the list of taken rights cannot be read", reason=f"{type(error).__name__}: {error}"
            )
            return
        # A read that began before another and ends after it may know less.
        if began >= self._read_at:
            self._read_at = began
            self._take({mark_of(row["client_id"]): row["epoch"] for row in rows})

    def _take(self, least: Mapping[str, int]) -> None:
        if least == self._least:
            return
        self._least, self._body = least, to_json({"epochs": dict(sorted(least.items()))})
        self.tag = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
