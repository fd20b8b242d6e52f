"""What is told of flows."""

from service_kit.store.events import Event, Told
from service_kit.words.fields import Id, Version

from contact_center.flow.domain import Flow


class FlowTold(Event):
    """A flow was written or rewritten."""

    flow_id: Id
    version: Version

    @classmethod
    def of(cls, flow: Flow) -> Told:
        told = cls(flow_id=flow.id, version=flow.version)
        return told.about(flow.id, unit=flow.unit, at=flow.updated_at)


class FlowCreated(FlowTold, type="flow.created"):
    """A flow was written."""


class FlowChanged(FlowTold, type="flow.changed"):
    """A flow was rewritten."""
