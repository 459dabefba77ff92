"""Labels to be printed, and reading them back from pictures."""

from datetime import UTC, datetime

import cv2
import numpy as np
import zxingcpp

from cloud.evidence.label_sheet import ToPrint
from custody.things import Kind
from tests.cloud.api import LABEL_KEY
from wire.labels import Label, write_label


def label_of(
    number: int, name: str = "卷烟 硬盒 200支", case: str = "宁烟立〔2026〕第118号", issue: int = 1
) -> ToPrint:
    thing = f"nj01/I-{number:010}"
    text = write_label(Label(Kind.ITEM, thing, issue), LABEL_KEY)
    issued_at = datetime(2026, 11, 22, 3, tzinfo=UTC)
    return ToPrint(thing=thing, kind="item", issue=issue, text=text, issued_at=issued_at, name=name, case=case)


def grey(png: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


def codes_in(picture: np.ndarray) -> list[str]:
    return sorted(code.text for code in zxingcpp.read_barcodes(picture))
