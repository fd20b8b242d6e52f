"""What every contract says in the same way."""

import re

import pytest
from service_kit.testing import ISSUER, notes
from service_kit.web.contract_details import WITHOUT_NUL, complete_parameter, described, detailed
from service_kit.web.contract_sharing import references
from service_kit.words.fields import (
    DAY_PATTERN,
    JSON_ITEMS,
    JSON_LIMIT,
    MOMENT_PATTERN,
    Input,
    JsonObject,
)


class Free(Input):
    value: JsonObject


@pytest.fixture
def contract():
    return notes.compose(notes.Settings(issuer=ISSUER)).openapi()


def operations(contract):
    return [
        (method, operation)
        for item in contract["paths"].values()
        for method, operation in item.items()
    ]


def referred(answer, contract):
    return (
        contract["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        if "$ref" in answer
        else answer
    )


def test_a_text_without_a_pattern_says_that_it_holds_no_nul():
    assert detailed({"type": "string", "maxLength": 5})["pattern"] == WITHOUT_NUL
    assert detailed({"type": "string", "format": "uuid"}) == {"type": "string", "format": "uuid"}
    assert re.fullmatch(WITHOUT_NUL, "a\nb 中") is not None
    assert re.fullmatch(WITHOUT_NUL, "a\0") is None


def test_free_json_says_what_its_members_may_be():
    schema = detailed(Free.model_json_schema())["properties"]["value"]

    assert schema["additionalProperties"] is True
    assert schema["maxProperties"] == JSON_ITEMS


@pytest.mark.parametrize(
    "value",
    [
        {"a": JSON_LIMIT + 1},
        {"a": 1e300},
        {"a": ["x" * 10_001]},
        {"a": [0] * 501},
        {str(n): 0 for n in range(501)},
    ],
    ids=["integer", "float", "text", "array", "object"],
)
def test_free_json_beyond_its_limits_is_refused(value):
    with pytest.raises(ValueError, match="value"):
        Free.model_validate({"value": value})


def test_free_json_within_its_limits_is_taken():
    value = {"a": [0] * 500, "b": {"c": [None, True, -JSON_LIMIT, 1.5, "x" * 10_000]}}

    assert Free.model_validate({"value": value}).value == value


def test_a_member_with_a_default_need_not_be_sent_and_says_so():
    schema = detailed(
        {
            "type": "object",
            "properties": {"tries": {"type": "integer", "default": 3, "description": "How often."}},
        }
    )

    assert schema["properties"]["tries"] == {
        "type": "integer",
        "description": "How often. `3` when left out.",
    }


def test_what_may_be_null_has_two_types():
    schema = detailed(
        {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}], "description": "x"}
    )

    assert schema == {"type": ["string", "null"], "format": "uuid", "description": "x"}


def test_what_operations_share_is_said_once(contract):
    listed = contract["paths"]["/v1/notes"]["get"]

    assert {"$ref": "#/components/parameters/Cursor"} in listed["parameters"]
    assert listed["responses"]["401"] == {"$ref": "#/components/responses/Unauthenticated"}
    assert listed["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/NotePage"
    }
    assert "AuditEntryPage" in contract["components"]["schemas"]


def test_every_reference_leads_somewhere_and_every_shared_part_is_used(contract):
    used = set(references(contract))
    there = {
        f"#/components/{section}/{name}"
        for section, parts in contract["components"].items()
        for name in parts
    }

    assert used <= there
    assert {
        place for place in there if "/schemas/" not in place and "/securitySchemes/" not in place
    } <= used


def test_a_parameter_is_described_and_never_null():
    query = {
        "name": "customer_id",
        "in": "query",
        "schema": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
    }

    complete_parameter(query, "/v1/notes")

    assert query["schema"] == {"type": "string", "format": "uuid"}
    assert query["description"] == "Leaves only those with this customer."
    assert described("id", "path", "/v1/sla-policies/{id}/x") == "Id of the sla policy."


def test_every_operation_documents_its_failure_its_origin_header_and_who_may_call(contract):
    for _, operation in operations(contract):
        assert "500" in {str(status) for status in operation["responses"]}
        assert operation["security"]
        assert all(
            {"X-Request-Id", "Access-Control-Allow-Origin"}
            <= referred(response, contract)["headers"].keys()
            for response in operation["responses"].values()
        )


def test_every_tag_in_use_is_described(contract):
    used = {tag for _, operation in operations(contract) for tag in operation["tags"]}

    assert used == {tag["name"] for tag in contract["tags"]}


@pytest.mark.parametrize(
    "text", ["2026-01-31T09:30:00+08:00", "1800-12-31T23:59:59.123456789Z", "2199-02-28t00:00:00z"]
)
def test_times_that_are_taken_fit_the_pattern_of_the_contract(text: str):
    assert re.search(MOMENT_PATTERN, text)
    assert re.search(DAY_PATTERN, text[:10])


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "9999-12-31T00:00:00Z",
        "2026-01-31T09:30:00",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
    ],
)
def test_times_that_are_refused_do_not(text: str):
    assert not re.search(MOMENT_PATTERN, text)


def test_the_feed_says_in_its_contract_that_it_tells_how_far_it_has_read(contract):
    headers = contract["paths"]["/v1/events"]["get"]["responses"]["200"]["headers"]

    assert {"Guanxi-Cursor", "X-Request-Id"} <= headers.keys()
