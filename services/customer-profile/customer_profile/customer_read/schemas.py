"""Questions for many files, and their answers."""

from typing import Annotated, Literal

from pydantic import Field
from service_kit.words.fields import Id, Input, Output, Timestamp

from customer_profile.contact_person.schemas import ContactPersonView
from customer_profile.customer.schemas import CustomerView

MOST_READ = 1_000
MOST_PEOPLE = 200


class CustomerRead(Input):
    """Whose files are asked for, and whether with their contact persons."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_READ)]
    include: Annotated[
        list[Literal["contact_persons"]],
        Field(
            max_length=1,
            default_factory=list,
            description="`contact_persons` adds the people of each customer.",
        ),
    ]


class FileRead(CustomerView):
    """A customer's file and the first of its people, if they were asked for."""

    contact_persons: Annotated[list[ContactPersonView] | None, Field(max_length=MOST_PEOPLE)]
    has_more_contact_persons: Annotated[
        bool, Field(description="Whether there are others: list them by the customer.")
    ]


class CustomerReadView(Output):
    """The files, the ids without one, and when this was so: a later `read_at` is a newer state."""

    items: Annotated[list[FileRead], Field(max_length=MOST_READ)]
    missing: Annotated[list[Id], Field(max_length=MOST_READ)]
    read_at: Timestamp
