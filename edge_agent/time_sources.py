"""Who else keeps this machine's clock right: its battery clock over a power cut, and what chrony follows.

A battery clock is only as good as the time it was set from, and drifts. So the agent notes now and then how well it
knows the time; after a power cut the error is that of the last note, grown by the battery clock's drift since. Nobody
is trusted by default: without `rtc_drift_ppm` in the settings a battery clock vouches for nothing.
"""

import json
import os
import subprocess
from pathlib import Path

from edge_agent.clock import Reading

FILE = "clock.json"
RTC = Path("/sys/class/rtc/rtc0/since_epoch")
READING_S = 2.0
"""A battery clock tells whole seconds, and it takes a moment to set a clock by it."""

REFCLOCKS = ("GPS", "PPS", "NMEA", "GNSS")
"""What chrony calls a receiver of satellites that hangs on this machine (its `refid`)."""

CHRONYC = ("chronyc", "-c", "-n", "tracking")


def note(folder: Path, reading: Reading) -> None:
    """Remembers over a power cut how well the time was known at `reading`."""
    if reading.error_ms is None:
        return
    new = folder / f"{FILE}.new"
    with new.open("w", encoding="ascii") as file:
        json.dump({"wall_s": reading.at.timestamp(), "error_s": reading.error_ms / 1000}, file)
        file.flush()
        os.fsync(file.fileno())
    new.rename(folder / FILE)


def recalled(folder: Path, wall_s: float, rtc_s: float | None, drift_ppm: float | None) -> float | None:
    """By how many seconds the clock, `wall_s` now, may be wrong after a start; None where nobody vouches for it.

    `rtc_s` is what the battery clock says. One that runs behind the last note was set back, or has lost its battery.
    """
    try:
        noted = json.loads((folder / FILE).read_text("ascii"))
        since_s, error_s = wall_s - float(noted["wall_s"]), float(noted["error_s"])
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or one that a power cut has cut short
        return None
    if drift_ppm is None or rtc_s is None or since_s < -error_s or abs(rtc_s - wall_s) > READING_S:
        return None
    return error_s + max(since_s, 0) * drift_ppm / 1e6 + READING_S


def battery_clock(path: Path = RTC) -> float | None:
    """Seconds since 1970 by the battery clock; None where there is none."""
    try:
        return float(path.read_text("ascii"))
    except (OSError, ValueError):
        return None


def followed(told: str) -> str:
    """`gps` or `ntp`: what chrony follows by the first field of its word `told` (hexadecimal ASCII of the refid)."""
    try:
        name = bytes.fromhex(told.partition(",")[0]).decode("ascii").rstrip("\0")
    except ValueError:
        return "ntp"
    return "gps" if name.startswith(REFCLOCKS) else "ntp"


def ask_chrony() -> str:
    """What keeps the kernel's clock: `gps` or `ntp`; `ntp` also where chrony is not asked, as others keep it too."""
    try:
        done = subprocess.run(CHRONYC, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "ntp"
    return followed(done.stdout) if done.returncode == 0 else "ntp"
