"""Merge patches: the examples of RFC 7396 whose patch is an object, and what callers rely on."""

from typing import Any

import pytest
from service_kit.words.merging import merged


@pytest.mark.parametrize(
    ("document", "patch", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_what_the_standard_shows(
    document: object, patch: dict[str, Any], after: dict[str, Any]
) -> None:
    assert merged(document, patch) == after


def test_nulls_inside_a_list_stay() -> None:
    assert merged({}, {"a": [None, {"b": None}]}) == {"a": [None, {"b": None}]}


def test_a_merge_leaves_document_and_patch_as_they_were() -> None:
    document = {"a": {"b": 1}}
    patch = {"a": {"c": 2}}

    merged(document, patch)

    assert (document, patch) == ({"a": {"b": 1}}, {"a": {"c": 2}})
