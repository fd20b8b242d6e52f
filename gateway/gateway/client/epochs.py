"""The list of clients that lost rights lately, by which every service refuses the tokens that were made before."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pydantic_core import to_json
from service_kit.database import Database
from service_kit.epochs import OUTAGES, POLL_SECONDS, mark_of
from service_kit.tokens import LONGEST_LIFE_SECONDS
from sqlalchemy import bindparam, select

from gateway.tables import client_standing

# Who lost rights longer ago has no token of that time any more.
LISTED_FOR = timedelta(seconds=LONGEST_LIFE_SECONDS) + timedelta(hours=1)
LATELY = select(client_standing.c.client_id, client_standing.c.epoch).where(client_standing.c.changed_at > bindparam("since"))


class OwnEpochs:
    """The list as this replica serves it and goes by it itself: read every second, and at once where rights are taken here."""

    name = "token-epochs"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._database: Database | None = None
        self._clock = clock
        self.least: Mapping[str, int] = {}
        self.body = b""
        self.tag = ""
        self._take({})

    def attach(self, database: Database) -> None:
        """The database comes after: whoever makes it needs this list first."""
        self._database = database

    async def run(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(POLL_SECONDS)

    async def refresh(self) -> None:
        assert self._database is not None, "attached by the composition root"
        try:
            async with self._database.reading() as reader:
                rows = await reader.fetch(LATELY, since=self._clock() - LISTED_FOR)
        except OUTAGES:
            # The list as it was holds on.
            return
        least = {mark_of(row["client_id"]): row["epoch"] for row in rows}
        if least != self.least:
            self._take(least)

    def _take(self, least: Mapping[str, int]) -> None:
        self.least, self.body = least, to_json({"epochs": dict(sorted(least.items()))})
        self.tag = f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'
