"""Offers as the API reads and shows them."""

from service_kit.words.fields import Id, Input, Line, Output, Timestamp, UnitPath

from contact_center.contact.offers import Offer
from contact_center.words import Channel, OfferState


class RejectionIn(Input):
    """Why the agent does not take it."""

    reason: Line | None = None


class OfferView(Output):
    """A contact reserved for one agent."""

    id: Id
    unit: UnitPath
    contact_id: Id
    agent_id: Id
    queue_id: Id | None
    channel: Channel
    state: OfferState
    made_at: Timestamp
    expires_at: Timestamp
    ended_at: Timestamp | None
    reason: Line | None


def offer_view(offer: Offer) -> OfferView:
    fields = {name: getattr(offer, name) for name in OfferView.model_fields if name != "state"}
    return OfferView(**fields, state=offer.state.value)
