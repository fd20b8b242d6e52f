"""The operations on transactions."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from service_kit.access.client import NeighborUnavailable
from service_kit.access.units import units_of
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import Conflict
from service_kit.words.fields import Id

from scoring.amounts import in_units
from scoring.call import Call
from scoring.company_day import zone_of
from scoring.customer.acquaintance import NOT_ACQUAINTED, CustomerFile, acquainted
from scoring.score.rescoring import Rescoring
from scoring.transaction import use_cases
from scoring.transaction.domain import (
    CostInAnotherCurrency,
    TooManyCurrencies,
    Transaction,
    TransactionExists,
    TransactionIsVoided,
    TransactionLiesAhead,
    TransactionNotFound,
)
from scoring.transaction.schemas import (
    BatchOutcome,
    Correction,
    NewTransaction,
    Rejected,
    TransactionBatch,
    TransactionView,
    Voiding,
    rejected_view,
    transaction_view,
)
from scoring.transaction.store import TransactionReader, TransactionStore

router = Router(tags=["transactions"])


@router.post(
    "/v1/transactions",
    status_code=201,
    response_model=TransactionView,
    raises=[
        *NOT_ACQUAINTED,
        TransactionExists,
        TransactionLiesAhead,
        CostInAnotherCurrency,
        TooManyCurrencies,
    ],
)
async def create_transaction(
    body: NewTransaction, call: Annotated[Call, requires("transactions:write")]
) -> Response:
    """Record an order or a refund.

    The customer's scores follow at once. Orders of one customer on one day of the company's time
    zone count as one order day. A refund is no order: it lowers the net value. An external id that
    is taken is 409 and names the transaction that has it.
    """
    transaction = body.transaction(id=call.new_id(), at=call.at, zone=zone_of(call))
    customers = await acquainted(
        call.database, call.part(CustomerFile), [body.customer_id], call.caller
    )
    async with call.transaction() as tx:
        recorded = await use_cases.record(
            TransactionStore(tx, units_of(call.caller)),
            Rescoring(tx),
            transaction,
            customers,
            at=call.at,
        )
        return call.created(
            transaction_view(recorded),
            location=f"/v1/transactions/{recorded.id}",
            version=recorded.version,
        )


@router.post(
    "/v1/transactions/batch",
    status_code=200,
    response_model=BatchOutcome,
    raises=[NeighborUnavailable],
)
async def create_transactions(
    body: TransactionBatch, call: Annotated[Call, requires("transactions:write")]
) -> Response:
    """Record up to 1,000 transactions.

    Items whose external id was seen before are counted as duplicates; those whose customer there is
    not, whose facts contradict each other, or which would give a customer more than forty
    currencies, are listed as rejected. All others are recorded together.
    """
    transactions, rejected = _readable(body, call)
    customers = await acquainted(
        call.database,
        call.part(CustomerFile),
        list({each.customer_id for each in transactions.values()}),
        call.caller,
    )
    async with call.transaction() as tx:
        store = TransactionStore(tx, units_of(call.caller))
        outcome = await use_cases.record_all(
            store, Rescoring(tx), list(transactions.values()), customers, at=call.at
        )
        places = list(transactions)
        rejected += [
            rejected_view(places[each], refusal, call.spoken)
            for each, refusal in outcome.rejected.items()
        ]
        view = BatchOutcome(
            accepted=len(outcome.accepted),
            duplicates=outcome.duplicates,
            rejected=sorted(rejected, key=lambda each: each.index),
        )
        answer = call.answer(view, units=[each.unit for each in customers.values()])
    call.database.signals.wake("rescoring")
    return answer


def _readable(body: TransactionBatch, call: Call) -> tuple[dict[int, Transaction], list[Rejected]]:
    transactions, rejected = {}, []
    for index, item in enumerate(body.items):
        try:
            transactions[index] = item.transaction(id=call.new_id(), at=call.at, zone=zone_of(call))
        except Conflict as refusal:
            rejected.append(rejected_view(index, refusal, call.spoken))
    return transactions, rejected


@router.get(
    "/v1/transactions/{transaction_id:uuid}",
    response_model=TransactionView,
    raises=[TransactionNotFound],
)
async def read_transaction(
    transaction_id: Id, call: Annotated[Call, requires("transactions:read")]
) -> Response:
    """Read a transaction."""
    async with call.reading() as reader:
        found, _ = await TransactionReader(reader, units_of(call.caller)).find(transaction_id)
    return call.answer(transaction_view(found), version=found.version)


@router.get("/v1/transactions", response_model=Page[TransactionView])
async def list_transactions(
    call: Annotated[Call, requires("transactions:read")],
    page: Annotated[PageOf, Depends()],
    customer_id: Annotated[Id, Query(description="Whose transactions.")],
) -> Response:
    """List the transactions of a customer, newest first."""
    async with call.reading() as reader:
        found = await TransactionReader(reader, units_of(call.caller)).of_customer(
            customer_id, after=page.after, limit=page.fetch
        )
    return call.page(
        page,
        [transaction_view(each) for each in found],
        next_cursor=page.next_cursor(found, "occurred_at", "id"),
    )


@router.post(
    "/v1/transactions/{transaction_id:uuid}/correction",
    status_code=200,
    response_model=TransactionView,
    raises=[TransactionNotFound, TransactionIsVoided, TransactionLiesAhead],
)
async def correct_transaction(
    transaction_id: Id, body: Correction, call: Annotated[Call, requires("transactions:write")]
) -> Response:
    """Correct a transaction that was recorded wrongly.

    Statistics and scores are those of the corrected transaction; the audit keeps what stood there
    before, and the reason.
    """
    async with call.transaction() as tx:
        transactions = TransactionStore(tx, units_of(call.caller))
        before, unit = await _to_change(transactions, transaction_id, call)
        after = before.corrected(
            amount=before.amount if body.amount is None else in_units(Decimal(body.amount)),
            cost=before.cost if body.cost is None else in_units(Decimal(body.cost)),
            kind=body.kind or before.kind,
            occurred_at=body.occurred_at or before.occurred_at,
            zone=zone_of(call),
            at=call.at,
        )
        await use_cases.change(
            transactions, Rescoring(tx), before, after, unit=unit, at=call.at, reason=body.reason
        )
        return call.answer(transaction_view(after), version=after.version)


@router.post(
    "/v1/transactions/{transaction_id:uuid}/voiding",
    status_code=200,
    response_model=TransactionView,
    raises=[TransactionNotFound, TransactionIsVoided],
)
async def void_transaction(
    transaction_id: Id, body: Voiding, call: Annotated[Call, requires("transactions:write")]
) -> Response:
    """Take back a transaction that never was, such as a test order;
    it stays in the list, marked, and counts no more.
    """
    async with call.transaction() as tx:
        transactions = TransactionStore(tx, units_of(call.caller))
        before, unit = await _to_change(transactions, transaction_id, call)
        after = before.voided()
        await use_cases.change(
            transactions, Rescoring(tx), before, after, unit=unit, at=call.at, reason=body.reason
        )
        return call.answer(transaction_view(after), version=after.version)


async def _to_change(
    transactions: TransactionStore, id: UUID, call: Call
) -> tuple[Transaction, str | None]:
    found = await transactions.find_to_change(id)
    call.honor_match(found[0].version)
    return found
