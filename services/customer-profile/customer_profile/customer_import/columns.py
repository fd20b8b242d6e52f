"""Which column of a sheet fills which field: by an explicit mapping, else by the names that sheets usually have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service_kit.errors import Invalid
from service_kit.messages import said

from customer_profile.customer.facts import GROUPS
from customer_profile.identifier.domain import SYSTEM, IdentifierType

PLAIN = frozenset(
    {
        "name",
        "kind",
        "language",
        "time_zone",
        "unit",
        "sector",
        "roles",
        "tags",
        "account_manager",
        "do_not_contact",
        "identifiers",
        "facts",
    }
)
SIMPLE_IDENTIFIERS = frozenset(kind.value for kind in IdentifierType if kind not in (IdentifierType.EXTERNAL, IdentifierType.SOCIAL))
FACT = re.compile(rf"({'|'.join(GROUPS)})\.([a-z][a-z0-9_]{{0,59}})")
# What people write above their columns, without case, spaces and punctuation.
USUAL: Mapping[str, str] = {
    "姓名": "name", "名称": "name", "客户名称": "name", "客户姓名": "name", "客户": "name", "公司名称": "name", "fullname": "name",
    "customername": "name", "customer": "name", "company": "name", "类型": "kind", "客户类型": "kind", "type": "kind",
    "语言": "language", "lang": "language", "时区": "time_zone", "timezone": "time_zone", "单位": "unit", "机构": "unit",
    "所属机构": "unit", "部门": "unit", "行业类别": "sector", "角色": "roles", "role": "roles", "标签": "tags", "tag": "tags",
    "客户经理": "account_manager", "accountmanager": "account_manager", "手机": "phone", "手机号": "phone", "手机号码": "phone",
    "电话": "phone", "电话号码": "phone", "联系电话": "phone", "mobile": "phone", "tel": "phone", "telephone": "phone",
    "phonenumber": "phone", "邮箱": "email", "电子邮箱": "email", "电子邮件": "email", "mail": "email", "emailaddress": "email",
    "身份证": "government_id", "身份证号": "government_id", "证件号码": "government_id", "governmentid": "government_id",
    "idcard": "government_id", "会员号": "loyalty", "会员卡号": "loyalty", "会员编号": "loyalty", "loyaltynumber": "loyalty",
    "微信": "wechat", "微信号": "wechat", "生日": "basic.birth_date", "出生日期": "basic.birth_date", "birthdate": "basic.birth_date",
    "birthday": "basic.birth_date", "dateofbirth": "basic.birth_date", "性别": "basic.sex", "sex": "basic.sex", "gender": "basic.sex",
    "职业": "basic.profession", "profession": "basic.profession", "学历": "basic.education", "education": "basic.education",
    "行业": "basic.industry", "industry": "basic.industry", "简称": "basic.short_name", "曾用名": "basic.former_names",
    "地址": "basic.address", "address": "basic.address", "爱好": "characteristics.hobbies", "hobbies": "characteristics.hobbies",
    "donotcontact": "do_not_contact", "请勿打扰": "do_not_contact",
}  # fmt: skip
KEY_COLUMNS = ("id", "externalid", "customerid", "编号", "客户编号", "客户id", "code", "number")
PUNCTUATION = re.compile(r"[\s_\-.:()（）/*]+")


class MappingNotUsable(Invalid):
    """The mapping names a column that the sheet does not have, or a field that customers do not have."""


class KeyNotUsable(Invalid):
    """The key names an identifier type such as `external:erp`, `loyalty`, `government_id`, `phone` or `email`."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """The identifier by which rows find their customer."""

    type: IdentifierType
    system: str = ""

    @property
    def field(self) -> str:
        return f"{self.type}:{self.system}" if self.system else self.type.value


def key_of(text: str) -> Key:
    """`external:erp` -> the external ids of the system erp; KeyNotUsable for what is no identifier type."""
    name, _, system = text.strip().partition(":")
    try:
        kind = IdentifierType(name)
    except ValueError as error:
        raise KeyNotUsable(pointer="/key") from error
    is_systematic = kind in (IdentifierType.EXTERNAL, IdentifierType.SOCIAL)
    if is_systematic != bool(system) or (system and not SYSTEM.fullmatch(system)):
        raise KeyNotUsable(pointer="/key")
    return Key(type=kind, system=system)


def is_field(name: str) -> bool:
    """Whether a column can fill it."""
    kind, _, system = name.partition(":")
    if system:
        return kind in (IdentifierType.EXTERNAL, IdentifierType.SOCIAL) and bool(SYSTEM.fullmatch(system))
    return name in PLAIN or name in SIMPLE_IDENTIFIERS or bool(FACT.fullmatch(name))


def fields_of(columns: Sequence[str], mapping: Mapping[str, str], key: Key | None) -> dict[str, str]:
    """The field of each column that has one; columns that nobody asked for and nobody knows are left out.

    The mapping may be written either way round, `{"column": "field"}` or `{"field": "column"}`. Raises MappingNotUsable.
    """
    given = _columns_first(columns, mapping)
    found = {column: given[column] if column in given else _usual(column) for column in columns if column}
    fields = {column: field for column, field in found.items() if field}
    if key is not None and key.field not in fields.values():
        stand_in = next((column for column in columns if column not in fields and _is_key_column(column, key)), None)
        if stand_in is None:
            raise MappingNotUsable(said("no column of the sheet holds the key {key}", key=key.field), pointer="/key")
        fields[stand_in] = key.field
    if not fields:
        raise MappingNotUsable("no column of the sheet is known; say in `mapping` which one fills which field", pointer="/mapping")
    return fields


def _columns_first(columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    if not all(column in columns for column in mapping) and all(column in columns for column in mapping.values()):
        mapping = {column: field for field, column in mapping.items()}
    for column, field in mapping.items():
        if column not in columns:
            raise MappingNotUsable(said("the sheet has no column '{column}'", column=column[:60]), pointer="/mapping")
        if field and not is_field(field):
            raise MappingNotUsable(said("customers have no field '{field}'", field=field[:60]), pointer="/mapping")
    return dict(mapping)


def _usual(column: str) -> str:
    if is_field(column):
        return column
    return USUAL.get(_bare(column), _bare(column) if is_field(_bare(column)) else "")


def _is_key_column(column: str, key: Key) -> bool:
    return _bare(column) in KEY_COLUMNS or _bare(column) in (_bare(key.system), _bare(key.field), _bare(f"{key.system}id"))


def _bare(column: str) -> str:
    return PUNCTUATION.sub("", column).lower()
