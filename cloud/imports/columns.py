"""The columns of a file of items, by their English and Chinese headers."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the API and in English files, its Chinese header, what else it is called elsewhere."""

    name: str
    zh: str
    others: tuple[str, ...] = ()
    required: bool = False


FIRST = (
    Column("key", "外部编号", ("external_key", "id", "物品编号", "编号", "唯一编号"), required=True),
    Column("case_number", "案件编号", ("案号", "立案编号", "案件号"), required=True),
    Column("case_title", "案件名称", ("title", "案由", "案件标题"), required=True),
    Column("name", "物品名称", ("item", "item_name", "品名", "名称"), required=True),
    Column("quantity", "数量", (), required=True),
    Column("unit", "单位", ("计量单位",), required=True),
    Column("goods", "物品类别", ("类别", "goods_class")),
    Column("value_yuan", "价值(元)", ("value", "价值", "金额", "金额(元)", "value(yuan)")),
    Column("seized_at", "扣押时间", ("查获时间", "扣押日期")),
)

LATER = (
    Column("brand", "品牌", ("商标",)),
    Column("sku", "商品条码", ("条码", "barcode", "ean")),
    Column("parties", "当事人", ("当事人姓名", "party")),
    Column("vehicles", "车辆", ("车牌", "车牌号", "vehicle", "plate")),
    Column("scene", "查获地点", ("案发地点", "地点", "place")),
)
"""What cases and items are found to belong together by; in files after all others, whose places are known."""

COLUMNS = (*FIRST, *LATER)
"""What an import reads; the rest of a file is told as ignored."""

BESIDE = (
    Column("state", "状态"),
    Column("package", "封箱"),
    Column("source", "来源系统"),
    Column("source_key", "来源编号"),
)
"""What an export tells besides."""

BY_NAME: Mapping[str, Column] = {column.name: column for column in (*FIRST, *BESIDE, *LATER)}


def plain(header: str) -> str:
    """A header without what spreadsheets and people add to it: blanks, case, full-width forms."""
    return "".join(unicodedata.normalize("NFKC", header).lower().replace("\ufeff", "").split())


_NAMES = {plain(text): column.name for column in COLUMNS for text in (column.name, column.zh, *column.others)}


def column_of(header: str) -> str | None:
    """Which column a header names, None for one that an import does not read."""
    return _NAMES.get(plain(header))


def missing(found: Sequence[str]) -> list[Column]:
    """The required columns that are not among the names `found`."""
    return [column for column in COLUMNS if column.required and column.name not in found]
