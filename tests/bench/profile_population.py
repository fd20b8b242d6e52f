"""A million customers, written by COPY:
Chinese names, phones, tokens as the service itself makes them.
"""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

import asyncpg
from customer_profile.search import keys
from customer_profile.search.keys import SearchKeys
from reference import teach_json

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈"
    "姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂文辉玲鑫鹏红华建国志梅兰玉萍春燕"
    "雪琴飞宇浩凯晨欣佳怡嘉子轩博涵思雨梓诗琪可馨"
)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 20_000


def customer_id(number: int) -> UUID:
    """A UUIDv7-shaped id that SQL can make of a number too."""
    return UUID(f"01980000-0000-7000-8000-{number:012x}")


ID_IN_SQL = "('01980000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def phone(number: int) -> str:
    return f"+86138{number * 7_919 % 100_000_000:08d}"


@cache
def _name_keys(name: str) -> SearchKeys:
    return keys.of_customer([name])


def name(number: int) -> str:
    dice = random.Random(number)
    return dice.choice(SURNAMES) + "".join(
        dice.choice(GIVEN) for _ in range(dice.choice((1, 2, 2)))
    )


async def populate(url: str, *, schema: str, customers: int) -> None:
    """Fill an empty, migrated schema;
    indexes of tokens are made after the rows, as for any large load.
    """
    connection = await asyncpg.connect(url)
    await teach_json(connection)
    try:
        definition = await connection.fetchval(
            f"SELECT pg_get_indexdef('{schema}.ix_customer_search_tokens'::regclass)"
        )
        await connection.execute(f"DROP INDEX {schema}.ix_customer_search_tokens")
        for start in range(0, customers, BATCH):
            await _copy(connection, schema, range(start, min(start + BATCH, customers)))
        await connection.execute("SET maintenance_work_mem = '1GB'")
        await connection.execute(definition)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


async def _copy(connection: asyncpg.Connection, schema: str, numbers: range) -> None:
    tables = {"customer": _customers, "customer_search": _searches, "identifier_holder": _holders}
    for table, rows in tables.items():
        columns, records = rows(numbers)
        await connection.copy_records_to_table(
            table, records=records, columns=columns, schema_name=schema
        )


def _customers(numbers: range) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    columns = [
        "id",
        "version",
        "kind",
        "name",
        "language",
        "time_zone",
        "unit",
        "roles",
        "sector",
        "identifiers",
        "tags",
        "facts",
    ]
    columns += [
        "sources",
        "sensitive",
        "tier",
        "do_not_contact",
        "birthday",
        "created_at",
        "updated_at",
    ]
    units = ["cn.gd.gz", "cn.gd.sz", "cn.sh", "cn.bj"]

    def rows() -> Iterator[tuple[object, ...]]:
        for number in numbers:
            at = EPOCH + timedelta(seconds=number)
            identifiers = [
                {"type": "phone", "value": phone(number)},
                {"type": "external", "system": "erp", "value": f"C-{number}"},
            ]
            facts = {
                "basic": {"birth_date": "1990-02-03"},
                "characteristics": {"hobbies": ["围棋"]},
                "business": {},
            }
            fixed = (
                1,
                "individual",
                name(number),
                "zh-CN",
                "Asia/Shanghai",
                units[number % 4],
                ["end_customer"],
                "individual",
            )
            yield (
                customer_id(number),
                *fixed,
                identifiers,
                ["campus"],
                facts,
                [],
                [],
                number % 6 + 1,
                False,
                203,
                at,
                at,
            )

    return columns, rows()


def _searches(numbers: range) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    units = itertools.cycle(["cn.gd.gz", "cn.gd.sz", "cn.sh", "cn.bj"])

    def rows() -> Iterator[tuple[object, ...]]:
        for number in numbers:
            of_name, national = _name_keys(name(number)), keys.national_digits(phone(number))
            yield (
                customer_id(number),
                next(units),
                [*of_name.tokens, *keys.grams(national)],
                f"{of_name.text}{national} ",
            )

    return ["customer_id", "unit", "tokens", "text"], rows()


def _holders(numbers: range) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    def rows() -> Iterator[tuple[object, ...]]:
        for number in numbers:
            yield f"phone:{phone(number)}", customer_id(number), customer_id(number), False
            yield f"external:erp:C-{number}", customer_id(number), customer_id(number), True

    return ["key", "holder_id", "customer_id", "is_unique"], rows()
