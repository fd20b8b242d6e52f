"""What is wrong with one field,
in the API's own words instead of those of the library that checked it.
"""

from collections.abc import Mapping
from typing import Any

from service_kit.words.fields import (
    AMOUNT,
    CODE,
    CURRENCY,
    DAY,
    IDENTIFIER,
    LANGUAGE_TAG,
    MOMENT,
    NOT_BLANK,
    POSITIVE_AMOUNT,
    UNIT,
    URL,
)
from service_kit.words.identifiers import EMAIL_FORM, PHONE_FORM
from service_kit.words.messages import said, sentence
from service_kit.words.names import NAME

LONGEST = 300
OBJECT = "an object is expected here"
ARRAY = "an array is expected here"
TEXT = "a text is expected here"
TRUTH = "true or false is expected here"
INTEGER = "a whole number is expected here"
NUMBER = "a number is expected here"
DECIMAL = "a decimal number, written as a text, is expected here"
NOT_UNICODE = "text cannot hold half of a surrogate pair"
CHOICE = "must be one of {expected}"
EMPTY = "must not be empty"
BLANK = "a text of blanks only says nothing here"
EDGES = "one line is expected here, without blanks at its ends and without invisible characters"
# By the error types of pydantic-core 2; the places are the names of its contexts.
WORDING: Mapping[str, str] = {
    "missing": "this is missing",
    "extra_forbidden": "there is no such field here",
    "invalid_key": "names of members are texts",
    "none_required": "null is expected here",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "finite_number": "must be a finite number",
    "too_short": "at least {min_length} are needed here, there are {actual_length}",
    "too_long": "at most {max_length} are accepted here",
    "string_type": TEXT,
    "string_sub_type": TEXT,
    "string_unicode": NOT_UNICODE,
    "string_too_short": "at least {min_length} characters are needed",
    "string_too_long": "at most {max_length} characters are accepted",
    "string_pattern_mismatch": "must have the form {pattern}",
    "enum": CHOICE,
    "literal_error": CHOICE,
    "dict_type": OBJECT,
    "mapping_type": OBJECT,
    "model_type": OBJECT,
    "model_attributes_type": OBJECT,
    "dataclass_type": OBJECT,
    "list_type": ARRAY,
    "tuple_type": ARRAY,
    "set_type": ARRAY,
    "frozen_set_type": ARRAY,
    "bool_type": TRUTH,
    "bool_parsing": TRUTH,
    "int_type": INTEGER,
    "int_parsing": INTEGER,
    "int_parsing_size": INTEGER,
    "int_from_float": INTEGER,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "decimal_type": DECIMAL,
    "decimal_parsing": DECIMAL,
    "decimal_max_digits": "at most {max_digits} digits are accepted",
    "decimal_max_places": "at most {decimal_places} decimals are accepted",
    "decimal_whole_digits": "at most {whole_digits} digits before the decimal point are accepted",
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "timezone_aware": MOMENT,
    "uuid_type": IDENTIFIER,
    "uuid_parsing": IDENTIFIER,
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
    "union_tag_not_found": "{discriminator} is missing: it says which kind of thing this is",
    "json_invalid": "the JSON is broken",
}
A_PHONE = (
    "a phone is written in digits, with blanks, brackets, dots or hyphens between them, such as 138"
    " 0013 8000"
)
# Forms that people mistake are told by an example, the others by their pattern.
PATTERNS: Mapping[str, str] = {
    NOT_BLANK: BLANK,
    NAME: EDGES,
    CODE: "a code is made of letters, digits and ._:- and begins with a letter or a digit",
    URL: (
        "a URL begins with http:// or https:// and is written in ASCII, such as"
        " https://example.com/hook"
    ),
    UNIT: "a unit is a dotted path of lower-case letters and digits, such as cn.gd.gz",
    CURRENCY: "a currency is three capital letters, such as CNY",
    AMOUNT: "an amount is a decimal number with up to six decimals, such as 12.50",
    POSITIVE_AMOUNT: (
        "an amount is a decimal number of zero or more with up to six decimals, such as 12.50"
    ),
    PHONE_FORM: A_PHONE,
    EMAIL_FORM: "an e-mail address has a name and a domain, such as zw@example.com",
    LANGUAGE_TAG: "a language is a tag such as zh-CN or en",
}


def worded(error: Mapping[str, Any]) -> str:
    """The fault of one entry of pydantic's error list;
    a rule of our own is told as it was raised.
    """
    context = error.get("ctx", {})
    kind, raised = str(error["type"]), context.get("error")
    if kind == "value_error" and isinstance(raised, Exception) and raised.args:
        return sentence(raised.args[0])
    if kind not in WORDING:
        return str(error["msg"])[:LONGEST]
    template = (
        EMPTY
        if context.get("min_length") == 1
        else PATTERNS.get(context.get("pattern", ""), WORDING[kind])
    )
    return said(template, **{name: _listed(value) for name, value in context.items()})


def _listed(value: object) -> object:
    """pydantic writes choices as `'a', 'b' or 'c'`;
    here they are separated by commas in both languages.
    """
    return value.replace(" or ", ", ")[:LONGEST] if isinstance(value, str) else value
