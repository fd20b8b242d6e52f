"""The timeline as callers receive it."""

from typing import Annotated

from pydantic import Field
from service_kit.store.running import Record
from service_kit.words.fields import Id, Output, StoredJson, Timestamp

from customer_profile.timeline.domain import EntryKind
from customer_profile.timeline.labels import titled


class RefOut(Output):
    """What an entry shows: its resource in this service or another."""

    type: Annotated[str, Field(max_length=40)]
    id: Id


class EntryView(Output):
    """One moment of a customer's timeline."""

    id: Id
    occurred_at: Timestamp
    channel: Annotated[str, Field(max_length=20)]
    kind: EntryKind
    title: Annotated[str, Field(max_length=1_000)]
    details: StoredJson
    ref: RefOut


def entry_view(row: Record, language: str) -> EntryView:
    """An entry with its title in the reader's language.
    It was accepted when it was written: nothing in it is judged again.
    """
    return EntryView.model_construct(
        id=row["id"],
        occurred_at=row["occurred_at"],
        channel=row["channel"],
        kind=EntryKind(row["kind"]),
        title=(titled(row["label"], row["details"], language) if row["label"] else row["title"])[
            :1_000
        ],
        details=row["details"],
        ref=RefOut.model_construct(type=row["ref_type"], id=row["ref_id"]),
    )
