"""Words that people write into cells, as this service calls them."""

import re

from customer_profile.customer.domain import Kind, Role, Sector

KINDS = {
    "个人": Kind.INDIVIDUAL, "个人客户": Kind.INDIVIDUAL, "自然人": Kind.INDIVIDUAL,
    "person": Kind.INDIVIDUAL, "企业": Kind.ORGANIZATION, "企业客户": Kind.ORGANIZATION,
    "公司": Kind.ORGANIZATION, "公司客户": Kind.ORGANIZATION, "单位": Kind.ORGANIZATION,
    "单位客户": Kind.ORGANIZATION, "company": Kind.ORGANIZATION,
}  # fmt: skip
ROLES = {
    "终端客户": Role.END_CUSTOMER, "最终客户": Role.END_CUSTOMER, "经销商": Role.DEALER,
    "分销商": Role.DISTRIBUTOR, "代理商": Role.SALES_AGENT, "零售商": Role.RETAILER,
    "供应商": Role.SUPPLIER, "合作伙伴": Role.PARTNER, "内部客户": Role.EMPLOYEE,
    "员工": Role.EMPLOYEE, "竞争对手": Role.COMPETITOR,
}  # fmt: skip
SECTORS = {
    "政府": Sector.GOVERNMENT,
    "集团": Sector.CORPORATE,
    "集团客户": Sector.CORPORATE,
    "个人": Sector.INDIVIDUAL,
}
SEXES = {
    "男": "male", "男性": "male", "先生": "male", "m": "male", "male": "male", "女": "female",
    "女性": "female", "女士": "female", "小姐": "female", "f": "female", "female": "female",
    "other": "other", "其他": "other",
}  # fmt: skip
UNTOLD_SEX = frozenset({"未知", "保密", "不详", "unknown"})
YES = frozenset({"true", "yes", "1", "是", "y"})
NO = frozenset({"false", "no", "0", "否", "n"})
# What is written where there is nothing; some of these words are names of people.
EMPTY = frozenset({"", "-", "--", "n/a", "null", "none", "无"})
NOTHING = EMPTY | {"——", "/", "\\", "nil", "無", "暂无", "暫無", "没有", "暂缺", "未填", "不详"}
# What people write where they know no name.
NAMELESS = frozenset(
    {
        "暂无", "暫無", "暂缺", "未填", "不详", "未知", "不明", "未命名", "先生", "女士", "小姐",
        "太太", "unknown", "unnamed", "true", "false",
    }
)  # fmt: skip
# Endings that only organizations have.
ORGANIZED = re.compile(
    r"(?:公司|集团|集團|合作社|委员会|研究院|研究所|事务所|银行|大学|医院|厂|廠)(?:[（(].*[）)])?$|\b(?:ltd|inc|llc|gmbh|corp|limited|plc)\.?$",
    re.IGNORECASE,
)
