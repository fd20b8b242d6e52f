"""Titles of what programs tell, in both languages."""

from collections.abc import Mapping

from service_kit.words.language import spoken

from customer_profile.customer.facts import Json

LABELS: Mapping[str, Mapping[str, str]] = {
    "customer.imported": {"zh-CN": "客户资料已导入", "en": "Customer imported"},
    "customer.updated_by_import": {"zh-CN": "客户资料由导入更新", "en": "Customer updated by an import"},
    "care_task.created": {"zh-CN": "关怀任务：{plan}", "en": "Care task: {plan}"},
    "care_task.completed": {"zh-CN": "关怀任务已完成：{plan}", "en": "Care task done: {plan}"},
    "care_task.skipped": {"zh-CN": "关怀任务未执行：{plan}", "en": "Care task skipped: {plan}"},
    "tier.changed": {"zh-CN": "星级由 {old} 调整为 {new}", "en": "Tier changed from {old} to {new} stars"},
    "tier.first": {"zh-CN": "首次评定星级：{new}", "en": "Rated {new} stars for the first time"},
    "contact.voice": {"zh-CN": "来电", "en": "Call"},
    "contact.chat": {"zh-CN": "在线会话", "en": "Chat"},
    "contact": {"zh-CN": "联系", "en": "Contact"},
    "complaint.received": {"zh-CN": "投诉 {number} 已受理", "en": "Complaint {number} received"},
    "complaint.acknowledged": {"zh-CN": "投诉 {number} 已确认", "en": "Complaint {number} acknowledged"},
    "complaint.assessed": {"zh-CN": "投诉 {number} 已判断是否成立", "en": "Complaint {number} assessed"},
    "complaint.assigned": {"zh-CN": "投诉 {number} 已确定责任部门", "en": "Complaint {number} assigned to a department"},
    "complaint.analyzed": {"zh-CN": "投诉 {number} 原因已分析", "en": "Complaint {number} analyzed"},
    "complaint.proposed": {"zh-CN": "投诉 {number} 已提出处理方案", "en": "Complaint {number} has a proposal"},
    "complaint.approved": {"zh-CN": "投诉 {number} 方案已批准", "en": "Complaint {number} approved"},
    "complaint.returned": {"zh-CN": "投诉 {number} 方案已退回", "en": "Complaint {number} returned"},
    "complaint.rejected": {"zh-CN": "投诉 {number} 方案已驳回", "en": "Complaint {number} rejected"},
    "complaint.implementation": {"zh-CN": "投诉 {number} 开始实施", "en": "Complaint {number} in implementation"},
    "complaint.implemented": {"zh-CN": "投诉 {number} 已实施", "en": "Complaint {number} implemented"},
    "complaint.answered": {"zh-CN": "投诉 {number} 已答复", "en": "Complaint {number} answered"},
    "complaint.feedback": {"zh-CN": "投诉 {number} 客户已反馈", "en": "Complaint {number} got the customer's feedback"},
    "complaint.closed": {"zh-CN": "投诉 {number} 已结案", "en": "Complaint {number} closed"},
    "complaint.not_upheld": {"zh-CN": "投诉 {number} 判定不成立", "en": "Complaint {number} not upheld"},
    "complaint.paused": {"zh-CN": "投诉 {number} 已暂停", "en": "Complaint {number} paused"},
    "complaint.resumed": {"zh-CN": "投诉 {number} 已恢复", "en": "Complaint {number} resumed"},
    "complaint.reassigned": {"zh-CN": "投诉 {number} 已转交", "en": "Complaint {number} reassigned"},
    "complaint.reopened": {"zh-CN": "投诉 {number} 已重新受理", "en": "Complaint {number} reopened"},
    "complaint.withdrawn": {"zh-CN": "投诉 {number} 已撤回", "en": "Complaint {number} withdrawn"},
    "complaint.escalated": {"zh-CN": "投诉 {number} 已升级", "en": "Complaint {number} escalated"},
    "complaint": {"zh-CN": "投诉 {number}", "en": "Complaint {number}"},
}


def titled(label: str, details: Mapping[str, Json], language: str) -> str:
    """The title of a label, its places filled from the details; an unknown label falls back to the part before its dot."""
    texts = LABELS.get(label) or LABELS.get(label.partition(".")[0])
    if texts is None:
        return label
    title = spoken(texts, language)
    for name, value in details.items():
        title = title.replace(f"{{{name}}}", "" if value is None else str(value))
    return title
