"""What verdicts and remedies are called in letters."""

from collections.abc import Mapping

from complaints.course.labels import Label, label
from complaints.words import RemedyType, Verdict

VERDICTS: Mapping[Verdict, Label] = {
    Verdict.UPHELD: label("您的投诉成立", "Your complaint is justified"),
    Verdict.PARTLY_UPHELD: label("您的投诉部分成立", "Your complaint is justified in part"),
    Verdict.NOT_UPHELD: label("我们未能认定您的投诉成立", "We could not find your complaint justified"),
    Verdict.UNDECIDABLE: label("现有情况尚不足以判断您的投诉是否成立", "What we know does not decide whether your complaint is justified"),
}

REMEDIES: Mapping[RemedyType, Label] = {
    RemedyType.REFUND: label("退款", "Refund"),
    RemedyType.EXCHANGE: label("换货", "Exchange"),
    RemedyType.REPAIR: label("维修", "Repair"),
    RemedyType.REPLACEMENT: label("更换", "Replacement"),
    RemedyType.HELP: label("协助", "Help"),
    RemedyType.INFORMATION: label("说明", "Information"),
    RemedyType.MONEY: label("经济补偿", "Compensation"),
    RemedyType.APOLOGY: label("致歉", "Apology"),
    RemedyType.GIFT: label("赠礼", "Gift"),
    RemedyType.VISIT: label("上门拜访", "Visit"),
    RemedyType.EXTENDED_PAYMENT: label("延期付款", "Extended payment"),
}
