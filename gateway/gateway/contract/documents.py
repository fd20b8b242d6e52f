"""The contracts that ship with the gateway (setting `openapi_dir`),
and what it takes from them beside the paths.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from service_kit.access.event_scopes import FamilyScopes, family_of

from gateway.services import SERVICES

Document = Mapping[str, Any]
EVENT_STREAM = "text/event-stream"


class ContractMissing(Exception):
    """Without a service's contract nothing would be led to it:
    it belongs into the folder that GUANXI_OPENAPI_DIR names.
    """


def contracts_folder(named: str) -> Path:
    """The folder with the contracts:
    the one that is named, else `openapi` in a folder above the sources.
    """
    found = (folder for parent in Path(__file__).parents if (folder := parent / "openapi").is_dir())
    return Path(named) if named else next(found, Path("openapi"))


def read_contracts(folder: Path) -> dict[str, Document]:
    """The services' contracts that lie in a folder, by service;
    before they are written for the first time there are none.
    """
    return {
        name: from_json(file.read_bytes())
        for name in SERVICES
        if (file := folder / f"{name}.json").is_file()
    }


async def require_all(contracts: Collection[str], folder: Path) -> None:
    """For the start of a process:
    a gateway that is composed to write its contract may be the first to do so.
    """
    missing = [name for name in SERVICES if name not in contracts]
    if missing:
        raise ContractMissing(f"there is no contract of {', '.join(missing)} in {folder}")


def is_event_stream(operation: Mapping[str, Any]) -> bool:
    return any(
        EVENT_STREAM in response.get("content", {}) for response in operation["responses"].values()
    )


def streams_in(documents: Iterable[Document]) -> re.Pattern[str]:
    """Matches the paths that answer with server-sent events; they alone are opened with tickets."""
    paths = [
        path
        for each in documents
        for path, item in each["paths"].items()
        if is_event_stream(item.get("get", {"responses": {}}))
    ]
    return re.compile("|".join(re.sub(r"\{.*?\}", "[^/]+", path) for path in paths))


def event_scopes_in(documents: Iterable[Document]) -> FamilyScopes:
    """The families of events that are told, each with the scopes of reading what it tells of."""
    found: dict[str, tuple[str, ...]] = {}
    for document in documents:
        for event_type, hook in document["webhooks"].items():
            known = found.get(family_of(event_type), ())
            found[family_of(event_type)] = tuple(dict.fromkeys([*known, *hook["post"]["x-scopes"]]))
    return found
