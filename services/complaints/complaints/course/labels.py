"""What states and moves are called in the two languages."""

from collections.abc import Mapping

from complaints.course.domain import Move, State

Label = Mapping[str, str]


def label(chinese: str, english: str) -> Label:
    return {"zh-CN": chinese, "en": english}


STATES: Mapping[State, Label] = {
    State.RECEIVED: label("已记录", "Received"),
    State.ACKNOWLEDGED: label("已受理", "Acknowledged"),
    State.ASSESSED: label("已判断，待定责任部门", "Assessed, waiting for the responsible department"),
    State.NOT_UPHELD: label("不成立，待答复", "Not upheld, waiting for our answer"),
    State.ASSIGNED: label("已确定责任部门，正在分析原因", "With the responsible department"),
    State.ANALYZED: label("原因已查明，正在制定方案", "Cause found, waiting for a proposal"),
    State.PROPOSED: label("方案待批示", "Proposal waiting for approval"),
    State.APPROVED: label("方案已批准，正在实施", "Proposal approved, being carried out"),
    State.IMPLEMENTED: label("已实施，待答复", "Carried out, waiting for our answer"),
    State.ANSWERED: label("已答复", "Answered"),
    State.ACCEPTED: label("客户已接受", "Accepted by the customer"),
    State.DISPUTED: label("客户不接受", "Not accepted by the customer"),
    State.CLOSED: label("已结案", "Closed"),
    State.WITHDRAWN: label("已撤回", "Withdrawn"),
    State.REOPENED: label("已重新受理", "Reopened"),
    State.PAUSED: label("等待客户", "Waiting for the customer"),
}

MOVES: Mapping[Move, Label] = {
    Move.ACKNOWLEDGEMENT: label("受理通知", "Acknowledge"),
    Move.VALIDITY: label("判断是否成立", "Judge the validity"),
    Move.RESPONSIBILITY: label("确定责任部门", "Name the responsible department"),
    Move.CAUSE: label("分析原因", "Analyze the cause"),
    Move.PROPOSAL: label("提出处理方案", "Propose remedies"),
    Move.APPROVAL: label("主管批示", "Decide on the proposal"),
    Move.IMPLEMENTATION: label("实施", "Carry out"),
    Move.RESPONSE: label("答复客户", "Answer the customer"),
    Move.FEEDBACK: label("客户反馈", "Record the customer's feedback"),
    Move.SUMMARY: label("总结评价", "Sum up and close"),
    Move.WITHDRAWAL: label("撤回", "Withdraw"),
    Move.REOPENING: label("重新受理", "Reopen"),
    Move.REASSIGNMENT: label("转派", "Reassign"),
    Move.PAUSE: label("暂停(等待客户)", "Pause, waiting for the customer"),
    Move.RESUMPTION: label("恢复处理", "Resume"),
}
