"""What mypy sees of a call in each package, asserted for mypy alone:
were a part or a setting Any again, `make types` would fail.
"""

from typing import Annotated, assert_type

import complaints.call
import contact_center.call
import customer_profile.call
import gateway.call
import scoring.call
from complaints.letter.printer import Printer
from complaints.settings import Settings as ComplaintsSettings
from contact_center.settings import Settings as ContactCenterSettings
from contact_center.stream.tail import Tail
from customer_profile.identifier.domain import Vault
from customer_profile.settings import Settings as CustomerProfileSettings
from fastapi import Response
from gateway.settings import Settings as GatewaySettings
from gateway.signing_key.ring import KeyRing
from scoring.customer.acquaintance import CustomerFile
from scoring.settings import Settings as ScoringSettings
from service_kit.access.caller import Caller
from service_kit.process.settings import ServiceSettings
from service_kit.store.database import Database
from service_kit.web.call import Call
from service_kit.web.routing import Router, requires

router = Router(tags=["typed"])


def of_complaints(call: complaints.call.Call) -> None:
    assert_type(call.settings, ComplaintsSettings)
    assert_type(call.settings.letter_seconds, float)
    assert_type(call.part(Printer), Printer)


def of_contact_center(call: contact_center.call.Call) -> None:
    assert_type(call.settings, ContactCenterSettings)
    assert_type(call.part(Tail), Tail)


def of_customer_profile(call: customer_profile.call.Call) -> None:
    assert_type(call.settings, CustomerProfileSettings)
    assert_type(call.part(Vault), Vault)


def of_gateway(call: gateway.call.Call) -> None:
    assert_type(call.settings, GatewaySettings)
    assert_type(call.part(KeyRing), KeyRing)


def of_scoring(call: scoring.call.Call) -> None:
    assert_type(call.settings, ScoringSettings)
    assert_type(call.part(CustomerFile), CustomerFile)


@router.get("/v1/typed")
async def read_typed(call: Annotated[Call, requires("typed:read")]) -> Response:
    """A decorated route keeps its type, and its call is no Any."""
    assert_type(call.settings, ServiceSettings)
    assert_type(call.database, Database)
    assert_type(call.caller, Caller)
    return call.nothing()


async def calling(call: Call) -> None:
    assert_type(await read_typed(call=call), Response)
