"""What the words of a case are called in the two languages."""

from collections.abc import Mapping

from complaints.case.moves import Move, State
from complaints.case.records import RemedyType, Verdict

Label = Mapping[str, str]


def _label(chinese: str, english: str) -> Label:
    return {"zh-CN": chinese, "en": english}


STATES: Mapping[State, Label] = {
    State.RECEIVED: _label("已记录", "Received"),
    State.ACKNOWLEDGED: _label("已受理", "Acknowledged"),
    State.ASSESSED: _label("已判断，待定责任部门", "Assessed, waiting for the responsible department"),
    State.NOT_UPHELD: _label("不成立，待答复", "Not upheld, waiting for our answer"),
    State.ASSIGNED: _label("已确定责任部门，正在分析原因", "With the responsible department"),
    State.ANALYZED: _label("原因已查明，正在制定方案", "Cause found, waiting for a proposal"),
    State.PROPOSED: _label("方案待批示", "Proposal waiting for approval"),
    State.APPROVED: _label("方案已批准，正在实施", "Proposal approved, being carried out"),
    State.IMPLEMENTED: _label("已实施，待答复", "Carried out, waiting for our answer"),
    State.ANSWERED: _label("已答复", "Answered"),
    State.ACCEPTED: _label("客户已接受", "Accepted by the customer"),
    State.DISPUTED: _label("客户不接受", "Not accepted by the customer"),
    State.CLOSED: _label("已结案", "Closed"),
    State.WITHDRAWN: _label("已撤回", "Withdrawn"),
    State.REOPENED: _label("已重新受理", "Reopened"),
    State.PAUSED: _label("等待客户", "Waiting for the customer"),
}

MOVES: Mapping[Move, Label] = {
    Move.ACKNOWLEDGEMENT: _label("受理通知", "Acknowledge"),
    Move.VALIDITY: _label("判断是否成立", "Judge the validity"),
    Move.RESPONSIBILITY: _label("确定责任部门", "Name the responsible department"),
    Move.CAUSE: _label("分析原因", "Analyze the cause"),
    Move.PROPOSAL: _label("提出处理方案", "Propose remedies"),
    Move.APPROVAL: _label("主管批示", "Decide on the proposal"),
    Move.IMPLEMENTATION: _label("实施", "Carry out"),
    Move.RESPONSE: _label("答复客户", "Answer the customer"),
    Move.FEEDBACK: _label("客户反馈", "Record the customer's feedback"),
    Move.SUMMARY: _label("总结评价", "Sum up and close"),
    Move.WITHDRAWAL: _label("撤回", "Withdraw"),
    Move.REOPENING: _label("重新受理", "Reopen"),
    Move.REASSIGNMENT: _label("转派", "Reassign"),
    Move.PAUSE: _label("暂停(等待客户)", "Pause, waiting for the customer"),
    Move.RESUMPTION: _label("恢复处理", "Resume"),
}

VERDICTS: Mapping[Verdict, Label] = {
    Verdict.UPHELD: _label("您的投诉成立", "Your complaint is justified"),
    Verdict.PARTLY_UPHELD: _label("您的投诉部分成立", "Your complaint is justified in part"),
    Verdict.NOT_UPHELD: _label("我们未能认定您的投诉成立", "We could not find your complaint justified"),
    Verdict.UNDECIDABLE: _label("现有情况尚不足以判断您的投诉是否成立", "What we know does not decide whether your complaint is justified"),
}

REMEDIES: Mapping[RemedyType, Label] = {
    RemedyType.REFUND: _label("退款", "Refund"),
    RemedyType.EXCHANGE: _label("换货", "Exchange"),
    RemedyType.REPAIR: _label("维修", "Repair"),
    RemedyType.REPLACEMENT: _label("更换", "Replacement"),
    RemedyType.HELP: _label("协助", "Help"),
    RemedyType.INFORMATION: _label("说明", "Information"),
    RemedyType.MONEY: _label("经济补偿", "Compensation"),
    RemedyType.APOLOGY: _label("致歉", "Apology"),
    RemedyType.GIFT: _label("赠礼", "Gift"),
    RemedyType.VISIT: _label("上门拜访", "Visit"),
    RemedyType.EXTENDED_PAYMENT: _label("延期付款", "Extended payment"),
}
