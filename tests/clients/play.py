"""A customer, an order, a complaint and a contact,
by the client that openapi-python-client makes of the contract; without a cast.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from guanxi_client import AuthenticatedClient
from guanxi_client.api.complaints import acknowledge_complaint, record_complaint
from guanxi_client.api.contacts import create_contact
from guanxi_client.api.customers import create_customer, list_customers, read_customer
from guanxi_client.api.entry_points import create_entry_point
from guanxi_client.api.queues import create_queue
from guanxi_client.api.transactions import create_transaction
from guanxi_client.models import (
    Channel,
    EntryToQueue,
    EntryToQueueChannel,
    Kind,
    NewAcknowledgement,
    NewComplaint,
    NewContact,
    NewContactChannel,
    NewCustomer,
    NewQueue,
    NewQueueChannelsItem,
    NewTransaction,
    PhoneIn,
    Problem,
    Sum,
)

Data = TypeVar("Data")


def given(answer: Data | Problem | None) -> Data:
    """The answer, where it is none that says what went wrong."""
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(f"refused: {answer}")
    return answer


def play(api: AuthenticatedClient) -> str:
    """The story in short; what it came to."""
    person = NewCustomer(
        kind=Kind.INDIVIDUAL,
        name="陈建国",
        identifiers=[PhoneIn(type_="phone", value="+86 138 0013 8000")],
    )
    customer = given(
        create_customer.sync(client=api, body=person, idempotency_key='"python-client-1"')
    )
    paid = Sum(amount="198.00", currency="CNY")
    bought = NewTransaction(
        customer_id=customer.id, occurred_at=datetime.now(UTC) - timedelta(minutes=1), amount=paid
    )
    order = given(create_transaction.sync(client=api, body=bought))
    queue = given(
        create_queue.sync(
            client=api, body=NewQueue(name="Python client", channels=[NewQueueChannelsItem.VOICE])
        )
    )
    given(
        create_entry_point.sync(
            client=api,
            body=EntryToQueue(
                channel=EntryToQueueChannel.VOICE, address="95002", queue_id=queue.id
            ),
        )
    )
    call = NewContact(channel=NewContactChannel.VOICE, from_="+8613800138000", to="95002")
    contact = given(create_contact.sync(client=api, body=call))
    said = NewComplaint(
        customer_id=customer.id,
        contact_id=contact.id,
        channel=Channel.VOICE,
        title="The wrong edition came",
    )
    complaint = given(record_complaint.sync(client=api, body=said))
    taken_up = given(
        acknowledge_complaint.sync(
            complaint.id, client=api, body=NewAcknowledgement(message="We are on it.")
        )
    )
    found = given(list_customers.sync(client=api, q="陈建国", limit=10))
    read = given(read_customer.sync(customer.id, client=api))
    assert any(each.id == customer.id for each in found.items), "the customer is not found by name"
    assert taken_up.state.value != "received", "the complaint has not moved"
    return (
        f"customer {read.name}, order {order.amount.amount}, complaint {complaint.number}, contact"
        f" {contact.state.value}"
    )


if __name__ == "__main__":
    with AuthenticatedClient(
        base_url=os.environ["GUANXI_URL"], token=os.environ["GUANXI_TOKEN"]
    ) as client:
        print(f"Python: {play(client)}")
