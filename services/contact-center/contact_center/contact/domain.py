"""A contact, its course as one table of moves, and what each move makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound
from service_kit.words.moves import Moves

from contact_center.contact.offers import OfferEnd, OfferState
from contact_center.flow.domain import Journey
from contact_center.moments import passed

DECLINED_FOR = timedelta(seconds=30)
"""How long the agent who did not take a contact goes after all others:
spared for a second, then asked where nobody else can take it.
"""
PASSED_ON_FOR = timedelta(seconds=59)
"""The same for the agent who passes a contact on, who is spared for half of it."""
LONGEST_SILENCE = timedelta(minutes=10)
"""A contact whose flow hears nothing for so long has been left."""


class State(StrEnum):
    IN_FLOW = "in_flow"
    QUEUED = "queued"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    ON_HOLD = "on_hold"
    WRAPPING = "wrapping"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


class Move(StrEnum):
    """Those that callers ask for are sub-resources of the contact;
    the others happen by themselves.
    """

    INPUTS = "inputs"
    HANG_UP = "hang_up"
    QUEUEING = "queueing"
    OFFERING = "offering"
    ACCEPTANCE = "acceptance"
    RETURN = "return"
    ABANDONMENT = "abandonment"
    HOLD = "hold"
    RESUMPTION = "resumption"
    TRANSFER = "transfer"
    WRAP_UP = "wrap_up"
    COMPLETION = "completion"


class ContactMoveNotAllowed(Conflict):
    """The contact is not in a state for this move; `allowed_moves` says what it allows now."""


@dataclass(frozen=True)
class Way:
    """One line of the table."""

    move: Move
    states: tuple[State, ...]
    to: State
    event: str
    is_asked: bool


def _way(
    move: Move, states: tuple[State, ...], to: State, event: str, *, is_asked: bool = False
) -> Way:
    return Way(move, states, to, f"contact.{event}", is_asked)


S, M = State, Move
TABLE = Moves(
    _way(M.INPUTS, (S.IN_FLOW,), S.IN_FLOW, "in_flow", is_asked=True),
    _way(M.HANG_UP, (S.IN_FLOW,), S.COMPLETED, "completed"),
    _way(M.QUEUEING, (S.IN_FLOW,), S.QUEUED, "queued"),
    _way(M.OFFERING, (S.QUEUED,), S.OFFERED, "offered"),
    _way(M.ACCEPTANCE, (S.OFFERED,), S.ASSIGNED, "assigned"),
    _way(M.RETURN, (S.OFFERED,), S.QUEUED, "queued"),
    _way(M.ABANDONMENT, (S.IN_FLOW, S.QUEUED, S.OFFERED), S.ABANDONED, "abandoned", is_asked=True),
    _way(M.HOLD, (S.ASSIGNED,), S.ON_HOLD, "on_hold", is_asked=True),
    _way(M.RESUMPTION, (S.ON_HOLD,), S.ASSIGNED, "resumed", is_asked=True),
    _way(M.TRANSFER, (S.ASSIGNED, S.ON_HOLD), S.QUEUED, "transferred", is_asked=True),
    _way(M.WRAP_UP, (S.ASSIGNED, S.ON_HOLD), S.WRAPPING, "wrapping"),
    _way(
        M.COMPLETION, (S.ASSIGNED, S.ON_HOLD, S.WRAPPING), S.COMPLETED, "completed", is_asked=True
    ),
)


def way(state: State, move: Move) -> Way:
    """The line of the table for this move.

    Raises ContactMoveNotAllowed when it does not start in this state.
    """
    if (state, move) not in TABLE:
        detail = (
            f"{move.value.replace('_', ' ')} is not possible while the contact is"
            f" {state.value.replace('_', ' ')}"
        )
        raise ContactMoveNotAllowed(detail, state=state.value, allowed_moves=allowed_moves(state))
    return TABLE[state, move]


def allowed_moves(state: State) -> list[str]:
    """What may be asked for in this state."""
    return [way.move.value for way in TABLE.leading_from(state) if way.is_asked]


IN_HAND = frozenset({State.OFFERED, State.ASSIGNED, State.ON_HOLD, State.WRAPPING})


class ContactNotFound(NotFound):
    """There is no such contact, or it lies outside the units of this token."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What is told of a move: its event, and how a pending offer ended through it."""

    type: str
    offer_end: OfferEnd | None = None
    extras: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """One piece of work on one channel; it begins at version 0, in no flow yet, and its first move
    makes it version 1.

    `waiting_since` lies before `queued_at` by what was waited in earlier queues.
    """

    id: UUID
    unit: str
    channel: str
    state: State = State.IN_FLOW
    from_address: str | None
    to_address: str
    external_id: str | None = None
    entry_point_id: UUID | None = None
    customer_id: UUID | None = None
    tier: int | None = None
    is_key_contact: bool = False
    language: str | None = None
    flow_id: UUID | None = None
    flow_version: int | None = None
    journey: Journey = field(default_factory=Journey)
    queue_id: UUID | None = None
    arrived_at: datetime
    queued_at: datetime | None = None
    waiting_since: datetime | None = None
    waited_seconds: float = 0.0
    target_agent_id: UUID | None = None
    dedicated_agent_id: UUID | None = None
    last_agent_id: UUID | None = None
    declined: Mapping[UUID, datetime] = field(default_factory=dict)
    offer_id: UUID | None = None
    agent_id: UUID | None = None
    offer_expires_at: datetime | None = None
    answered_at: datetime | None = None
    held_at: datetime | None = None
    held_seconds: float = 0.0
    transfers: int = 0
    ended_at: datetime | None = None
    wrap_up_until: datetime | None = None
    completed_at: datetime | None = None
    wrap_up_code: str | None = None
    notes: str | None = None
    version: int = 0

    @property
    def is_waiting(self) -> bool:
        return self.state in (State.QUEUED, State.OFFERED)

    @property
    def walks(self) -> tuple[UUID, int] | None:
        """The flow that it is in, and the version that it began with."""
        if self.flow_id is None or self.flow_version is None or self.state is not State.IN_FLOW:
            return None
        return self.flow_id, self.flow_version

    def is_in_hand_of(self, agent_id: UUID | None) -> bool:
        """Whether it is offered to this agent, or the agent is at it."""
        return agent_id is not None and agent_id == self.agent_id and self.state in IN_HAND

    def waited(self, at: datetime) -> float:
        """Seconds in queues so far; it grows only while the contact waits."""
        if self.is_waiting and self.waiting_since is not None:
            return passed(self.waiting_since, at)
        return self.waited_seconds

    def waited_in_queue(self, at: datetime) -> float:
        """Seconds in the present queue alone, for its own figures."""
        return 0.0 if self.queued_at is None else passed(self.queued_at, at)

    def walked(self, journey: Journey, *, at: datetime) -> tuple[Self, Happened]:
        """The contact after a step in its flow: at the next question, in a queue, or hung up on."""
        way(self.state, Move.INPUTS)
        here = replace(self, journey=journey, language=journey.language or self.language)
        if not journey.has_ended:
            return here._moved(Move.INPUTS)
        if journey.queue_id is not None:
            return here.queued(journey.queue_id, at=at)
        return here._moved(Move.HANG_UP, ended_at=at, completed_at=at)

    def queued(self, queue_id: UUID, *, at: datetime) -> tuple[Self, Happened]:
        """Into a queue; what was waited before counts on."""
        return self._moved(Move.QUEUEING, changes=self._entering(queue_id, at=at), declined={})

    def accepted(self, *, at: datetime) -> tuple[Self, Happened]:
        """The agent took the offer: they are connected."""
        return self._moved(
            Move.ACCEPTANCE,
            offer_end=OfferEnd(OfferState.ACCEPTED),
            offer_id=None,
            offer_expires_at=None,
            answered_at=self.answered_at or at,
            waited_seconds=self.waited(at),
            last_agent_id=self.agent_id,
            target_agent_id=None,
            declined={},
        )

    def returned(self, end: OfferEnd, *, at: datetime) -> tuple[Self, Happened]:
        """Back to the queue with the waiting time kept;
        who did not take it is not asked again for a while.
        """
        declined = {agent_id: until for agent_id, until in self.declined.items() if until > at}
        if self.agent_id is not None and end.state is not OfferState.WITHDRAWN:
            declined[self.agent_id] = at + DECLINED_FOR
        return self._moved(
            Move.RETURN,
            offer_end=end,
            offer_id=None,
            offer_expires_at=None,
            agent_id=None,
            declined=declined,
        )

    def abandoned(self, *, at: datetime, reason: str = "customer_left") -> tuple[Self, Happened]:
        """The customer left before anybody answered."""
        end = OfferEnd(OfferState.WITHDRAWN, reason) if self.state is State.OFFERED else None
        return self._moved(
            Move.ABANDONMENT,
            offer_end=end,
            offer_id=None,
            offer_expires_at=None,
            agent_id=None,
            waited_seconds=self.waited(at),
            journey=self.journey.left(at=at),
            ended_at=at,
            extras={"reason": reason},
        )

    def held(self, *, at: datetime) -> tuple[Self, Happened]:
        return self._moved(Move.HOLD, held_at=at)

    def resumed(self, *, at: datetime) -> tuple[Self, Happened]:
        return self._moved(Move.RESUMPTION, held_at=None, held_seconds=self._held(at))

    def transferred(
        self, *, at: datetime, queue_id: UUID, to_agent_id: UUID | None = None
    ) -> tuple[Self, Happened]:
        """On to another queue or to a named agent, and not back at once to the one who passes it
        on.

        The customer's waiting time goes along, the talking time does not count.
        """
        extras = {"from_agent_id": None if self.agent_id is None else str(self.agent_id)}
        return self._moved(
            Move.TRANSFER,
            extras=extras,
            changes=self._entering(queue_id, at=at),
            declined={} if self.agent_id is None else {self.agent_id: at + PASSED_ON_FOR},
            agent_id=None,
            target_agent_id=to_agent_id,
            last_agent_id=None,
            dedicated_agent_id=None,
            held_at=None,
            held_seconds=self._held(at),
            transfers=self.transfers + 1,
        )

    def ended(
        self,
        *,
        at: datetime,
        wrap_up_seconds: int,
        wrap_up_code: str | None = None,
        notes: str | None = None,
    ) -> tuple[Self, Happened]:
        """The conversation is over:
        the wrap-up time begins, or where it is on or there is none, the contact is completed.
        """
        noted = replace(
            self,
            wrap_up_code=wrap_up_code or self.wrap_up_code,
            notes=self.notes if notes is None else notes,
        )
        if self.state is State.WRAPPING or wrap_up_seconds == 0:
            return noted.completed(at=at)
        return noted._moved(
            Move.WRAP_UP,
            held_at=None,
            held_seconds=self._held(at),
            ended_at=at,
            wrap_up_until=at + timedelta(seconds=wrap_up_seconds),
        )

    def completed(self, *, at: datetime) -> tuple[Self, Happened]:
        """Nothing is left to do; the agent is free for the next one."""
        return self._moved(
            Move.COMPLETION,
            held_at=None,
            held_seconds=self._held(at),
            ended_at=self.ended_at or at,
            wrap_up_until=None,
            completed_at=at,
        )

    def described(self, fields: Mapping[str, object]) -> tuple[Self, Happened]:
        """The contact with other facts than it was taken for."""
        after = replace(self, version=self.version + 1, **fields)  # type: ignore[arg-type]  # The names are those of the fields.
        return after, Happened(type="contact.changed")

    def _entering(self, queue_id: UUID, *, at: datetime) -> dict[str, object]:
        return {
            "queue_id": queue_id,
            "queued_at": at,
            "waiting_since": at - timedelta(seconds=self.waited_seconds),
        }

    def _held(self, at: datetime) -> float:
        if self.held_at is None:
            return self.held_seconds
        return round(self.held_seconds + passed(self.held_at, at), 3)

    def _moved(
        self,
        move: Move,
        *,
        offer_end: OfferEnd | None = None,
        extras: Mapping[str, object] | None = None,
        changes: Mapping[str, object] | None = None,
        **others: object,
    ) -> tuple[Self, Happened]:
        taken = way(self.state, move)
        happened = Happened(type=taken.event, offer_end=offer_end, extras=extras or {})
        fields = {**(changes or {}), **others, "state": taken.to, "version": self.version + 1}
        return replace(self, **fields), happened  # type: ignore[arg-type]  # The names are those of the fields.
