"""The directory takes in news batch by batch, from two lanes in any order."""

from uuid import UUID

from contact_center.customer.heard import CustomerChanged, CustomerCreated, CustomerErased
from contact_center.customer.news import CustomerNews
from contact_center.directory.digests import AddressDigests
from contact_center.testing import (
    GROUP,
    ZHANG,
    House,
    KnownFiles,
    a_file,
    news,
    told_of_customer,
    told_of_tier,
)
from service_kit.testing import Api


async def test_a_batch_of_news_makes_of_each_customer_what_its_own_news_would(api: Api) -> None:
    house = await House.opened(api)
    shared, own = "phone:+8613800138000", "phone:+8613900139000"
    files = [
        a_file(ZHANG, addresses=(shared, own)),
        a_file(GROUP, unit="cn.bj", tags=(), addresses=(shared,), key_contact_addresses=(shared,)),
    ]

    await told_of_customer(api, *files)
    await told_of_tier(api, GROUP, 5)

    assert (await house.call())["customer_id"] == str(GROUP)
    assert (await house.call(**{"from": "13900139000"}))["customer_id"] == str(ZHANG)
    row = await api.service.database._pool.fetchrow(
        "SELECT tags FROM contact_center.directory_customer WHERE customer_id = $1", GROUP
    )
    assert row["tags"] == []


async def test_what_was_read_before_a_customer_was_erased_brings_nobody_back(api: Api) -> None:
    """The lane of imports asks, then the live lane hears of the erasure,
    then the first one writes.
    """
    house = await House.opened(api)
    slow = CustomerNews(
        KnownFiles(a_file()), api.service.parts[AddressDigests], api.service.kept_answers
    )
    batch = [news(CustomerCreated, ZHANG)]
    await slow.prepare(batch)
    await told_of_customer(api, told=news(CustomerErased, ZHANG))

    async with api.service.database.transaction() as tx:
        await slow.take(tx, batch)
    await told_of_tier(api, ZHANG, 6)

    assert (await house.call())["customer_id"] is None
    rows = await api.service.database._pool.fetch(
        "SELECT tier, language FROM contact_center.directory_customer"
    )
    assert [tuple(row) for row in rows] == [(None, None)]


async def test_news_of_one_batch_ask_one_question(api: Api) -> None:
    files = KnownFiles(a_file())
    handler = CustomerNews(files, api.service.parts[AddressDigests], api.service.kept_answers)
    other = UUID(int=7)

    await handler.prepare(
        [
            news(CustomerCreated, ZHANG),
            news(CustomerChanged, ZHANG),
            news(CustomerCreated, other),
            news(CustomerErased, GROUP),
        ]
    )

    assert files.asked == [[ZHANG, other]]
