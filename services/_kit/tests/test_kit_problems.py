"""Problem documents keep to their own schema, whatever the input was."""

import json

import pytest
from service_kit.errors import Fault, Invalid
from service_kit.problems import of_refusal


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [("/name", "/name"), ("/a\0b", "/a\N{SYMBOL FOR NULL}b"), ("/" + "x" * 2_000, "/" + "x" * 999)],
)
def test_a_pointer_is_shown_within_its_bounds_and_without_nul(pointer, shown):
    refusal = Invalid(faults=[Fault(pointer, "there is no such field")])

    answer = of_refusal(refusal, request_id="r-1", base="http://localhost")

    assert json.loads(bytes(answer.body))["errors"] == [{"pointer": shown, "detail": "there is no such field"}]
