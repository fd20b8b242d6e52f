"""What every contract says of every operation."""

import re

from tests.contract.rooms import Room, composed, operations

PROBLEM = "#/components/schemas/Problem"
# POSTs that only read: what they ask for is too long for an address.
READING = {"POST /v1/customer-reads"}
CAPITALIZED_SENTENCE = re.compile(r"^[A-Z].*[^.]$")


def test_every_operation_has_a_name_a_summary_and_a_tag(room: Room):
    found = []
    names: set[str] = set()
    for operation in operations(room.package):
        described = operation.described
        if not CAPITALIZED_SENTENCE.match(described["summary"]) or len(described["summary"]) > 120:
            found.append(f"{operation}: summary {described['summary']!r}")
        if described["summary"].lower().replace(" ", "_") == operation.route.endpoint.__name__:
            found.append(f"{operation} has no docstring")
        if described["operationId"] in names:
            found.append(f"{operation}: {described['operationId']} names two operations")
        names.add(described["operationId"])
        if not described.get("tags"):
            found.append(f"{operation} has no tag")

    assert not found, "\n".join(found)


def test_every_operation_names_its_scopes_and_they_are_known(room: Room):
    known = composed(room.package).scopes
    found = []
    for operation in operations(room.package):
        scopes, instead = operation.route.scopes, operation.route.instead
        if operation.described["security"] != [
            {} if scopes is None else {"oauth2": list(scopes)},
            *({"oauth2": [one]} for one in instead),
        ]:
            found.append(f"{operation}: {operation.described['security']}")
        found += [
            f"{operation}: {scope} is not among the room's scopes"
            for scope in [*(scopes or ()), *instead]
            if scope not in known
        ]

    assert not found, "\n".join(found)


def test_only_what_has_to_be_open_is_open(own_room: Room):
    opened = {str(operation) for operation in operations(own_room.package) if operation.is_open}

    assert opened <= {"POST /v1/complaint-tracking", "GET /v1/complaint-tracking"}


def test_every_operation_documents_its_refusals(room: Room):
    found = []
    for operation in operations(room.package):
        wanted = {"422", "429", "500", "503"}
        wanted |= set() if operation.is_open else {"401", "403"}
        wanted |= {"400", "413", "415"} if operation.media_type else set()
        wanted |= (
            {"404"}
            if re.search(r"\{\w+\}", operation.path)
            and not ("PUT" in operation.method or operation.path.endswith("}/consents"))
            else set()
        )
        wanted |= {"412"} if "If-Match" in operation.parameters else set()
        # A move may come without it, but for the decisions that test_contract_moves.py names.
        wanted |= (
            {"428"} if "If-Match" in operation.parameters and operation.method != "POST" else set()
        )
        wanted |= {"304"} if "If-None-Match" in operation.parameters else set()
        if missing := wanted - operation.answers.keys():
            found.append(f"{operation} does not document {', '.join(sorted(missing))}")

    assert not found, "\n".join(found)


def test_every_refusal_is_a_problem_document(room: Room):
    found = []
    for operation in operations(room.package):
        for status, answer in operation.answers.items():
            if status >= "400":
                content = answer.get("content", {})
                if (
                    list(content) != ["application/problem+json"]
                    or content["application/problem+json"]["schema"].get("$ref") != PROBLEM
                ):
                    found.append(f"{operation} {status}: {list(content)}")

    assert not found, "\n".join(found)


def test_every_post_documents_its_idempotency_key(room: Room):
    found = [
        str(operation)
        for operation in operations(room.package)
        if operation.method == "POST"
        and not operation.is_open
        and str(operation) not in READING
        and "Idempotency-Key" not in operation.parameters
    ]

    assert not found, "\n".join(found)


def test_every_creation_names_its_place_and_version(room: Room):
    found = [
        str(operation)
        for operation in operations(room.package)
        if "201" in operation.answers
        and not {"Location", "ETag"} <= operation.answers["201"].get("headers", {}).keys()
    ]

    assert not found, "\n".join(found)


def test_every_answer_with_a_body_has_a_schema(room: Room):
    found = []
    for operation in operations(room.package):
        for status, answer in operation.answers.items():
            for media_type, body in answer.get("content", {}).items():
                if not body.get("schema"):
                    found.append(f"{operation} {status} {media_type}")

    assert not found, "\n".join(found)


def test_every_event_has_a_schema_and_says_when_it_is_told(room: Room):
    service = composed(room.package)
    found = [
        event.event_type
        for event in service.events
        if not service.openapi()["webhooks"][event.event_type]["post"]["summary"].strip()
    ]

    assert service.events
    assert not found, "\n".join(found)


def test_paths_are_kebab_case_and_members_snake_case(room: Room):
    document = composed(room.package).openapi()
    found = [
        path
        for path in document["paths"]
        if not re.fullmatch(r"(/(\.?[a-z0-9.-]+|\{[a-z_]+\}))+", path)
    ]
    for name, schema in document["components"]["schemas"].items():
        found += [
            f"{name}.{member}"
            for member in schema.get("properties", {})
            if not re.fullmatch(r"[a-z][a-z0-9_]*|zh-CN", member)
        ]

    assert not found, "\n".join(found)
