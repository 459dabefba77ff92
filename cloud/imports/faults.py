"""What can be wrong with a file of items, in Chinese and English, and how an import says so."""

from collections.abc import Sequence

from cloud.errors import ConflictError, InvalidError
from cloud.imports.columns import BY_NAME
from cloud.imports.models import MAX_ROWS, MOST_FAULTS, RowFault

WORDS: dict[str, tuple[str, str]] = {
    "workbook": (
        "这是表格工作簿（如 .xlsx），请在表格软件中另存为 CSV 后再导入",
        "a workbook such as .xlsx: save it as CSV in the spreadsheet, then import that",
    ),
    "no_text": (
        "这是图片、PDF 之类的文件，不是文本；请选择 CSV 或 JSON 文件",
        "a picture, a PDF or the like, and no text: choose a CSV or JSON file",
    ),
    "charset": (
        "文件既不是 UTF-8 也不是 GB18030 编码（第 {0} 字节起），请另存为 UTF-8 后再导入",
        "neither UTF-8 nor GB18030, from byte {0} on: save it as UTF-8, then import that",
    ),
    "csv": (
        "从此行起不是有效的 CSV，请检查引号是否成对",
        "no CSV from this row on; look whether its quotation marks come in pairs",
    ),
    "json": ("从第 {0} 行第 {1} 个字符起不是有效的 JSON", "no JSON from line {0}, character {1} on"),
    "json_rows": (
        'JSON 须为 {{"rows": [{{…}}, …]}}，每项一件物品',
        'must be {{"rows": [{{...}}, ...]}}, with an item in each',
    ),
    "empty": (
        "没有数据行：第一行是表头，其后每行一件物品",
        "no rows: the first line holds the headers, each further line an item",
    ),
    "too_many_rows": (f"共 {{0}} 行，一次最多 {MAX_ROWS} 行", f"{{0}} rows; {MAX_ROWS} is the most"),
    "no_column": ("缺少列“{0}”", "the column {0} is missing"),
    "two_columns": ("列“{0}”出现两次", "the column {0} is there twice"),
    "cells": ("此行有 {0} 个单元格，表头有 {1} 个", "{0} cells, while there are {1} headers"),
    "missing": ("必须填写", "must be filled in"),
    "text": ("必须是文字", "must be a text"),
    "too_long": ("超过 {0} 个字符", "more than {0} characters"),
    "too_many_names": ("超过 {0} 个", "more than {0} of them"),
    "control": ("含有不可见的控制字符", "holds control characters"),
    "mangled": ("编号被电子表格改成了科学计数法：{0}", "a number that a spreadsheet has mangled: {0}"),
    "quantity": ("必须是 1 至 {0} 的整数：{1}", "must be a whole number from 1 to {0}: {1}"),
    "money": ("必须是金额，精确到分：{0}", "must be an amount in yuan, exact to the fen: {0}"),
    "time": ("不是时间，如 2026-11-22 11:30：{0}", "not a time such as 2026-11-22 11:30: {0}"),
    "future": ("时间在将来：{0}", "a time in the future: {0}"),
    "goods": ("规则中没有这一物品类别：{0}", "no class of goods of the rules: {0}"),
    "double_key": ("编号 {0} 在第 {1} 行和第 {2} 行重复", "the number {0} is in the rows {1} and {2}"),
    "other_title": ("案件 {0} 的名称与第 {1} 行不同", "the case {0} has another title than in row {1}"),
    "case_differs": ("案件 {0} 已以另一名称立案：{1}", "the case {0} was opened with another title: {1}"),
    "conflict": (
        "编号 {0} 已登记为 {1}，内容不同；更正须另行办理",
        "the number {0} was imported as {1} with other content; a correction is an act of its own",
    ),
    "erased": ("编号 {0}（{1}）的内容已依法删除", "the content of the number {0} ({1}) was erased"),
}
"""Every code, with what it says."""

COLLISIONS = frozenset({"conflict", "case_differs", "erased"})
"""Faults not of the file, but of what is here already."""


def fault(code: str, row: int, column: str | None, *told: object, other_row: int | None = None) -> RowFault:
    """The fault `code` in a row and column."""
    zh, en = WORDS[code]
    if column is not None:
        zh, en = f"{BY_NAME[column].zh}：{zh}", f"{column}: {en}"
    return RowFault(
        row=row, column=column, code=code, zh=zh.format(*told), en=en.format(*told), other_row=other_row
    )  # fmt: skip


class _Faulty:
    """All that is wrong: `faults` are the first of them, `count` is how many there are."""

    faults: list[RowFault]
    count: int

    def _take(self, faults: Sequence[RowFault]) -> None:
        self.faults, self.count = list(faults[:MOST_FAULTS]), len(faults)


class ImportFaultsError(InvalidError, _Faulty):
    """A file with faults; nothing of it was taken."""

    diagnosis = "文件有误，未导入任何内容。The file has faults; nothing of it was taken."

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__("import_faults", _first(faults))
        self._take(faults)


class ImportConflictError(ConflictError, _Faulty):
    """A file that says otherwise than what is here; nothing of it was taken."""

    diagnosis = "文件与已有内容不一致，未导入任何内容。The file contradicts what is here; nothing of it was taken."

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__("import_conflict", _first(faults))
        self._take(faults)


def _first(faults: Sequence[RowFault]) -> str:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"row {faults[0].row}: {faults[0].en}{more}"
