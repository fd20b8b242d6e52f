"""Every operation of every room refuses in the same way:
swept over all routes, not over samples.
"""

import pytest

from tests.contract.asking import faults, path_of, query_of
from tests.contract.rooms import LARGEST_UPLOAD, Door, Operation, Room, operations

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND")
LARGER_THAN_ANY_BODY = 3_000_000


def protected(room: Room) -> list[Operation]:
    return [operation for operation in operations(room.package) if not operation.is_open]


async def ask(door: Door, operation: Operation, **options):
    """The operation with the least that it needs."""
    params = {**query_of(operation), **options.pop("params", {})}
    return await door.request(
        operation.method, options.pop("path", path_of(operation)), params=params, **options
    )


async def test_without_a_token_every_operation_is_401(room: Room, door: Door):
    found = [
        fault
        for operation in protected(room)
        for fault in faults(await ask(door, operation, who="nobody"), 401, asked=operation)
    ]

    assert not found, "\n".join(found)


async def test_with_a_forged_token_every_operation_is_401(room: Room, door: Door):
    found = []
    for operation in protected(room):
        for token in ("a.b.c", "SCHEMATHESIS-INVALID-VALUE", "x" * 9_000, "gxk_unknown"):
            answer = await ask(
                door, operation, who="nobody", headers={"Authorization": f"Bearer {token}"}
            )
            found += faults(answer, 401, asked=f"{operation} with {token[:20]}")
            if "www-authenticate" not in answer.headers:
                found.append(f"{operation} lacks WWW-Authenticate")

    assert not found, "\n".join(found)


async def test_without_scopes_every_operation_is_403(room: Room, door: Door):
    found = [
        fault
        for operation in protected(room)
        if operation.route.scopes
        for fault in faults(await ask(door, operation, who="nothing"), 403, asked=operation)
    ]

    assert not found, "\n".join(found)


async def test_an_unknown_query_parameter_is_422(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        answer = await ask(door, operation, params={"colour": "red"})
        found += faults(answer, 422, asked=operation)
        if answer.status_code == 422 and answer.json()["errors"][0]["pointer"] != "query/colour":
            found.append(f"{operation} points at {answer.json()['errors']}")

    assert not found, "\n".join(found)


async def test_a_query_parameter_given_twice_is_422(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        once = [
            name
            for name, each in operation.parameters.items()
            if each["in"] == "query" and each["schema"].get("type") != "array"
        ]
        for name in once:
            value = query_of(operation).get(name, "1")
            answer = await door.request(
                operation.method, f"{path_of(operation)}?{name}={value}&{name}={value}"
            )
            found += faults(answer, 422, asked=f"{operation} {name}")

    assert not found, "\n".join(found)


async def test_a_body_of_another_type_is_415(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        if operation.media_type is None:
            continue
        for other in ("text/plain", "application/xml", "application/jsonx", ""):
            headers = {"Content-Type": other} if other else {}
            found += faults(
                await ask(door, operation, content=b"{}", headers=headers),
                415,
                asked=f"{operation} with {other!r}",
            )

    assert not found, "\n".join(found)


@pytest.mark.parametrize("body", [b"{", b"{]", b"\xff\xfe\x00", b"{'a': 1}", b"nul"], ids=repr)
async def test_a_body_that_is_no_json_is_400(room: Room, door: Door, body: bytes):
    found = []
    for operation in operations(room.package):
        if operation.reads_json:
            headers = {"Content-Type": str(operation.media_type)}
            found += faults(
                await ask(door, operation, content=body, headers=headers), 400, asked=operation
            )

    assert not found, "\n".join(found)


async def test_a_body_that_is_too_large_is_413(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        if operation.media_type is None:
            continue
        largest = LARGER_THAN_ANY_BODY if operation.reads_json else LARGEST_UPLOAD + 1
        kind = str(operation.media_type) + ("" if operation.reads_json else "; boundary=x")
        answer = await ask(door, operation, content=b" " * largest, headers={"Content-Type": kind})
        found += faults(answer, 413, asked=operation)

    assert not found, "\n".join(found)


async def test_a_trailing_slash_is_404(room: Room, door: Door):
    found = [
        fault
        for operation in operations(room.package)
        for fault in faults(
            await ask(door, operation, path=f"{path_of(operation)}/"), 404, asked=operation
        )
    ]

    assert not found, "\n".join(found)


async def test_an_id_that_is_no_uuid_is_422(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        for name, parameter in operation.parameters.items():
            if parameter["in"] == "path" and parameter["schema"].get("format") == "uuid":
                for wrong in (
                    "1",
                    "01890a5dac96774bbcceb302099a8057",
                    "%00",
                    "\u0663" * 8,
                    "x" * 3_000,
                ):
                    path = path_of(operation).replace(path_of_parameter(operation, name), wrong)
                    sent = (
                        {"content": b"{}", "headers": {"Content-Type": str(operation.media_type)}}
                        if operation.reads_json
                        else {}
                    )
                    # A path that tells ids from words by their shape says that there is no such
                    # path.
                    statuses = (
                        (422, 404)
                        if operation.media_type is None or operation.reads_json
                        else (415,)
                    )
                    found += faults(
                        await ask(door, operation, path=path, **sent),
                        *statuses,
                        asked=f"{operation} with {wrong[:50]}",
                    )

    assert not found, "\n".join(found)


def path_of_parameter(operation: Operation, name: str) -> str:
    """What `path_of` puts in the place of a parameter."""
    parts = zip(operation.path.split("/"), path_of(operation).split("/"), strict=True)
    return next(given for part, given in parts if part == f"{{{name}}}")


async def test_a_method_that_a_path_does_not_know_is_405_and_allow_names_the_others(
    room: Room, door: Door
):
    known: dict[str, set[str]] = {}
    for operation in operations(room.package):
        known.setdefault(operation.path, set()).add(operation.method)
    found = []
    for operation in operations(room.package):
        for method in METHODS:
            if method not in known[operation.path]:
                answer = await door.request(method, path_of(operation))
                if method == "HEAD":
                    found += (
                        []
                        if answer.status_code == 405
                        else [f"HEAD {operation.path}: {answer.status_code}"]
                    )
                    continue
                found += faults(answer, 405, asked=f"{method} {operation.path}")
                if answer.headers.get("allow") != ", ".join(sorted(known[operation.path])):
                    found.append(f"{method} {operation.path} allows {answer.headers.get('allow')}")

    assert not found, "\n".join(found)


async def test_a_malformed_condition_is_422(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        for header in {"If-Match", "If-None-Match"} & operation.parameters.keys():
            found += faults(
                await ask(door, operation, headers={header: "é".encode()}),
                422,
                asked=f"{operation} {header}",
            )

    assert not found, "\n".join(found)


async def test_a_malformed_idempotency_key_is_422(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        if "Idempotency-Key" in operation.parameters and (
            operation.media_type is None or operation.reads_json
        ):
            sent = (
                {"content": b"{}", "headers": {"Content-Type": str(operation.media_type)}}
                if operation.media_type
                else {"headers": {}}
            )
            sent["headers"]["Idempotency-Key"] = '"x'
            found += faults(await ask(door, operation, **sent), 422, asked=operation)

    assert not found, "\n".join(found)


async def test_a_path_that_is_not_there_is_404(door: Door):
    found = []
    for path in ("/", "/v1", "/v1/nothing", "/v1/%2e%2e/x", "/v1//", "/V1/events", "/v1/events%00"):
        answer = await door.request("GET", path)
        # The gateway has a page at its root.
        found += (
            [] if path == "/" and answer.status_code == 307 else faults(answer, 404, asked=path)
        )

    assert not found, "\n".join(found)
