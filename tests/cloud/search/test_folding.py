"""What is marked is what was found: this program and the database fold alike."""

import pytest

from cloud.db.pool import Pool, transaction
from cloud.search.folding import around, fold, pieces

TEXTS = [
    "苏A·12345", "苏Ａ１２３４５", "宁烟立〔2026〕第118号", "(025) 8888-6666", "二〇二六年 々", "ﾊﾟｲﾌﾟ・パイプ",
    "ＭＡＲＬＢＯＲＯ  Gold", "㐂𠮷", "ﬁligree", "①②", "a\u00a0b\u3000c\u200bd", "<b>&amp;</b>",
    "中华（硬）", "100%_\\", "Ⅳ", "㎏", "“引”—…",
]  # fmt: skip


async def test_this_program_and_the_database_fold_alike(pool: Pool) -> None:
    async with transaction(pool) as tx:
        for text in TEXTS:
            row = await (await tx.execute(b"SELECT search_fold(%s) AS folded", [text])).fetchone()
            assert row == {"folded": fold(text)}, text


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_together_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text, [fold(text)[:2]])) == text
    assert any(piece.hit for piece in pieces(text, [fold(text)[:2]]))


def test_a_long_text_is_shown_around_its_hit() -> None:
    shown = around("头" * 300 + "针" + "尾" * 300, ["针"])
    assert [piece.text for piece in shown if piece.hit] == ["针"]
    assert (shown[0].text, shown[-1].text) == ("…", "…")
    assert sum(len(piece.text) for piece in shown) == 82
