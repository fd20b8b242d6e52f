"""The answer to the customer over HTTP, and its letters."""

from typing import Annotated, Any
from uuid import UUID

from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id
from starlette.responses import Response

from complaints.approval.domain import Books, Hand
from complaints.call import Call
from complaints.case import records
from complaints.case.domain import Complaint, ComplaintNotFound, MoveNotAllowed, Step
from complaints.case.letters import letters_of
from complaints.case.move_routes import PATH, REFUSALS, move_within
from complaints.case.schemas import NewResponse
from complaints.case.store import CaseReader
from complaints.case.use_cases import Take
from complaints.case.views import ComplaintView, complaint_view
from complaints.course.domain import DUTY_OF, Move
from complaints.customer.domain import Customers
from complaints.letter.addressee import Addressee, addressee
from complaints.letter.document import Matter
from complaints.letter.domain import (
    LetterErased,
    LetterNotFound,
    LetterTooSlow,
    Printed,
    RecipientNotKnown,
    RecipientUnknown,
)
from complaints.letter.printer import Printer
from complaints.letter.store import LetterReader, LetterStore

router = Router(tags=["complaints"])
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class _Draft:
    """A letter printed before the transaction that sends it:
    for which step of which case, and to whom.
    """

    def __init__(self, printed: Printed, to: Addressee, steps: int) -> None:
        self.printed = printed
        self.to = to
        self.steps = steps


@router.post(
    f"{PATH}/response",
    response_model=ComplaintView,
    raises=(*REFUSALS, LetterTooSlow, RecipientNotKnown, RecipientUnknown),
)
async def respond_to_complaint(
    complaint_id: Id,
    body: NewResponse,
    call: Annotated[Call, requires(DUTY_OF[Move.RESPONSE].scope)],
) -> Response:
    """Give the final answer: a letter as PDF and DOCX is printed and kept.

    `letters` of the complaint says where both are read. It names the customer and speaks Chinese to
    whoever speaks any Chinese, English to all others, unless `recipient` and `language` say
    otherwise. While customer-profile cannot be asked, the letter goes by what the case keeps of its
    customer, and `degraded` says so; where it keeps nothing, the letter is refused.
    """
    draft = await _drafted(call, complaint_id, body)
    async with call.transaction() as tx:
        letter_id = call.new_id()
        case = await move_within(call, tx, complaint_id, _sending(draft, letter_id, body, call))
        # A case that takes no response has been refused by now, so that there is a draft.
        assert draft is not None
        await LetterStore(tx).add(
            draft.printed,
            id=letter_id,
            complaint_id=complaint_id,
            language=draft.to.language,
            channel=str(body.channel),
            written_at=call.at,
        )
        letters = await letters_of(tx, [complaint_id])
        view = complaint_view(case, letters[complaint_id], is_degraded=draft.to.is_from_memory)
        return call.answer(view, version=case.complaint.version)


async def _drafted(call: Call, complaint_id: UUID, body: NewResponse) -> _Draft | None:
    """The letter; None for a case that takes no response now, which the transaction will refuse,
    or answer from its key.
    """
    async with call.reading() as reader:
        cases = CaseReader(reader, call.caller)
        try:
            complaint = (await cases.find(complaint_id)).complaint
            complaint.check(Move.RESPONSE)
            call.honor_match(complaint.version)
        except (ComplaintNotFound, MoveNotAllowed):
            return None
        validity = await cases.last_record(complaint_id, Move.VALIDITY)
    to = await _addressee(call, complaint, body)
    printer = call.part(Printer)
    company, time_zone = call.settings.company_name, call.settings.time_zone
    matter = Matter.of(
        complaint, validity, customer=to.name, company=company, time_zone=time_zone, at=call.at
    )
    return _Draft(await printer.print(matter, to.language), to, complaint.steps)


async def _addressee(call: Call, complaint: Complaint, body: NewResponse) -> Addressee:
    customers = call.part(Customers)
    asked = await customers.ask(complaint.report.customer_id)
    default = call.settings.language
    return addressee(
        asked, complaint.recipient, name=body.recipient, language=body.language, default=default
    )


def _sending(draft: _Draft | None, letter_id: UUID, body: NewResponse, call: Call) -> Take:
    def take(complaint: Complaint, _: Books) -> tuple[Complaint, Step]:
        complaint.check(Move.RESPONSE)
        if draft is None or complaint.steps != draft.steps:
            # The case moved between the print and this transaction: everything runs again, the
            # print included.
            raise TransactionRolledBack("the case moved while its letter was printed")
        record = records.Response(
            language=draft.to.language, channel=body.channel, letter_id=letter_id
        )
        return complaint.respond(record, by=Hand.of(call.caller), at=call.at)

    return take


def _file(kind: str, description: str) -> dict[int, dict[str, Any]]:
    schema = {"type": "string", "format": "binary", "maxLength": 50_000_000}
    return {200: {"description": description, "content": {kind: {"schema": schema}}}}


@router.get(
    f"{PATH}/letters/{{letter_id}}/pdf",
    response_class=Response,
    responses=_file(PDF, "The letter."),
    raises=[LetterNotFound, LetterErased],
)
async def read_letter_as_pdf(
    complaint_id: Id, letter_id: Id, call: Annotated[Call, requires("complaints:read")]
) -> Response:
    """Download a letter as PDF."""
    return await _read(call, complaint_id, letter_id, form="pdf", kind=PDF)


@router.get(
    f"{PATH}/letters/{{letter_id}}/docx",
    response_class=Response,
    responses=_file(DOCX, "The letter."),
    raises=[LetterNotFound, LetterErased],
)
async def read_letter_as_docx(
    complaint_id: Id, letter_id: Id, call: Annotated[Call, requires("complaints:read")]
) -> Response:
    """Download a letter as DOCX, to be edited before it is sent."""
    return await _read(call, complaint_id, letter_id, form="docx", kind=DOCX)


async def _read(
    call: Call, complaint_id: UUID, letter_id: UUID, *, form: str, kind: str
) -> Response:
    async with call.reading() as reader:
        row = await LetterReader(reader, call.caller).find(complaint_id, letter_id, form)
    if row["page"] is None:
        raise LetterErased
    name = f"{row['number']}-{row['language']}.{form}"
    return Response(
        row["page"],
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
