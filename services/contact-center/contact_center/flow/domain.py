"""A flow as a graph that can be trusted, and the walk of a contact through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from uuid import UUID

from service_kit.words.errors import Conflict, Fault, NotFound
from service_kit.words.messages import said

from contact_center.flow.nodes import (
    Asking,
    Check,
    Collect,
    HangUp,
    Hours,
    Menu,
    Node,
    Say,
    SetNeeds,
    ToQueue,
    Wording,
)
from contact_center.moments import passed

MOST_VISITS = 200


class FlowNotFound(NotFound):
    """There is no such flow, or it lies outside the units of this token."""


class FlowInconsistent(Conflict):
    """The nodes do not fit together; `errors` says where and why."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What the flow may know of the caller."""

    is_known: bool = False
    tier: int | None = None
    is_key_contact: bool = False
    open_complaints: int = 0
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A node that the contact came through;
    `seconds` is how long it stayed, open for the one it is at.
    """

    node: str
    kind: str
    at: datetime
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Journey:
    """Where a contact is in its flow, what it picked up on the way,
    and how the flow ended for it.
    """

    node: str = ""
    tries: int = 0
    visits: tuple[Visit, ...] = ()
    says: tuple[Wording, ...] = ()
    skills: Mapping[str, int] = field(default_factory=dict)
    priority_seconds: int = 0
    language: str | None = None
    collected: Mapping[str, str] = field(default_factory=dict)
    queue_id: UUID | None = None
    has_ended: bool = False

    def at_node(self, name: str, kind: str, *, at: datetime) -> "Journey":
        left = self.left(at=at)
        return replace(
            left, node=name, visits=(*left.visits, Visit(node=name, kind=kind, at=at, seconds=None))
        )

    def left(self, *, at: datetime) -> "Journey":
        """The journey with the time in its present node counted."""
        if not self.visits or self.visits[-1].seconds is not None:
            return self
        last = self.visits[-1]
        return replace(self, visits=(*self.visits[:-1], replace(last, seconds=passed(last.at, at))))


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A named graph of nodes with one start;
    `written` is the graph as its author wrote it, see `graph_faults` for what makes it sound.
    """

    id: UUID
    unit: str
    name: str
    start: str
    nodes: Mapping[str, Node]
    written: Mapping[str, object]
    version: int
    created_at: datetime
    updated_at: datetime

    def queue_ids(self) -> frozenset[UUID]:
        return frozenset(node.queue_id for node in self.nodes.values() if isinstance(node, ToQueue))

    def asking(self, journey: Journey) -> Asking | None:
        """The node that waits for the caller's digits."""
        node = self.nodes.get(journey.node)
        return node if isinstance(node, Collect | Menu) and not journey.has_ended else None


def checked(flow: Flow, *, known_queues: frozenset[UUID]) -> Flow:
    """The flow itself when its graph is sound.

    Raises FlowInconsistent with every fault found.
    """
    faults = graph_faults(flow.start, flow.nodes) + [
        Fault(f"/nodes/{name}/queue_id", "there is no such queue")
        for name, node in sorted(flow.nodes.items())
        if isinstance(node, ToQueue) and node.queue_id not in known_queues
    ]
    if faults:
        errors = [
            {"pointer": fault.pointer[:1000], "detail": fault.detail} for fault in faults[:50]
        ]
        raise FlowInconsistent(
            said("the flow has {count} faults", count=len(faults)), errors=errors
        )
    return flow


def graph_faults(start: str, nodes: Mapping[str, Node]) -> list[Fault]:
    """Missing targets first;
    only of a complete graph it is said what cannot be reached, never ends or goes round in itself.
    """
    faults = _missing(start, nodes)
    if faults:
        return faults
    reached = _reached(nodes, start)
    faults += [
        Fault(f"/nodes/{name}", "no way leads from the start to this node")
        for name in sorted(nodes.keys() - reached)
    ]
    ending = _ending(nodes)
    faults += [
        Fault(f"/nodes/{name}", "no way leads from this node to a queue or a hang-up")
        for name in sorted(reached - ending)
    ]
    faults += [
        Fault(f"/nodes/{name}", "goes round in itself without asking the caller")
        for name in _self_feeding(nodes)
    ]
    return faults


def _missing(start: str, nodes: Mapping[str, Node]) -> list[Fault]:
    faults = [] if start in nodes else [Fault("/start", "there is no node of this name")]
    for name, node in sorted(nodes.items()):
        faults += [
            Fault(f"/nodes/{name}/{place}", "there is no node of this name")
            for place, to in node.exits()
            if to not in nodes
        ]
        if isinstance(node, Collect) and node.min_digits > node.max_digits:
            faults.append(Fault(f"/nodes/{name}/min_digits", "is larger than max_digits"))
    return faults


def _targets(node: Node) -> set[str]:
    return {target for _, target in node.exits()}


def _reached(nodes: Mapping[str, Node], start: str) -> set[str]:
    reached, pending = {start}, [start]
    while pending:
        fresh = _targets(nodes[pending.pop()]) - reached
        reached |= fresh
        pending += fresh
    return reached


def _ending(nodes: Mapping[str, Node]) -> set[str]:
    """The nodes from which some way leads to an end."""
    leading: dict[str, set[str]] = {name: set() for name in nodes}
    for name, node in nodes.items():
        for target in _targets(node):
            leading[target].add(name)
    ending = {name for name, node in nodes.items() if isinstance(node, ToQueue | HangUp)}
    pending = list(ending)
    while pending:
        fresh = leading[pending.pop()] - ending
        ending |= fresh
        pending += fresh
    return ending


def _self_feeding(nodes: Mapping[str, Node]) -> list[str]:
    """Nodes on rings that no question interrupts:
    peel off what leads nowhere or comes from nowhere until only rings are left.
    """
    left = {
        name: _targets(node) for name, node in nodes.items() if not isinstance(node, Collect | Menu)
    }
    while True:
        entered = set().union(*left.values())
        peeled = [
            name
            for name, targets in left.items()
            if not targets & left.keys() or name not in entered
        ]
        if not peeled:
            return sorted(left)
        for name in peeled:
            del left[name]


@dataclass(frozen=True)
class Walk:
    """Takes a contact through a flow: to the next question, a queue or the end."""

    flow: Flow
    caller: Caller
    zone: tzinfo

    def begin(self, journey: Journey, *, at: datetime) -> Journey:
        """From the start to the first question or the end."""
        return self._go(replace(journey, says=()), self.flow.start, at=at)

    def answer(self, journey: Journey, digits: str, *, at: datetime) -> Journey:
        """On from the question that the contact is at;
        no digits means that the time for them ran out.
        """
        node = self.flow.nodes[journey.node]
        heard = replace(journey, says=())
        if isinstance(node, Menu) and digits in node.choices:
            return self._go(heard, node.choices[digits], at=at)
        if isinstance(node, Collect) and node.min_digits <= len(digits) <= node.max_digits:
            return self._go(
                replace(heard, collected={**heard.collected, node.name: digits}), node.next, at=at
            )
        assert isinstance(node, Collect | Menu), "a contact waits at a question only"
        if journey.tries + 1 < node.tries:
            return replace(heard, tries=journey.tries + 1, says=(node.text,))
        return self._go(heard, node.otherwise, at=at)

    def _go(self, journey: Journey, name: str, *, at: datetime) -> Journey:
        journey = replace(journey, tries=0)
        while len(journey.visits) < MOST_VISITS:
            node = self.flow.nodes[name]
            journey = self._entered(journey.at_node(name, node.kind, at=at), node)
            if isinstance(node, Collect | Menu):
                return journey
            if isinstance(node, ToQueue | HangUp):
                return replace(journey.left(at=at), has_ended=True)
            name = self._onward(node, at=at)
        return self._cut_short(journey, at=at)

    def _cut_short(self, journey: Journey, *, at: datetime) -> Journey:
        """Whoever went round too often is brought to the first queue of the flow,
        by name of its node.
        """
        queues: Sequence[UUID] = [
            node.queue_id
            for _, node in sorted(self.flow.nodes.items())
            if isinstance(node, ToQueue)
        ]
        return replace(journey.left(at=at), has_ended=True, queue_id=next(iter(queues), None))

    def _entered(self, journey: Journey, node: Node) -> Journey:
        if isinstance(node, SetNeeds):
            levels = {
                name: max(level, journey.skills.get(name, 0)) for name, level in node.skills.items()
            }
            return replace(
                journey,
                skills={**journey.skills, **levels},
                priority_seconds=journey.priority_seconds + node.priority_seconds,
                language=node.language or journey.language,
            )
        if isinstance(node, ToQueue):
            return replace(journey, queue_id=node.queue_id)
        if isinstance(node, Say | Collect | Menu | HangUp) and node.text is not None:
            return replace(journey, says=(*journey.says, node.text))
        return journey

    def _onward(self, node: Say | Hours | SetNeeds | Check, *, at: datetime) -> str:
        if isinstance(node, Hours):
            return node.open if node.is_open(at.astimezone(self.zone)) else node.closed
        if isinstance(node, Check):
            return node.then if self._holds(node) else node.otherwise
        return node.next

    def _holds(self, node: Check) -> bool:
        caller = self.caller
        answers = (
            node.tier_min is None or (caller.tier or 0) >= node.tier_min,
            node.is_known is None or caller.is_known is node.is_known,
            node.is_key_contact is None or caller.is_key_contact is node.is_key_contact,
            node.has_open_complaint is None
            or (caller.open_complaints > 0) is node.has_open_complaint,
            node.tag is None or node.tag in caller.tags,
        )
        return all(answers)
