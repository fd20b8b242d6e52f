"""The public contract at run time: from the files that ship with the release, else from the services themselves."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json
from service_kit.process.logs import logger

from gateway.contract.merge import ContractsCollide, Document, merge, problem_types, read_all
from gateway.proxy.routing import SERVICES
from gateway.proxy.upstream import Upstream, UpstreamFailed

log = logger(__name__)
FRESH_SECONDS = 30.0
FETCH_SECONDS = 2.0


class PublishedContract:
    """What GET /openapi.json answers; made when it is first asked for, and again while services were missing."""

    def __init__(self, own: Callable[[], Document], upstreams: Mapping[str, Upstream], folder: Path | None) -> None:
        self._own = own
        self._upstreams = upstreams
        self._folder = folder
        self._made: bytes | None = None
        self._problem_types: Mapping[str, Any] = {}
        self._is_whole = False
        self._made_at = -1e9

    async def written(self) -> bytes:
        """The document as JSON."""
        if self._made is None or (not self._is_whole and time.monotonic() - self._made_at > FRESH_SECONDS):
            documents = read_all(self._folder) if self._folder is not None else {}
            for name in SERVICES:
                if name not in documents and (document := await self._fetched(name)) is not None:
                    documents[name] = document
            self._made = to_json(self._merged(documents))
            self._problem_types = problem_types([self._own(), *documents.values()])
            self._is_whole = len(documents) == len(SERVICES)
            self._made_at = time.monotonic()
        return self._made

    async def problem_types(self) -> Mapping[str, Any]:
        """The types of problems that the document names, with the status and description of each."""
        await self.written()
        return self._problem_types

    def _merged(self, documents: Mapping[str, Document]) -> dict[str, Any]:
        try:
            return merge(self._own(), documents)
        except ContractsCollide as error:
            # A service of another release must not take the documentation of all others away.
            log.error("contracts collide", reason=str(error))
            return merge(self._own(), {})

    async def _fetched(self, name: str) -> Document | None:
        try:
            answer = await self._upstreams[name].ask("GET", "/openapi.json", [(b"host", b"gateway")], None, within=FETCH_SECONDS)
            try:
                body = b"".join([chunk async for chunk in answer.chunks()])
            finally:
                answer.release()
            document = from_json(body) if answer.status == 200 else None
        except (UpstreamFailed, ValueError):
            return None
        return document if isinstance(document, dict) and "paths" in document else None


def contracts_folder(named: str) -> Path | None:
    """The folder with the contracts: the one that is named, else `openapi` in a folder above the sources."""
    if named:
        return Path(named)
    return next((folder for parent in Path(__file__).parents if (folder := parent / "openapi").is_dir()), None)
