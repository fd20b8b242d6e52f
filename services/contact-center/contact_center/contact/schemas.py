"""Contacts as the API reads and shows them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from service_kit.words.fields import (
    Code,
    Id,
    Input,
    Line,
    Output,
    Patch,
    Seconds,
    Text,
    Timestamp,
    UnitPath,
)

from contact_center.contact.domain import Contact, allowed_moves
from contact_center.flow.domain import Visit
from contact_center.flow.nodes import Asking, Collect
from contact_center.words import (
    Address,
    Channel,
    ContactState,
    NodeName,
    Spoken,
    Stars,
    Transfers,
    Waited,
    absent,
)

Digits = Annotated[str, Field(max_length=32, pattern=r"^[0-9*#]{0,32}$", examples=["1"])]
DigitCount = Annotated[int, Field(ge=1, le=64, json_schema_extra={"format": "int32"})]


class NewContact(Input):
    """Somebody comes in: a call, a chat, a mail."""

    channel: Channel
    from_: Annotated[Address, Field(alias="from")]
    to: Address
    external_id: Line | None = None
    customer_id: Id | None = None
    language: Spoken | None = None


class InputsIn(Input):
    """What the caller pressed; empty when the time for digits ran out."""

    digits: Digits


class NothingMore(Input):
    """No further words are needed."""


class TransferToQueue(Input):
    """On to another queue."""

    queue_id: Id


class TransferToAgent(Input):
    """On to a named agent."""

    agent_id: Id


TransferIn = TransferToQueue | TransferToAgent


class CompletionIn(Input):
    """How it went."""

    wrap_up_code: Code | None = None
    notes: Text | None = None


class ContactPatch(Patch):
    """What turned out afterwards: who it is, in which language, what to note."""

    customer_id: Id | None = absent()
    language: Spoken | None = absent()
    notes: Text | None = absent()


class PendingOffer(Output):
    """The offer that stands."""

    id: Id
    agent_id: Id
    expires_at: Timestamp


class CollectOut(Output):
    """The digits that the platform shall collect now;
    silence is sent as empty digits after `timeout_seconds`.
    """

    min_digits: DigitCount
    max_digits: DigitCount
    timeout_seconds: Annotated[int, Field(ge=1, le=60, json_schema_extra={"format": "int32"})]


class NextStep(Output):
    """What the platform says and collects next."""

    say: Annotated[str, Field(max_length=50_000)]
    collect: CollectOut | None


class NodeVisit(Output):
    """A node that the contact came through; `seconds` is null for the one it is at."""

    node: NodeName
    kind: Annotated[str, Field(max_length=20)]
    at: Timestamp
    seconds: Waited | None


class ContactView(Output):
    """A contact."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: Id
    unit: UnitPath
    channel: Channel
    state: ContactState
    allowed_moves: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=10)]
    from_: Annotated[Annotated[str, Field(max_length=200)] | None, Field(alias="from")]
    to: Annotated[str, Field(max_length=200)]
    external_id: Annotated[str, Field(max_length=200)] | None
    entry_point_id: Id | None
    customer_id: Id | None
    tier: Stars | None
    key_contact: bool
    language: Spoken | None
    queue_id: Id | None
    offer: PendingOffer | None
    agent_id: Id | None
    next: NextStep | None
    nodes: Annotated[list[NodeVisit], Field(max_length=1_000)]
    waited_seconds: Seconds
    held_seconds: Waited
    transfers: Transfers
    arrived_at: Timestamp
    queued_at: Timestamp | None
    answered_at: Timestamp | None
    ended_at: Timestamp | None
    wrap_up_until: Timestamp | None
    completed_at: Timestamp | None
    wrap_up_code: Annotated[str, Field(max_length=64)] | None
    notes: Text | None


PLAIN = [
    name
    for name in ContactView.model_fields
    if name in Contact.__dataclass_fields__ and name not in {"state", "waited_seconds"}
]


def contact_view(
    contact: Contact, *, asking: Asking | None, language: str, at: datetime
) -> ContactView:
    """The contact as it stands at that moment;
    `asking` is the node of its flow that waits for digits.
    """
    fields: dict[str, Any] = {name: getattr(contact, name) for name in PLAIN}
    offer = None
    if (
        contact.offer_id is not None
        and contact.agent_id is not None
        and contact.offer_expires_at is not None
    ):
        offer = PendingOffer(
            id=contact.offer_id, agent_id=contact.agent_id, expires_at=contact.offer_expires_at
        )
    # What is stored was checked when it came in; a list of two hundred contacts is not checked
    # again on its way out.
    return ContactView.model_construct(
        **fields,
        from_=contact.from_address,
        to=contact.to_address,
        state=contact.state.value,
        allowed_moves=allowed_moves(contact.state),
        key_contact=contact.is_key_contact,
        offer=offer,
        next=next_step(contact, asking, language),
        nodes=[node_visit(visit) for visit in contact.journey.visits],
        waited_seconds=int(contact.waited(at)),
    )


def node_visit(visit: Visit) -> NodeVisit:
    return NodeVisit.model_construct(
        node=visit.node, kind=visit.kind, at=visit.at, seconds=visit.seconds
    )


def next_step(contact: Contact, asking: Asking | None, language: str) -> NextStep | None:
    """What was to be said at the last step of the flow, and what is asked for now."""
    says = contact.journey.says
    if asking is None and not says:
        return None
    spoken = contact.journey.language or contact.language or language
    collect = None
    if isinstance(asking, Collect):
        collect = CollectOut(
            min_digits=asking.min_digits,
            max_digits=asking.max_digits,
            timeout_seconds=asking.timeout_seconds,
        )
    elif asking is not None:
        lengths = [len(choice) for choice in asking.choices]
        collect = CollectOut(
            min_digits=min(lengths), max_digits=max(lengths), timeout_seconds=asking.timeout_seconds
        )
    return NextStep(say="\n".join(say.spoken(spoken) for say in says), collect=collect)
