"""How the statement in a bundle tells of a correction, in Chinese and English: the old words beside the new."""

from collections.abc import Mapping
from typing import Any

from cloud.evidence.bundle_words import Words

FIELDS: Mapping[str, Words] = {
    "name": ("品名", "name"),
    "brand": ("品牌", "brand"),
    "sku": ("商品条码", "code on the goods"),
    "quantity": ("数量", "quantity"),
    "unit": ("单位", "unit"),
    "goods": ("类别", "class of goods"),
    "value_fen": ("价值（分）", "value in fen"),
    "weight_g": ("重量（克）", "weight in g"),
    "size": ("尺寸", "size"),
    "title": ("案由", "title"),
    "parties": ("当事人", "people"),
    "vehicles": ("车辆", "vehicles"),
    "scene": ("查获地点", "scene"),
}
"""What a correction can change."""


def correction_words(content: Mapping[str, Any]) -> Words:
    """The old words beside the new, and which entry told the old ones."""
    details, was = content["details"], content["was"]
    now = details.get("changes") or details.get("particulars", {})
    changed = [(FIELDS.get(name, (name, name)), _told(was.get(name)), _told(value)) for name, value in now.items()]
    zh = "；".join(f"{field[0]}由“{old}”更正为“{new}”" for field, old, new in changed)
    en = "; ".join(f"{field[1]} from “{old}” to “{new}”" for field, old, new in changed)
    return (f"{zh}（原记录 {details['cites']}）", f"{en} (corrects entry {details['cites']})")


def _told(value: Any) -> str:
    if value is None or value == []:
        return "—"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
