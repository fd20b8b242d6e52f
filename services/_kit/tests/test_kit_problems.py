"""Problem documents keep to their own schema, whatever the input was."""

import json

import pytest
from service_kit.web.problems import Problems, faults_of
from service_kit.words.errors import Fault, Invalid
from service_kit.words.messages import Messages

SCOPE = {"guanxi.request_id": "r-1", "headers": []}


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [("/name", "/name"), ("/a\0b", "/a\N{SYMBOL FOR NULL}b"), ("/" + "x" * 2_000, "/" + "x" * 999)],
)
def test_a_pointer_is_shown_within_its_bounds_and_without_nul(pointer, shown):
    refusal = Invalid(faults=[Fault(pointer, "there is no such field")])

    answer = Problems(base="http://localhost", language="en", messages=Messages()).of_refusal(
        SCOPE, refusal
    )

    assert json.loads(bytes(answer.body))["errors"] == [
        {"pointer": shown, "detail": "there is no such field"}
    ]


BODY = {"identifiers": [{"type": "phone", "value": "x"}], "n": "1"}


@pytest.mark.parametrize(
    ("location", "pointer"),
    [
        (("body", "identifiers", 0, "phone", "value"), "/identifiers/0/value"),
        (("body", "identifiers", 0, "phone", "system"), "/identifiers/0/system"),
        (("body", "EntryToFlow", "n"), "/n"),
        (("body", "n", "int"), "/n"),
        (("body", "name"), "/name"),
        (("query", "limit"), "query/limit"),
        (("body",), ""),
    ],
)
def test_a_pointer_leads_to_a_place_of_the_body_not_through_the_branches_of_the_schema(
    location, pointer
):
    (fault,) = faults_of([{"loc": location, "type": "other", "msg": "wrong"}], BODY)

    assert fault.pointer == pointer


def test_a_form_is_pointed_into_by_the_names_of_its_fields():
    (fault,) = faults_of([{"loc": ("body", "dry_run"), "type": "other", "msg": "wrong"}], None)

    assert fault.pointer == "/dry_run"
