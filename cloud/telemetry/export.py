"""What a value was over time as a file for spreadsheets, written while it is read."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime

from cloud.db.pool import Pool, rows, transaction
from cloud.db.queries import load_queries
from custody.permits import time_text

COLUMNS = ("at_utc", "step", "n", "low", "high", "mean", "unit")
PIECE = 5000
"""Rows that are read and sent together, about: those of one instant are not parted."""

_sql = load_queries(__file__, "export.sql")


async def csv_rows(
    pool: Pool, series: int, step: str, unit: str, since: datetime, until: datetime
) -> AsyncIterator[bytes]:
    """CSV (RFC 4180) with a line of names: of each reading or bucket when it is (begins), RFC 3339 UTC to the
    microsecond, and numbers as exact as they are kept. No connection is held while somebody reads slowly.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    page, after = getattr(_sql, step), None
    while True:
        async with transaction(pool) as tx:
            found = await rows(tx, page, series=series, after=after, since=since, until=until, most=PIECE)
        for row in found:
            writer.writerow([time_text(row["at"]), step, row["n"], row["low"], row["high"], row["mean"], unit])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
        if len(found) < PIECE:
            return
        after = found[-1]["at"]
