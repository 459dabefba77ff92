"""What label printers are sent: golden bytes, and pictures that are read back."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.errors import InvalidError
from cloud.evidence.label_print import Stock, draw_label, tspl, zpl
from cloud.evidence.png import PngError, read_png
from tests.cloud.api import Office, problem
from tests.cloud.evidence.labels import codes_in, grey, label_of
from tests.cloud.evidence.warehouse import made, warehouse

GOLDEN = Path(__file__).parent / "golden"
SMALL = np.array([[1, 0, 0, 0, 0, 0, 0, 0, 1], [1, 1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 1]], np.bool_)


def as_grey(bitmap: np.ndarray) -> np.ndarray:
    return np.where(bitmap, 0, 255).astype(np.uint8)


def test_the_bytes_are_those_that_printers_were_always_sent() -> None:
    assert tspl(SMALL, Stock(40, 30)) == (GOLDEN / "small.tspl").read_bytes()
    assert zpl(SMALL) == (GOLDEN / "small.zpl").read_bytes()


@given(st.integers(1, 40), st.integers(1, 20), st.data())
def test_both_languages_carry_every_dot(width: int, height: int, data: st.DataObject) -> None:
    dots = data.draw(st.lists(st.booleans(), min_size=width * height, max_size=width * height))
    bitmap = np.array(dots, np.bool_).reshape(height, width)
    match = re.search(rb"BITMAP 0,0,(\d+),(\d+),0,(.*)\r\nPRINT 1,1\r\n$", tspl(bitmap, Stock()), re.DOTALL)
    assert match is not None
    line = int(match[1])
    read = np.unpackbits(np.frombuffer(match[3], np.uint8).reshape(height, line), axis=1)
    assert (read[:, :width] == ~bitmap).all()
    assert read[:, width:].all()  # what is beyond the label stays white
    field = re.fullmatch(
        rb"\^XA\^PW\d+\^LL\d+\^LH0,0\^FO0,0\^GFA,(\d+),\1,(\d+),([0-9A-F]+)\^FS\^PQ1\^XZ\n", zpl(bitmap)
    )
    assert field is not None
    drawn = np.unpackbits(np.frombuffer(bytes.fromhex(field[3].decode()), np.uint8).reshape(height, line), axis=1)
    assert (drawn[:, :width] == bitmap).all()
    assert not drawn[:, width:].any()


@pytest.mark.parametrize("stock", [Stock(), Stock(40, 30), Stock(50, 50), Stock(30, 60), Stock(100, 70, 300),
                                   Stock(40, 30, 600)])  # fmt: skip
@pytest.mark.parametrize("name", ["茶叶", "一箱没有任何标识的、外包装破损的、疑似假冒的卷烟" * 6])
def test_the_code_is_read_back_from_every_size(stock: Stock, name: str) -> None:
    label = label_of(7, name)
    bitmap = draw_label(label, stock)
    assert bitmap.shape == (stock.dots(stock.height_mm), stock.dots(stock.width_mm))
    assert codes_in(as_grey(bitmap)) == [label.text]


def test_the_words_are_there_rare_ones_too() -> None:
    def black(name: str) -> int:
        return int(draw_label(label_of(1, name), Stock()).sum())

    assert black("") < black("牌") < black("㐂牌") < black("𠮷㐂牌")


def test_a_label_on_which_the_code_would_run_together_is_not_drawn() -> None:
    with pytest.raises(InvalidError, match="a code of 49 modules does not fit on 20 × 15 mm at 203 dpi"):
        draw_label(label_of(1), Stock(20, 15))


async def test_a_label_is_drawn_for_either_printer(office: Office) -> None:
    store = await warehouse(office)
    answer = await store.keeper.get(f"labels/{store.item}.tspl", params={"width_mm": 40, "height_mm": 30})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.content.startswith(b"SIZE 40 mm,30 mm\r\nGAP 2 mm,0 mm\r\n")
    match = re.search(rb"BITMAP 0,0,40,240,0,(.*)\r\nPRINT 1,1\r\n$", answer.content, re.DOTALL)
    assert match is not None
    dots = np.unpackbits(np.frombuffer(match[1], np.uint8).reshape(240, 40), axis=1)
    (row,) = await office.rows("SELECT text FROM label WHERE thing = %s", store.item)
    assert codes_in((dots * 255).astype(np.uint8)) == [row["text"]]
    made(await store.keeper.post("labels", json={"thing_id": store.item}))
    zpl_of = {n: (await store.keeper.get(f"labels/{store.item}.zpl", params={"issue": n})).content for n in (1, 2)}
    assert zpl_of[1].startswith(b"^XA^PW480^LL320")
    assert zpl_of[1] != zpl_of[2]
    problem(await store.keeper.get(f"labels/{store.item}.zpl", params={"issue": 3}), 404, "not_found")
    problem(await store.keeper.get(f"labels/{store.item}.zpl", params={"dpi": 72}), 422, "invalid")
    problem(await store.keeper.get(f"labels/{store.item}.tspl", params={"width_mm": 20, "height_mm": 15}),
            422, "label_too_small")  # fmt: skip


def test_what_is_no_png_of_ours_is_told() -> None:
    with pytest.raises(PngError, match="no PNG"):
        read_png(b"GIF89a")


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_every_filter_of_png_is_undone(kind: int) -> None:
    noise = np.random.default_rng(kind).integers(0, 256, (37, 23, 3), np.uint8)
    written, data = cv2.imencode(".png", noise, [cv2.IMWRITE_PNG_FILTER, 8 << kind])
    assert written
    assert (read_png(data.tobytes())[:, :, ::-1] == noise).all()
    assert grey(data.tobytes()).shape == (37, 23)
