"""Sentences in several languages:
templates, what is stored of them, and the words for the faults of a body.
"""

import copy
import json
import pickle
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError
from service_kit.words.fields import Id, Input, Line, MoneyIn, Timestamp
from service_kit.words.messages import Messages, restored, said, stored
from service_kit.words.wording import EDGES, worded


@pytest.fixture
def messages(tmp_path):
    catalog = tmp_path / "zh-CN.json"
    told = {
        "at most {most} rows": "最多 {most} 行",
        "{what}: {why}": "{what}：{why}",
        "no rows": "没有行",
    }
    catalog.write_text(json.dumps({**told, "state.open": "进行中"}), "utf-8")
    (tmp_path / "en.json").write_text(json.dumps({"state.open": "Open"}), "utf-8")
    (tmp_path / "pt-BR.json").write_text(json.dumps({"no rows": "nenhuma linha"}), "utf-8")
    return Messages([tmp_path])


def test_a_sentence_is_an_ordinary_english_text():
    assert said("at most {most} rows", most=3) == "at most 3 rows"


def test_a_sentence_is_said_in_chinese_with_its_values(messages):
    assert messages.spoken(said("at most {most} rows", most=3), "zh-CN") == "最多 3 行"
    assert messages.spoken(said("at most {most} rows", most=3), "en") == "at most 3 rows"


def test_a_sentence_within_a_sentence_is_said_in_chinese_too(messages):
    told = said("{what}: {why}", what="sheet", why=said("at most {most} rows", most=3))

    assert messages.spoken(told, "zh-CN") == "sheet：最多 3 行"
    assert (
        messages.spoken(said("{what}: {why}", what="sheet", why=said("no rows")), "zh-CN")
        == "sheet：没有行"
    )


def test_what_a_caller_wrote_is_not_translated(messages):
    assert (
        messages.spoken(said("{what}: {why}", what="no rows", why="no rows"), "zh-CN")
        == "no rows：no rows"
    )


def test_what_no_catalog_knows_stays_as_it_is(messages):
    assert messages.spoken("all is {well}", "zh-CN") == "all is {well}"
    assert messages.known("all is {well}", "zh-CN") == ""


def test_a_label_is_told_in_the_language_else_in_english(messages):
    assert [
        messages.label("state.open", language) for language in ("zh-CN", "en", "pt-BR", "xx")
    ] == ["进行中", "Open", "Open", "Open"]
    assert messages.label("state.lost", "zh-CN") == ""


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("pt-BR", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("pt", "pt-BR"),
        ("pt-PT, en;q=0.9", "pt-BR"),
        ("zh-TW", "zh-CN"),
        ("en-GB;q=0.4, zh;q=0.5", "zh-CN"),
        ("fr, en;q=0.1", "en"),
        ("fr", "zh-CN"),
        ("", "zh-CN"),
        (None, "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("en;q=x", "zh-CN"),
    ],
)
def test_a_language_is_one_that_has_a_catalog(messages, wish, language):
    assert messages.preferred(wish, default="zh-CN") == language


def test_braces_in_values_are_not_places(messages):
    assert (
        messages.spoken(said("{what}: {why}", what="{most}", why="{0}"), "zh-CN") == "{most}：{0}"
    )


NESTED = said("{what}: {why}", what="{sheet}", why=said("at most {most} rows", most=3))


@pytest.mark.parametrize(
    "sentence", ["no rows", said("at most {most} rows", most=3), "a { brace", NESTED]
)
def test_what_is_stored_is_said_again(messages, sentence):
    kept = json.loads(json.dumps(stored(sentence, longest=100)))

    assert restored(kept) == sentence
    assert messages.spoken(restored(kept), "zh-CN") == messages.spoken(sentence, "zh-CN")


def test_what_is_stored_is_bounded():
    assert restored(stored("x" * 500, longest=10)) == "x" * 10
    assert restored(stored(said("{what}!", what="x" * 500), longest=10)) == "x" * 10 + "!"


class Order(Input):
    """A body with a field of every sort."""

    name: Line
    count: Annotated[int, Field(ge=1, le=9)]
    kind: Literal["order", "refund"]
    at: Timestamp
    tags: Annotated[list[str], Field(max_length=2)]
    price: MoneyIn
    for_customer: Id | None = None


UUID_WANTED = "an id is a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057"
UUID_WANTED_IN_CHINESE = "标识须为 UUID，例如 01890a5d-ac96-774b-bcce-b302099a8057"
NO_DAY = "2026-02-30T09:30:00Z"
PRICE = {"amount": "1", "currency": "CNY"}
RIGHT = {
    "name": "a",
    "count": 3,
    "kind": "order",
    "at": "2026-01-31T09:30:00+08:00",
    "tags": [],
    "price": PRICE,
}


@pytest.mark.parametrize(
    ("change", "english", "chinese"),
    [
        (
            {"name": " "},
            EDGES,
            "此处须为一行文本，首尾没有空白，也没有不可见字符",
        ),
        ({"name": ""}, "must not be empty", "不能为空"),
        ({"name": "x" * 201}, "at most 200 characters are accepted", "最多接受 200 个字符"),
        ({"name": 5}, "a text is expected here", "此处须为文本"),
        ({"count": 0}, "must be at least 1", "不得小于 1"),
        ({"count": True}, "a whole number is expected here", "此处须为整数"),
        ({"kind": "loan"}, "must be one of 'order', 'refund'", "必须是以下之一：'order', 'refund'"),
        ({"for_customer": 5}, UUID_WANTED, UUID_WANTED_IN_CHINESE),
        (
            {"at": "2026-02-30T09:30:00Z"},
            "this time does not exist or lies outside 1800 to 2199",
            "该时间不存在，或不在 1800 年至 2199 年之间",
        ),
        ({"tags": ["a", "b", "c"]}, "at most 2 are accepted here", "此处最多接受 2 项"),
        ({"tags": {}}, "an array is expected here", "此处须为数组"),
        ({"price": 5}, "an object is expected here", "此处须为对象"),
        ({"more": 5}, "there is no such field here", "这里没有这个字段"),
        ({"price": {"amount": "1"}}, "this is missing", "此项缺失"),
    ],
)
def test_faults_are_told_in_our_own_words(change, english, chinese):
    with pytest.raises(ValidationError) as refused:
        Order.model_validate(RIGHT | change)

    (told,) = [worded(error) for error in refused.value.errors()]

    assert told == english
    assert Messages().spoken(told, "zh-CN") == chinese


def test_a_rule_of_ours_keeps_its_template(messages):
    refused = ValidationError.from_exception_data(
        "x",
        [
            {
                "type": "value_error",
                "ctx": {"error": ValueError(said("at most {most} rows", most=3))},
            }
        ],
    )

    assert messages.spoken(worded(refused.errors()[0]), "zh-CN") == "最多 3 行"


def test_a_sentence_can_be_copied(messages):
    for copied in (copy.deepcopy(NESTED), pickle.loads(pickle.dumps(NESTED))):
        assert (copied, messages.spoken(copied, "zh-CN")) == (NESTED, "{sheet}：最多 3 行")
