"""What a person is at work. Which of them may do what is in the rule pack."""

from custody.words import Word


class Role(Word):
    """What a person is at their site; one person may be several."""

    INSPECTOR = "inspector"  # 稽查员: seizes, registers, hands over
    CASE_HANDLER = "case_handler"  # 办案人: leads the case, asks for release and disposal
    KEEPER = "keeper"  # 仓库保管员: holds the goods
    BOOKKEEPER = "bookkeeper"  # 记账员: counts beside the keeper
    APPROVER = "approver"  # 审批人
    LEADER = "leader"  # 领导: approves what is above an approver
    SUPERVISOR = "supervisor"  # 内管: watches, orders, witnesses; changes nothing
    OPERATOR = "operator"  # 值班员: answers alarms
    AUDITOR = "auditor"  # reads, exports, checks
    ADMIN = "admin"  # accounts and machines; nothing of evidence
