import re

import cv2
import numpy as np
import pytest
import zxingcpp

from cloud.evidence.drawing import draw_png, draw_svg
from custody.things import Kind
from tests.cloud.api import LABEL_KEY, Office, problem
from tests.cloud.evidence.warehouse import warehouse
from wire.labels import Label, write_label

TEXT = write_label(Label(Kind.ITEM, "nj01/I-ABCDEFGHIJ", 7), LABEL_KEY)


@pytest.mark.parametrize("scale", [1, 3, 8])
def test_a_drawn_label_is_read_back(scale: int) -> None:
    picture = cv2.imdecode(np.frombuffer(draw_png(TEXT, scale), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert set(np.unique(picture)) == {0, 255}
    [read] = zxingcpp.read_barcodes(picture)
    assert (read.text, read.ec_level, read.format) == (TEXT, "M", zxingcpp.BarcodeFormat.QRCode)


def test_the_svg_has_the_same_modules_and_the_caption_its_own_line() -> None:
    picture = cv2.imdecode(np.frombuffer(draw_png(TEXT, 1), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    svg = draw_svg(TEXT, "nj01/I-<1> #7").decode()
    assert "nj01/I-&lt;1&gt; #7</text>" in svg
    assert f'viewBox="0 0 {picture.shape[1]} {picture.shape[0] + 5}"' in svg
    strokes = re.search(r'stroke="#000" d="([^"]+)"', svg)
    assert strokes is not None
    assert np.array_equal(modules(strokes[1], picture.shape[0]), picture == 0)


def modules(path: str, size: int) -> np.ndarray:
    """What the horizontal strokes of `path` blacken."""
    black = np.zeros((size, size), bool)
    x = y = 0.0
    for command, arguments in re.findall(r"([Mmh])([-\d. ]+)", path):
        numbers = [float(number) for number in arguments.split()]
        if command == "M":
            x, y = numbers
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            black[int(y), int(x) : int(x + numbers[0])] = True
            x += numbers[0]
    return black


async def test_labels_are_drawn_newest_or_by_issue_and_kept_accordingly(office: Office) -> None:
    store = await warehouse(office)
    newest = await store.keeper.get(f"labels/{store.item}.svg", params={"caption": 1})
    assert newest.headers["content-type"] == "image/svg+xml"
    assert newest.headers["cache-control"] == "private, no-cache"
    assert f"{store.item} #1" in newest.text
    second = (await store.keeper.post("labels", json={"thing_id": store.item})).json()
    old = await store.keeper.get(f"labels/{store.item}.png", params={"issue": 1})
    assert "immutable" in old.headers["cache-control"]
    new = await store.keeper.get(f"labels/{store.item}.png", params={"scale": 4})
    assert new.content == draw_png(second["text"], 4) != old.content
    problem(await store.keeper.get(f"labels/{store.item}.png", params={"issue": 3}), 404, "not_found")
    problem(await store.keeper.get(f"labels/{store.item}.png", params={"scale": 0}), 422, "invalid")
    problem(await store.keeper.get(f"labels/{store.case}.svg"), 404, "not_found")
    problem(await (await office.visitor()).get(f"labels/{store.item}.svg"), 401, "not_signed_in")
