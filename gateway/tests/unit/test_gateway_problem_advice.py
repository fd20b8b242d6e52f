"""Every type of problem that a contract names is explained in both languages."""

import json
import re

from gateway.contract.documents import contracts_folder
from gateway.problem.kinds import BY_STATUS, KINDS

# It names the types of its operations alone; what they mean is said in the contracts of the
# services.
PUBLIC = "public.json"
HAN = re.compile("[\u4e00-\u9fff]")


def test_every_type_that_a_contract_names_is_explained_in_both_languages():
    folder = contracts_folder("")
    assert folder is not None
    contracts = [
        json.loads(file.read_text("utf-8"))
        for file in sorted(folder.glob("*.json"))
        if file.name != PUBLIC
    ]

    named = {
        slug: told
        for contract in contracts
        for slug, told in contract.get("x-problem-types", {}).items()
    }

    assert len(named) > 50
    assert [
        slug
        for slug, told in named.items()
        if not told["description"].isascii() or not HAN.search(told["description_zh"])
    ] == []


def test_every_kind_has_both_languages():
    assert all(
        HAN.search(kind.advice_zh) and HAN.search(kind.title_zh) and kind.advice_en.isascii()
        for kind in KINDS.values()
    )
    assert {
        400,
        401,
        403,
        404,
        405,
        409,
        410,
        412,
        413,
        415,
        422,
        428,
        429,
        500,
        502,
        503,
        504,
    } <= BY_STATUS.keys()
