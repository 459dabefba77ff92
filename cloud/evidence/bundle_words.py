"""What the statement in a bundle calls things, in Chinese and English."""

from collections.abc import Mapping
from typing import Any

Words = tuple[str, str]
"""Chinese, English."""

SUBJECTS: Mapping[str, Words] = {
    "item": ("涉案物品", "Evidence item"),
    "package": ("封箱", "Sealed package"),
    "case": ("案件", "Case"),
}

KINDS: Mapping[str, Words] = {
    "act_declined": ("不予同意", "Act declined"),
    "act_expired": ("事项逾期作废", "Act lapsed unsigned"),
    "act_proposed": ("发起事项", "Act asked for"),
    "act_refused": ("被规则拒绝", "Refused by a rule"),
    "act_signed": ("签字", "Act signed"),
    "agent_added": ("添加门口终端", "Gate agent added"),
    "agent_started": ("门口终端启动", "Gate agent started"),
    "alarm_clear_proposed": ("提议解除告警", "Clearing of an alarm proposed"),
    "alarm_cleared": ("告警解除", "Alarm cleared"),
    "alarm_raised": ("发出告警", "Alarm raised"),
    "batch_quarantined": ("异常报文已留存", "Unreadable message kept aside"),
    "break_glass_clip": ("紧急开启录像", "Clip of a break-glass opening"),
    "break_glass_closed": ("紧急开启结束", "Break-glass opening ended"),
    "break_glass_opened": ("紧急开启", "Opened by break-glass"),
    "bundle_exported": ("导出证据包", "Bundle exported"),
    "case_opened": ("立案登记", "Case opened"),
    "case_repinned": ("案件改用新规则", "Case put under other rules"),
    "checkpoint_refused": ("见证人拒绝联署检查点", "Witness refused a checkpoint"),
    "clock_stepped": ("时钟跳变", "Clock stepped"),
    "content_erased": ("依法删除内容", "Content erased on a legal ground"),
    "cosigned": ("见证人联署检查点", "Witness cosigned a checkpoint"),
    "custody_step": ("保管流转", "Step of custody"),
    "device_back": ("设备恢复", "Device back"),
    "device_lost": ("设备失联", "Device lost"),
    "difference_answered": ("盘库差异已答复", "Difference of a stock-take answered"),
    "erasure_proposed": ("提请删除内容", "Erasure of content proposed"),
    "exception_opened": ("紧急开启立案待查", "Break-glass opening to be reviewed"),
    "exception_recounted": ("紧急开启后重新盘库", "Recount after a break-glass opening"),
    "exception_reviewed": ("紧急开启已复核", "Break-glass opening reviewed"),
    "gate_moved": ("门动作", "Gate moved"),
    "heartbeat": ("在线信号", "Sign of life"),
    "hold_lifted": ("解除冻结", "Legal hold lifted"),
    "hold_placed": ("依法冻结", "Legal hold placed"),
    "import_taken": ("导入文件", "File imported"),
    "item_registered": ("物品登记", "Item registered"),
    "item_shelved": ("查验封签后上架", "Shelved, its seal checked"),
    "key_born": ("启用密钥", "Key taken into use"),
    "key_ended": ("停用密钥", "Key ended"),
    "label_issued": ("签发标签", "Label issued"),
    "labels_sent": ("标签送打印机", "Labels sent to a printer"),
    "movement_corroborated": ("传感器印证流转", "Movement corroborated by sensors"),
    "movement_uncorroborated": ("流转未获传感器印证", "Movement not corroborated by sensors"),
    "observation_explained": ("传感器变化已有记录解释", "What a sensor told is explained"),
    "observation_unexplained": ("传感器变化没有记录", "What a sensor told is in no record"),
    "order_answered": ("指令已答复", "Order answered"),
    "order_distrusted": ("收到不可信指令", "Untrusted order received"),
    "package_sealed": ("封箱并加封签", "Package sealed"),
    "passage_abandoned": ("门开后未通过", "Turned back at the open gate"),
    "passage_crossed": ("通过门口", "Went through the gate"),
    "passage_decided": ("在门口出示", "Shown at the gate"),
    "passkey_added": ("添加通行密钥", "Passkey added"),
    "passkey_removed": ("移除通行密钥", "Passkey removed"),
    "permit_granted": ("签发出入库许可", "Permit granted"),
    "permit_revoked": ("撤销出入库许可", "Permit revoked"),
    "person_added": ("添加人员", "Person added"),
    "person_changed": ("变更人员", "Person changed"),
    "person_disabled": ("停用账号", "Account disabled"),
    "person_enabled": ("恢复账号", "Account enabled"),
    "recording_blocked": ("终端无法记录", "Agent could not record"),
    "space_short": ("终端磁盘空间不足", "Disk full but for the reserve"),
    "space_back": ("终端磁盘空间恢复", "Room on the disk again"),
    "journal_renewed": ("终端记录文件已重建", "Journal made anew"),
    "fact_salvaged": ("从旧记录中抢救的事实", "Fact salvaged from an old journal"),
    "release_approved": ("批准出库", "Release approved"),
    "release_withdrawn": ("撤回出库批准", "Approval of release withdrawn"),
    "rules_adopted": ("规则生效", "Rules put in force"),
    "site_placed": ("库房归属机构", "Site placed under a unit"),
    "slot_changed": ("货位变化", "Slot changed"),
    "slots_added": ("添加货位", "Slots added"),
    "step_decided": ("终端办理", "Step taken at a rack"),
    "stock_take_closed": ("盘库结束", "Stock-take closed"),
    "stock_take_compared": ("盘库比对", "Stock-take compared"),
    "stock_take_counted": ("一人清点完毕", "Count of one person closed"),
    "stock_take_drawn": ("盘库样本已由账本抽取", "Sample drawn by the log"),
    "stock_take_joined": ("接手清点", "Seat of a counter taken"),
    "stock_take_opened": ("下达盘库", "Stock-take opened"),
    "task_granted": ("下达货架任务", "Task for a rack granted"),
    "task_revoked": ("撤销货架任务", "Task for a rack taken back"),
    "unit_added": ("添加组织机构", "Organisation unit added"),
    "weight_measured": ("称重", "Weight measured"),
    "zone_added": ("添加库区", "Zone added"),
}

STEPS: Mapping[str, Words] = {
    "register": ("登记", "Registered"),
    "void": ("作废", "Voided"),
    "seal": ("封箱并加封签", "Sealed"),
    "handover": ("交接", "Handed over"),
    "stock_in": ("入库", "Brought in"),
    "place": ("上架", "Placed in a slot"),
    "move": ("移位", "Moved to another slot"),
    "weigh": ("复称", "Weighed"),
    "open": ("开封", "Opened"),
    "reseal": ("重新封箱", "Sealed anew"),
    "repack": ("重新分装", "Packed anew"),
    "empty": ("确认清空", "Found empty"),
    "split": ("拆分", "Split"),
    "approve_release": ("批准借出", "Release approved"),
    "withdraw_release": ("撤回借出批准", "Approval of release withdrawn"),
    "stock_out": ("出库", "Taken out"),
    "shelve": ("查验封签后上架", "Shelved, its seal checked"),
    "declare_missing": ("报告下落不明", "Declared missing"),
    "found": ("找回", "Found again"),
    "approve_disposal": ("批准处置", "Disposal approved"),
    "withdraw_disposal": ("撤回处置批准", "Approval of disposal withdrawn"),
    "return_to_owner": ("发还", "Returned to its owner"),
    "auction": ("变卖", "Auctioned"),
    "transfer": ("移交", "Transferred"),
    "destroy": ("销毁", "Destroyed"),
    "correct": ("更正", "Corrected"),
    "adopt_rules": ("启用规则", "Rules put in force"),
    "repin_case": ("案件改用新规则", "Case put under other rules"),
    "review_exception": ("复核紧急开启", "Break-glass opening reviewed"),
    "sign": ("签字", "Signature"),
}
"""What is done by an act, by its action or the name of the decision."""

WAYS: Mapping[str, Words] = {"in": ("入库方向", "going in"), "out": ("出库方向", "going out")}

SEVERITIES: Mapping[str, Words] = {
    "info": ("提示", "info"),
    "warning": ("一般", "warning"),
    "major": ("重要", "major"),
    "critical": ("严重", "critical"),
}

REASONS: Mapping[str, Words] = {
    "unknown_label": ("标签无法识别", "Unknown label"),
    "forged_label": ("伪造标签", "Forged label"),
    "copied_label": ("标签被复制或已作废", "Copied or outdated label"),
    "other_site": ("其他仓库的标签", "Label of another warehouse"),
    "legal_hold": ("依法冻结", "Legal hold"),
    "no_permit": ("没有出入库许可", "No permit"),
    "wrong_gate": ("门口不符", "Wrong gate"),
    "wrong_direction": ("方向不符", "Wrong direction"),
    "already_spent": ("许可已使用", "Permit already used"),
    "clock_not_trustworthy": ("门口时钟不可信", "Gate clock not trustworthy"),
    "not_yet_valid": ("许可尚未生效", "Permit not yet valid"),
    "expired": ("许可已过期", "Permit expired"),
    "too_few_people": ("在场人数不足", "Too few people present"),
    "wrong_state": ("流程次序不符", "Step out of order"),
    "wrong_entrance": ("出入库只由门口认定", "Only a gate can tell this"),
    "wrong_kind": ("不适用于这类物品", "Not for this kind of thing"),
    "wrong_role": ("角色不符", "Not the role that is asked for"),
    "same_person": ("同一人签字两次", "The same person twice"),
    "same_credential": ("同一凭证代两人签字", "One credential for two people"),
    "own_work": ("审批自己经办的事项", "Approval of one's own work"),
    "not_present": ("未能同时在场", "Not all there at once"),
    "no_passkey": ("未用通行密钥签名", "Not signed with a passkey"),
    "too_few_hands": ("签字人数不足", "Hands are missing"),
    "missing_papers": ("手续不全", "Papers are missing"),
    "act_expired": ("逾期未签", "Not signed in time"),
    "unsuitable_slot": ("货位不合适", "Slot does not suit"),
    "packed": ("物品在封闭的箱内", "In a closed package"),
    "method_differs": ("处置方式与审批不一致", "Not the way that was approved"),
}

CAUSES: Mapping[str, Words] = {
    "quarantine": ("异常报文已留存", "Message kept aside"),
    "wrong_signature": ("签名错误", "Wrong signature"),
    "gap": ("事实缺失", "Facts missing"),
    "equivocation": ("同一事实出现两个版本", "Two versions of one fact"),
    "decision_differs": ("门口与云端判定不一致", "Gate and cloud decided differently"),
    "copied_label": ("标签被复制", "Copied label"),
    "forged_label": ("伪造标签", "Forged label"),
    "agent_offline": ("终端离线", "Gate agent offline"),
    "recording_blocked": ("无法记录", "Recording blocked"),
    "clock_set_back": ("终端时钟被拨回", "Clock of an agent set back"),
    "space_short": ("终端磁盘空间不足", "Disk of an agent full but for its reserve"),
    "journal_renewed": ("终端记录文件已重建", "Journal of an agent made anew"),
    "fact_salvaged": ("从旧记录中抢救的事实待核", "Facts salvaged from an old journal"),
    "crossed_without_decision": ("未经判定通过门口", "Gate crossed without a decision"),
    "illegal_step": ("流程次序不符", "Step out of order"),
    "malformed_fact": ("终端上报内容无法使用", "Unusable report from a gate agent"),
    "order_refused": ("终端拒绝指令", "Order refused by a gate agent"),
    "device_lost": ("设备失联", "Device lost"),
    "checkpoint_refused": ("见证方拒绝日志", "Witness refused the log"),
    "order_distrusted": ("收到不可信指令", "Untrusted order received"),
    "step_without_task": ("无任务办理", "Step without a task"),
    "stock_difference": ("盘库有差异", "Stock-take found differences"),
    "act_stuck": ("事项久未完成", "Act waits for too long"),
    "loan_overdue": ("借出逾期", "Loan overdue"),
    "weight_drift": ("重量不符", "Weight differs"),
    "seal_broken": ("封签破损", "Seal broken"),
    "handover_differs": ("交接有出入", "Differences at a handover"),
    "item_missing": ("物品下落不明", "Item missing"),
    "break_glass": ("紧急开启", "Opened by break-glass"),
    "case_clock": ("案件法定期限届满", "A legal time limit of a case has passed"),
    "exception_review_overdue": ("紧急开启逾期未复核", "Review of a break-glass opening overdue"),
    "goods_without_record": ("有实物移动而无记录", "Goods moved without a record"),
    "record_without_goods": ("有记录而无实物移动", "Record moved without goods"),
}

REFUSED: Words = ("拒绝通过", "refused")
ALLOWED: Words = ("准予通过", "allowed")
WITHHELD: Words = ("内容未予提供", "content withheld")
ERASED: Words = ("内容已依法删除", "content erased on a legal ground")
ROLES: Mapping[str, Words] = {
    "agent": ("门口终端", "gate agent"),
    "cloud": ("云端", "cloud"),
    "label": ("标签", "labels"),
    "log": ("账本", "log"),
    "person": ("人员", "person"),
    "witness": ("见证人", "witness"),
}
ENDS: Mapping[str, Words] = {
    "rotated": ("例行更换", "rotated"),
    "lost": ("遗失", "lost"),
    "revoked": ("吊销", "revoked"),
}


def kind_words(kind: str) -> Words:
    """What an entry of `kind` is called; a kind without a name is called by its own."""
    return KINDS.get(kind, (kind, kind))


def step_words(content: Mapping[str, Any]) -> Words:
    """What was done, or asked for, by an act of that content."""
    action = str(content.get("action"))
    return STEPS.get(action, (action, action))
