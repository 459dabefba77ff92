"""The clock, the disk with the journal on it, and the board under them."""

import fcntl
import os
import re
import shutil
from datetime import datetime
from pathlib import Path

from edge_agent.doctor.finding import Finding, Findings
from edge_agent.doctor.world import World
from edge_agent.errors import JournalError
from edge_agent.journal.journal import DAMAGED, FILE, check_chain, read_tail
from edge_agent.journal.reserve import FILE as RESERVE
from edge_agent.store import Reads

WIDE_MS = 1000
RTC_OFF_S = 60
NEWEST = 2000
"""Facts that are checked: enough to find a torn end; `sealtrail edge journal verify` checks all."""

LOW_GB, SOON_DAYS = 0.5, 30
LITTLE_MB = 100
HOT_C = 80.0
# Bits of `vcgencmd get_throttled`: now, and since the start (16 higher).
UNDER_NOW, UNDER_SINCE, SLOWED_SINCE = 1 << 0, 1 << 16, (1 << 17) | (1 << 18) | (1 << 19)


def agent_runs(data_dir: Path) -> bool:
    """Whether another process works with the journal in `data_dir`."""
    try:
        lock = os.open(data_dir / "agent.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def check_clock(world: World) -> Findings:
    """Who keeps the clock, how wrong it can be, and the one with the battery."""
    reading = world.clock.read()
    if reading.error_ms is None:
        yield Finding("clock.none")
    else:
        yield Finding("clock.wide" if reading.error_ms > WIDE_MS else "clock.ok", values={"error_ms": reading.error_ms})
    rtc = world.text("sys/class/rtc/rtc0/since_epoch")
    if rtc is None or not rtc.strip().isdigit():
        yield Finding("clock.no_rtc")
    else:
        by_s = abs(round(world.now.timestamp()) - int(rtc))
        yield Finding("clock.rtc_off" if by_s > RTC_OFF_S else "clock.rtc", values={"by_s": by_s})


def check_disk(data_dir: Path, reserve_bytes: int = 0) -> Findings:
    """Room on the disk, until when, the room that is kept for evidence, and the newest part of the journal."""
    place = data_dir if data_dir.is_dir() else data_dir.parent
    if not place.is_dir() or not (data_dir / FILE).exists():
        yield Finding("disk.new", str(data_dir))
        return
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        yield Finding("disk.read_only", str(data_dir))
    reserve = data_dir / RESERVE
    if reserve.exists() and reserve.stat().st_size < reserve_bytes:
        yield Finding("disk.reserve", values={"left_mb": reserve.stat().st_size >> 20, "of_mb": reserve_bytes >> 20})
    if (data_dir / DAMAGED).exists():
        yield Finding("journal.damaged")
    try:
        reads = Reads(data_dir / FILE)
    except JournalError as error:
        yield Finding("journal.broken", str(data_dir), {"problem": str(error)})
        return
    try:
        yield _of_room(shutil.disk_usage(place).free, _bytes_a_day(data_dir, reads))
        checked = check_chain(reads, newest=NEWEST)
        last, receipted = read_tail(reads)[0], reads.rows("mark")[0][0]
        yield Finding("journal.ok", values={"checked": checked, "last": last, "waiting": last - receipted})
    except JournalError as error:
        yield Finding("journal.broken", str(data_dir), {"problem": str(error)})
    finally:
        reads.close()


def _bytes_a_day(data_dir: Path, reads: Reads) -> float:
    """How fast the journal grew, by what it holds: an upper bound, as what is receipted is tidied away."""
    rows = reads.rows("span")[0]
    if rows[0] is None:
        return 0.0
    first, last = (datetime.fromisoformat(moment) for moment in rows)
    days = max((last - first).total_seconds() / 86400, 1 / 24)
    return (data_dir / FILE).stat().st_size / days


def _of_room(free: int, bytes_a_day: float) -> Finding:
    free_gb, days = round(free / 1e9, 1), min(int(free / bytes_a_day), 9999) if bytes_a_day else 9999
    code = "disk.low" if free_gb < LOW_GB else "disk.soon" if days < SOON_DAYS else "disk.ok"
    return Finding(code, values={"free_gb": free_gb, "days": days})


def check_board(world: World) -> Findings:
    """Memory, heat and voltage, as far as this machine tells."""
    memory = re.search(r"^MemAvailable:\s+(\d+) kB", world.text("proc/meminfo") or "", re.M)
    if memory:
        free_mb = int(memory[1]) // 1024
        yield Finding("board.little_memory" if free_mb < LITTLE_MB else "board.memory", values={"free_mb": free_mb})
    heat = world.text("sys/class/thermal/thermal_zone0/temp")
    if heat and heat.strip().lstrip("-").isdigit():
        celsius = round(int(heat) / 1000, 1)
        yield Finding("board.hot" if celsius >= HOT_C else "board.cool", values={"celsius": celsius})
    said = re.search(r"throttled=(0x[0-9a-fA-F]+)", world.run(["vcgencmd", "get_throttled"]) or "")
    if said is None:
        yield Finding("board.unknown")
        return
    bits = int(said[1], 16)
    if bits & UNDER_NOW:
        yield Finding("board.no_power")
    elif bits & UNDER_SINCE:
        yield Finding("board.had_no_power")
    else:
        yield Finding("board.power")
    if bits & SLOWED_SINCE:
        yield Finding("board.slowed")
