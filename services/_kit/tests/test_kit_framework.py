"""The names of FastAPI that it promises to nobody are where the kit expects them."""

from typing import Annotated

import fastapi
import pytest
from fastapi import Body, Depends, Query
from fastapi.routing import APIRoute
from service_kit.web import framework


async def dependency(limit: int = 50) -> int:
    return limit


async def endpoint(
    thing_id: str,
    body: Annotated[dict[str, str], Body()],
    limit: Annotated[int, Depends(dependency)],
) -> None: ...


ROUTE = APIRoute("/v1/things/{thing_id}", endpoint, methods=["POST"])


@pytest.mark.parametrize(
    ("owner", "thing", "names"),
    [
        ("APIRoute", ROUTE, framework.NAMES_OF_ROUTE),
        ("Dependant", ROUTE.dependant, framework.NAMES_OF_DEPENDANT),
        ("ModelField", ROUTE.body_field, framework.NAMES_OF_FIELD),
        (
            "FieldInfo",
            getattr(ROUTE.body_field, "field_info", None),
            ("annotation", "is_required", "media_type"),
        ),
    ],
)
def test_every_private_name_is_still_there(owner: str, thing: object, names: tuple[str, ...]):
    missing = [f"{owner}.{name}" for name in names if not hasattr(thing, name)]

    assert not missing, (
        f"FastAPI {fastapi.__version__} has no {', '.join(missing)}; service_kit.web.framework is"
        f" written for {framework.WRITTEN_FOR}. Mend it there: no other file meets these names."
    )


def test_a_signature_is_read_whole():
    signature, body = framework.signature_of(ROUTE), framework.body_of(ROUTE)

    assert [(each.place, each.alias, each.is_required) for each in signature.parameters] == [
        ("path", "thing_id", True)
    ]
    assert [(each.alias, each.is_required, each.default()) for each in signature.query()] == [
        ("limit", False, 50)
    ]
    assert body is not None
    assert (body.media_type, body.is_required, body.single is not None and body.single.name) == (
        "application/json",
        True,
        "body",
    )


def test_a_list_in_the_query_may_come_several_times():
    async def many(tags: Annotated[list[str], Query()], tag: str) -> None: ...

    found = framework.signature_of(APIRoute("/v1/things", many)).query()

    assert {each.alias: each.is_many for each in found} == {"tags": True, "tag": False}
