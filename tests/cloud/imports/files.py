"""Files of items as they come from other systems."""

from collections.abc import Sequence

import httpx

HEADERS = ["外部编号", "案件编号", "案件名称", "物品名称", "数量", "单位", "物品类别", "价值（元）", "扣押时间"]
ROWS = [
    ["A-1", "宁烟立〔2026〕第118号", "无证运输", "卷烟 硬盒 200支", "50", "条", "tobacco", "12,345.60",
     "2026-11-21 09:30"],
    ["A-2", "宁烟立〔2026〕第118号", "无证运输", "𠮷㐂牌雪茄", "3", "盒", "", "0.07", ""],
    ["B-1", "宁烟立〔2026〕第119号", "销售假烟", "=1+1", "1", "件", "其他", "", "2026/11/20"],
]  # fmt: skip


def csv_of(rows: Sequence[Sequence[str]] = ROWS, headers: Sequence[str] = HEADERS, charset: str = "utf-8") -> bytes:
    quoted = [",".join(f'"{cell}"' for cell in row) for row in (headers, *rows)]
    return ("\r\n".join(quoted) + "\r\n").encode(charset)


def changed(row: int, **cells: str) -> list[list[str]]:
    """ROWS with some cells of one row (from 0) changed, by column."""
    at = {"key": 0, "case_number": 1, "case_title": 2, "name": 3, "quantity": 4, "unit": 5, "goods": 6,
          "value_yuan": 7, "seized_at": 8}  # fmt: skip
    rows = [list(one) for one in ROWS]
    for name, cell in cells.items():
        rows[row][at[name]] = cell
    return rows


async def send(
    client: httpx.AsyncClient, data: bytes, key: str | None = None, *, source: str = "mobile", check: bool = False,
    media_type: str = "text/csv",
) -> httpx.Response:  # fmt: skip
    headers = {"content-type": media_type} | ({"Idempotency-Key": key} if key else {})
    return await client.post("imports", params={"source": source, "check": check}, content=data, headers=headers)
