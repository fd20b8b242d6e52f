"""The public contract at run time, made of the gateway's own and of those that ship with it."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from gateway.contract.documents import Document, read_contracts
from gateway.contract.merge import merge, problem_types


class PublishedContract:
    """What GET /openapi.json answers; made when it is first asked for."""

    def __init__(self, own: Callable[[], Document], folder: Path) -> None:
        self._own = own
        self._folder = folder

    def written(self) -> bytes:
        """The document as JSON."""
        return self._made[0]

    def problem_types(self) -> Mapping[str, Any]:
        """The types of problems that the document names,
        with the status and description of each.
        """
        return self._made[1]

    @cached_property
    def _made(self) -> tuple[bytes, Mapping[str, Any]]:
        own, services = self._own(), read_contracts(self._folder)
        return to_json(merge(own, services)), problem_types([own, *services.values()])
