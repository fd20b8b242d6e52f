"""Every type of problem that a contract names is explained in Chinese as well."""

import json
import re

from gateway.contract.published import contracts_folder
from gateway.problem.routes import own_advice_zh
from gateway.problem.texts import BY_STATUS, KINDS


def test_every_type_that_a_contract_names_is_explained_in_chinese():
    folder = contracts_folder("")
    contracts = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))] if folder else []

    named = {slug for contract in contracts for slug in contract.get("x-problem-types", {})}

    assert named - own_advice_zh().keys() - KINDS.keys() == set()


def test_the_advice_is_chinese_and_every_kind_has_both_languages():
    han = re.compile("[\u4e00-\u9fff]")

    assert all(han.search(advice) for advice in own_advice_zh().values())
    assert all(han.search(kind.advice_zh) and han.search(kind.title_zh) and kind.advice_en.isascii() for kind in KINDS.values())
    assert {400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 429, 500, 502, 503, 504} <= BY_STATUS.keys()
