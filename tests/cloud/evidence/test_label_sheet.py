"""Sheets of stickers are rendered to pixels and every code is read back."""

import re
from typing import Any

import numpy as np
import pytest

from cloud.errors import InvalidError
from cloud.evidence.label_sheet import TEMPLATE, ToPrint, draw_sheets, layout_of, layouts, sheet_data
from cloud.evidence.typesetting import set_picture
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.evidence.labels import codes_in, grey, label_of
from tests.cloud.evidence.warehouse import made, warehouse

DPI = 220


def picture(labels: list[ToPrint], layout: str, start: int = 1) -> np.ndarray:
    return grey(set_picture(TEMPLATE, sheet_data(labels, layout_of(layout), start), DPI))


@pytest.mark.parametrize("code", list(layouts()))
def test_a_full_sheet_fits_on_its_paper_and_every_code_is_read(code: str) -> None:
    layout = layout_of(code)
    right = layout.left + layout.columns * layout.width + (layout.columns - 1) * layout.gap_x
    bottom = layout.top + layout.rows * layout.height + (layout.rows - 1) * layout.gap_y
    assert right <= layout.paper[0] + 0.01
    assert bottom <= layout.paper[1] + 0.01
    labels = [label_of(number) for number in range(layout.stickers)]
    assert codes_in(picture(labels, code)) == sorted(label.text for label in labels)


def test_used_stickers_stay_empty() -> None:
    layout = layout_of("a4-21")
    page = picture([label_of(1), label_of(2)], "a4-21", start=18)
    one = layout.height / 25.4 * DPI
    top = layout.top / 25.4 * DPI
    assert page[: int(top + 5 * one)].min() == 255  # stickers 1 to 15
    last = page[int(top + 5 * one) : int(top + 6 * one)]
    third = last.shape[1] // 3
    assert [last[:, column * third : (column + 1) * third].min() < 128 for column in range(3)] == [False, False, True]
    assert len(codes_in(page)) == 2


def test_the_quiet_zone_is_kept_whatever_the_words_are() -> None:
    long = "一箱没有任何标识的、外包装破损的、疑似假冒的卷烟 " * 8
    for name, case in ((long, long), ("", ""), ("W" * 200, "x" * 200)):
        labels = [label_of(number, name, case) for number in range(65)]
        assert len(codes_in(picture(labels, "a4-65"))) == 65


def test_rare_characters_are_not_left_out() -> None:
    plain, rare = picture([label_of(1, "牌")], "a4-21"), picture([label_of(1, "𠮷㐂牌")], "a4-21")
    assert (rare < 128).sum() > (plain < 128).sum() + 500


def test_the_same_labels_give_the_same_bytes_over_several_sheets() -> None:
    labels = [label_of(number) for number in range(30)]
    pdf = draw_sheets(labels, layout_of("a4-21"), 20)
    assert pdf.startswith(b"%PDF-")
    assert pdf == draw_sheets(labels, layout_of("a4-21"), 20) != draw_sheets(labels, layout_of("a4-21"), 19)
    assert [len(sheet) for sheet in sheet_data(labels, layout_of("a4-21"), 20)["sheets"]] == [2, 21, 7]
    assert re.search(rb"/Count 3\b", pdf)
    with pytest.raises(InvalidError, match="sticker 22 of 21"):
        draw_sheets(labels, layout_of("a4-21"), 22)


async def test_many_labels_are_issued_at_once_and_printed_as_a_sheet(office: Office) -> None:
    store = await warehouse(office)
    new = {"case_id": store.case, "name": "茶叶", "quantity": 3, "unit": "盒"}
    items = [made(await store.inspector.post("items", json=new))["id"] for _ in range(3)]
    before = (await office.rows("SELECT count(*) AS n FROM record WHERE kind = 'label_issued'"))[0]["n"]
    rows = made(await store.keeper.post("labels/batch", json={"thing_ids": [*items, store.package]}))["rows"]
    assert [(row["thing_id"], row["issue"]) for row in rows] == [*((item, 1) for item in items), (store.package, 2)]
    after = (await office.rows("SELECT count(*) AS n FROM record WHERE kind = 'label_issued'"))[0]["n"]
    assert after - before == 4
    asked: dict[str, Any] = {"thing": [*items, store.package], "layout": "a4-65", "start": 2}
    sheet = await store.keeper.get("labels/sheet.pdf", params=asked)
    assert sheet.status_code == 200, sheet.text
    assert sheet.headers["content-type"] == "application/pdf"
    assert sheet.content == (await store.keeper.get("labels/sheet.pdf", params=asked)).content
    layouts_told = (await store.keeper.get("labels/layouts")).json()["rows"]
    assert {row["code"]: row["stickers"] for row in layouts_told} == {
        "a4-8": 8, "a4-21": 21, "a4-24": 24, "a4-40": 40, "a4-65": 65,
    }  # fmt: skip
    problem(await store.keeper.get("labels/sheet.pdf", params=asked | {"layout": "a5"}), 422, "no_such_layout")
    problem(await store.keeper.get("labels/sheet.pdf", params=asked | {"start": 66}), 422, "no_such_sticker")
    problem(await store.keeper.get("labels/sheet.pdf", params={"thing": store.case}), 404, "not_found")
    problem(await store.keeper.get("labels/sheet.pdf"), 422, "invalid")
    problem(await store.keeper.post("labels/batch", json={"thing_ids": [items[0], "nj01/I-NONE"]}), 404, "not_found")
    auditor = await office.signed_in(Role.AUDITOR)
    problem(await auditor.post("labels/batch", json={"thing_ids": items}), 403, "forbidden")
    newest = (await auditor.get(f"items/{items[0]}")).json()["label_issue"]
    assert newest == 1  # the batch that failed left nothing
