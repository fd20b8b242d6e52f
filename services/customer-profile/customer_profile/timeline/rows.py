"""Timeline entries as rows."""

from typing import Any

from customer_profile.timeline.domain import Entry


def row_of(entry: Entry) -> dict[str, Any]:
    return {
        "customer_id": entry.customer_id,
        "occurred_at": entry.occurred_at,
        "id": entry.id,
        "channel": entry.channel,
        "kind": entry.kind.value,
        "title": entry.title,
        "label": entry.label,
        "details": entry.details,
        "ref_type": entry.ref_type,
        "ref_id": entry.ref_id,
    }
