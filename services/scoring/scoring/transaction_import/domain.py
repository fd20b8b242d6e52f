"""What an import of transactions was asked to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service_kit.words.errors import NotFound

KIND = "transaction_import"


class TransactionImportNotFound(NotFound):
    """There is no such import, or it lies outside what this token may see."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for: how customers are named, which column is what, whether to write."""

    filename: str
    sha256: str
    key: str
    currency: str
    mapping: Mapping[str, str]
    dry_run: bool
    units: Sequence[str] | None
    encoding: str = ""
