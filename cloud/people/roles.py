"""What needs a right besides the steps of evidence. Who has which right is in the rule pack (`rights`)."""

from enum import StrEnum


class Right(StrEnum):
    """What changes something, and so needs a role."""

    ADD_PERSON = "add_person"
    CHANGE_PERSON = "change_person"
    ADD_AGENT = "add_agent"
    UPDATE_AGENTS = "update_agents"
    MANAGE_WEBHOOKS = "manage_webhooks"
    OPEN_CASE = "open_case"
    REGISTER_ITEM = "register_item"
    FURNISH = "furnish"
    LOCATE = "locate"
    WATCH_LIVE = "watch_live"
    PROPOSE_RULES = "propose_rules"
    ISSUE_LABEL = "issue_label"
    ISSUE_PERMIT = "issue_permit"
    REVOKE_PERMIT = "revoke_permit"
    PLACE_HOLD = "place_hold"
    LIFT_HOLD = "lift_hold"
    EXPORT_BUNDLE = "export_bundle"
    CLEAR_ALARM = "clear_alarm"
    HANDLE_ALARM = "handle_alarm"
    ERASE = "erase"
    OPEN_STOCK_TAKE = "open_stock_take"
    COUNT_STOCK = "count_stock"
    ANSWER_DIFFERENCE = "answer_difference"
    ANALYSE = "analyse"
