"""Names by which sheets call their columns, as this service calls its fields."""

import re
from collections.abc import Mapping

from service_kit.words.names import folded

PUNCTUATION = re.compile(r"[\s_\-.:()（）/*]+")
# What people write above their columns, without case, spaces and punctuation.
USUAL: Mapping[str, str] = {
    "姓名": "name", "名称": "name", "客户名称": "name", "客户姓名": "name", "客户": "name",
    "名稱": "name", "客戶名稱": "name", "客戶姓名": "name", "客戶": "name", "fullname": "name",
    "customername": "name", "customer": "name", "类型": "kind", "客户类型": "kind", "type": "kind",
    "語言": "language", "语言": "language", "lang": "language", "时区": "time_zone",
    "timezone": "time_zone", "所属机构": "unit", "行业类别": "sector", "角色": "roles",
    "role": "roles", "标签": "tags", "標籤": "tags", "tag": "tags", "客户经理": "account_manager",
    "accountmanager": "account_manager", "手机": "phone", "手机号": "phone", "手机号码": "phone",
    "手機": "phone", "手機號碼": "phone", "电话": "phone", "電話": "phone", "电话号码": "phone",
    "電話號碼": "phone", "联系电话": "phone", "聯繫電話": "phone", "聯絡電話": "phone",
    "mobile": "phone", "mobilephone": "phone", "tel": "phone", "telephone": "phone",
    "phonenumber": "phone", "邮箱": "email", "電郵": "email", "郵箱": "email", "电子邮箱": "email",
    "电子邮件": "email", "電子郵件": "email", "mail": "email", "emailaddress": "email",
    "身份证": "government_id", "身份证号": "government_id", "身份证号码": "government_id",
    "证件号码": "government_id", "governmentid": "government_id", "idcard": "government_id",
    "会员号": "loyalty", "会员卡号": "loyalty", "会员编号": "loyalty", "會員編號": "loyalty",
    "loyaltynumber": "loyalty", "微信": "wechat", "微信号": "wechat", "生日": "basic.birth_date",
    "出生日期": "basic.birth_date", "birthdate": "basic.birth_date", "birthday": "basic.birth_date",
    "dateofbirth": "basic.birth_date", "性别": "basic.sex", "性別": "basic.sex", "sex": "basic.sex",
    "gender": "basic.sex", "职业": "basic.profession", "職業": "basic.profession",
    "profession": "basic.profession", "学历": "basic.education", "學歷": "basic.education",
    "education": "basic.education", "行业": "basic.industry", "行業": "basic.industry",
    "industry": "basic.industry", "简称": "basic.short_name", "曾用名": "basic.former_names",
    "地址": "basic.address", "address": "basic.address", "爱好": "characteristics.hobbies",
    "愛好": "characteristics.hobbies", "hobbies": "characteristics.hobbies",
    "donotcontact": "do_not_contact", "请勿打扰": "do_not_contact",
}  # fmt: skip
KEY_COLUMNS = (
    "id",
    "externalid",
    "customerid",
    "编号",
    "編號",
    "客户编号",
    "客户id",
    "code",
    "number",
)
# Companies: the name of the customer where nobody else is named, else whom somebody works for,
# which no field takes yet.
COMPANY = frozenset(
    {
        "公司", "公司名", "公司名称", "公司全称", "企业", "企业名称", "单位", "单位名称",
        "工作单位", "所在单位", "机构", "机构名称", "公司名稱", "單位", "company", "companyname",
        "organization", "organizationname", "employer", "account", "accountname",
    }
)  # fmt: skip
# Somebody to speak to at the customer, and parts of names: who is named so is a person, though no
# field takes it yet.
CONTACT = frozenset(
    {
        "联系人",
        "联系人姓名",
        "联络人",
        "聯絡人",
        "聯繫人",
        "contact",
        "contactname",
        "contactperson",
        "对接人",
    }
)
NAME_PARTS = frozenset(
    {
        "firstname",
        "lastname",
        "givenname",
        "familyname",
        "surname",
        "middlename",
        "姓",
        "名",
        "姓氏",
        "名字",
    }
)


def bare(column: str) -> str:
    # British spelling is the same column.
    return PUNCTUATION.sub("", folded(column)).replace("isation", "ization")
