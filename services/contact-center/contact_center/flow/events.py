"""What is told of flows."""

from collections.abc import Mapping

from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output, Version

from contact_center.flow.domain import Flow


class FlowData(Output):
    """A flow was written or rewritten."""

    flow_id: Id
    version: Version


EVENTS: Mapping[str, type[Output]] = {
    "flow.created": FlowData,
    "flow.changed": FlowData,
}


def of_flow(type_: str, flow: Flow) -> Event:
    payload = {"flow_id": str(flow.id), "version": flow.version}
    return Event(type=type_, subject=flow.id, unit=flow.unit, at=flow.updated_at, payload=payload)
