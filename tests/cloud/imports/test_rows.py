"""Files are read or told what is wrong with them, without a database."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.imports.columns import COLUMNS, column_of
from cloud.imports.faults import WORDS
from cloud.imports.models import MAX_ROWS, RowFault
from cloud.imports.reading import guard, read_file, unguard
from cloud.imports.rows import NewRow, parse_seized, parse_yuan, read_rows, yuan_text
from tests.cloud.imports.files import HEADERS, ROWS, changed, csv_of

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def read(data: bytes, *, is_json: bool = False) -> tuple[list[NewRow], list[RowFault], str]:
    file = read_file(data, is_json=is_json)
    rows, faults = read_rows(file, NOW)
    return rows, faults, file.charset


def told(data: bytes, *, is_json: bool = False) -> list[tuple[int, str | None, str]]:
    return [(one.row, one.column, one.code) for one in read(data, is_json=is_json)[1]]


@pytest.mark.parametrize(
    ("codec", "charset"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-bom"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_the_same_rows_come_out_of_every_charset(codec: str, charset: str) -> None:
    rows, faults, found = read(csv_of(charset=codec))
    assert (faults, found) == ([], charset)
    assert [row.name for row in rows] == ["卷烟 硬盒 200支", "𠮷㐂牌雪茄", "=1+1"]
    assert rows[0] == NewRow(
        row=2, key="A-1", case_number="宁烟立〔2026〕第118号", case_title="无证运输", name="卷烟 硬盒 200支",
        quantity=50, unit="条", goods="tobacco", value_fen=1234560, seized_at=datetime(2026, 11, 21, 1, 30, tzinfo=UTC),
    )  # fmt: skip
    assert (rows[1].goods, rows[1].value_fen, rows[1].seized_at) == (None, 7, None)


def test_gbk_is_found_and_told() -> None:
    rows, faults, charset = read(csv_of([ROWS[0]], charset="gbk"))
    assert (len(rows), faults, charset) == (1, [], "gbk")
    assert read(csv_of()[:-40] + b"\xff\xff")[1][0].code == "charset"


def test_headers_are_taken_in_both_languages_and_as_spreadsheets_write_them() -> None:
    for column in COLUMNS:
        for header in (column.name, column.zh, f" {column.name.upper()} ", *column.others):
            assert column_of(header) == column.name
    assert column_of("价值（元）") == "value_yuan"
    assert column_of("备注") is None


def test_the_same_rows_come_out_of_json() -> None:
    content = [
        {"key": "A-1", "case_number": "1", "case_title": "t", "name": "n", "quantity": 5, "unit": "条", "value": 0.29},
        {"外部编号": 7, "案件编号": "1", "案件名称": "t", "物品名称": "n", "数量": "5", "单位": "条", "备注": "x"},
    ]
    file = read_file(json.dumps({"rows": content}).encode(), is_json=True)
    rows, faults = read_rows(file, NOW)
    assert (faults, file.ignored) == ([], ["备注"])
    assert [(row.row, row.key, row.quantity, row.value_fen) for row in rows] == [(1, "A-1", 5, 29), (2, "7", 5, None)]
    assert read(json.dumps(content).encode("gbk"), is_json=True)[0] == rows


WRONG: dict[str, tuple[list[list[str]], list[tuple[int, str | None, str]]]] = {
    "no quantity": (changed(0, quantity=""), [(2, "quantity", "missing")]),
    "no whole quantity": (changed(0, quantity="1.5"), [(2, "quantity", "quantity")]),
    "no quantity at all": (changed(1, quantity="0"), [(3, "quantity", "quantity")]),
    "too many": (changed(1, quantity="2147483648"), [(3, "quantity", "quantity")]),
    "a third decimal": (changed(0, value_yuan="1.005"), [(2, "value_yuan", "money")]),
    "a debt": (changed(0, value_yuan="-1"), [(2, "value_yuan", "money")]),
    "grouped by four": (changed(0, value_yuan="1,2345"), [(2, "value_yuan", "money")]),
    "a number for a time": (changed(0, seized_at="44521"), [(2, "seized_at", "time")]),
    "the thirtieth of February": (changed(0, seized_at="2026-02-30"), [(2, "seized_at", "time")]),
    "tomorrow": (changed(0, seized_at="2026-11-23 09:00"), [(2, "seized_at", "future")]),
    "a long name": (changed(2, name="长" * 201), [(4, "name", "too_long")]),
    "a break in a name": (changed(2, name="a\nb"), [(4, "name", "control")]),
    "a number a spreadsheet mangled": (changed(0, key="1.23E+11"), [(2, "key", "mangled")]),
    "no class of goods": (changed(0, goods="烟" * 33), [(2, "goods", "goods")]),
    "a number twice": (changed(2, key="A-1"), [(4, "key", "double_key")]),
    "two titles of a case": (changed(1, case_title="另案"), [(3, "case_title", "other_title")]),
    "several at once": (
        changed(1, key="", quantity="x", unit=""),
        [(3, "quantity", "quantity"), (3, "key", "missing"), (3, "unit", "missing")],
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_row_and_column(what: str) -> None:
    rows, expected = WRONG[what]
    assert told(csv_of(rows)) == expected


def test_a_double_number_names_both_rows() -> None:
    (one,) = read(csv_of(changed(2, key="A-1")))[1]
    assert (one.row, one.other_row) == (4, 2)
    assert one.zh == "外部编号：编号 A-1 在第 2 行和第 4 行重复"
    assert one.en == "key: the number A-1 is in the rows 2 and 4"


def test_a_file_that_is_none_is_told() -> None:
    assert told(b"") == [(0, None, "empty")]
    assert told(csv_of([])) == [(0, None, "empty")]
    assert told(b"PK\x03\x04 a workbook") == told(b"\xd0\xcf\x11\xe0 an old one") == [(0, None, "workbook")]
    assert told(b"\x89PNG\r\n") == told(b"%PDF-1.7") == told(b"%PDF-1.7", is_json=True) == [(0, None, "no_text")]
    assert told(csv_of(headers=[*HEADERS[:-1], "数量"])) == [(1, "quantity", "two_columns")]
    assert told(csv_of([row[1:] for row in ROWS], HEADERS[1:])) == [(1, "key", "no_column")]
    assert told(csv_of([[*ROWS[0], "more"]])) == [(2, None, "cells")]
    assert told(csv_of() + b'"open') == [(5, None, "csv")]
    assert told(b"{", is_json=True) == [(0, None, "json")]
    assert told(b'{"rows": [1]}', is_json=True) == [(0, None, "json_rows")]
    assert told(b"[" * 100_000, is_json=True) == [(0, None, "json")]
    assert (1, "name", "control") in told(b'[{"name": "\\ud800"}]', is_json=True)
    assert told(b'[{"key": true}]', is_json=True)[0] == (1, "quantity", "missing")
    many = [[f"K{number}", *ROWS[0][1:]] for number in range(MAX_ROWS + 1)]
    assert told(csv_of(many)) == [(0, None, "too_many_rows")]
    assert told(csv_of(many[:-1])) == []


def test_blank_rows_keep_the_numbers_of_the_others() -> None:
    rows, faults, _ = read(csv_of([ROWS[0], [""] * 9, ROWS[1]]))
    assert ([row.row for row in rows], faults) == ([2, 4], [])


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in (HEADERS, *ROWS))
    assert len(read(text.encode())[0]) == 3


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22T03:00:00Z", datetime(2026, 11, 22, 3, tzinfo=UTC)),
        ("2026-11-22T11:00:00.5+08:00", datetime(2026, 11, 22, 3, 0, 0, 500000, tzinfo=UTC)),
        ("2026年11月22日", datetime(2026, 11, 21, 16, tzinfo=UTC)),
        ("2026年1月2日 9时30分", datetime(2026, 1, 2, 1, 30, tzinfo=UTC)),
        ("2026/1/2 9:30:15", datetime(2026, 1, 2, 1, 30, 15, tzinfo=UTC)),
        ("0001-01-01", None),
        ("2026-11-22 25:00", None),
        ("yesterday", None),
    ],
)
def test_times_as_people_write_them(text: str, at: datetime | None) -> None:
    assert parse_seized(text) == at


@given(st.integers(0, 10**15))
def test_money_is_exact(fen: int) -> None:
    assert parse_yuan(yuan_text(fen)) == fen


@given(st.text())
def test_a_guarded_cell_is_no_formula_and_reads_back(cell: str) -> None:
    assert not guard(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguard(guard(cell)) == cell


@given(st.binary(max_size=300), st.booleans())
def test_noise_is_told_and_never_breaks(data: bytes, is_json: bool) -> None:
    rows, faults, _ = read(data, is_json=is_json)
    assert rows or faults


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_any_json_cell_is_told_or_taken(cell: Any) -> None:
    row = {"key": "1", "case_number": "1", "case_title": "t", "name": "n", "quantity": 1, "unit": "条"}
    for column in COLUMNS:
        data = json.dumps({"rows": [row | {column.name: cell}]}).encode("utf-8", "surrogatepass")
        rows, faults, _ = read(data, is_json=True)
        assert rows or faults


def test_every_fault_is_said_in_both_languages() -> None:
    for zh, en in WORDS.values():
        assert re.search(r"[\u4e00-\u9fff]", zh)
        assert en.isascii()
        assert re.findall(r"{\d}", zh) == re.findall(r"{\d}", en)


def test_what_later_columns_say_is_read_and_a_row_without_them_is_as_it_was() -> None:
    more = ["brand", "条码", "当事人", "车牌", "查获地点"]
    cells = ["中华", "6901028075831", "张三、李四, 张三", "苏A·12345；苏B1", "东山街道"]
    (row,), faults, _ = read(csv_of([[*ROWS[0], *cells]], [*HEADERS, *more]))
    assert faults == []
    assert (row.brand, row.sku, row.scene) == ("中华", "6901028075831", "东山街道")
    assert (row.parties, row.vehicles) == (("张三", "李四"), ("苏A·12345", "苏B1"))
    assert row.content()["parties"] == ["张三", "李四"]
    (plain,), _, _ = read(csv_of([[*ROWS[0], *[""] * 5]], [*HEADERS, *more]))
    assert plain.content() == read(csv_of(ROWS[:1]))[0][0].content()
    assert not plain.content().keys() & {"brand", "sku", "parties", "vehicles", "scene"}
    bad = ["", "6.9E+12", "、".join(map(str, range(21))), "长" * 201, ""]
    assert told(csv_of([[*ROWS[0], *bad]], [*HEADERS, *more])) == [
        (2, "sku", "mangled"), (2, "parties", "too_many_names"), (2, "vehicles", "too_long")
    ]  # fmt: skip
