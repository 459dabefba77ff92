"""Filming one gate: what ten 720p pictures a second cost beside FFmpeg's own program, and beside the limit."""

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edge_agent.clock import SystemClock
from edge_agent.devices import Frame
from edge_agent.film.segment import SegmentWriter, play
from simulators.acting import Held, pose
from simulators.frames import Conditions, gate_scene, render

FPS, SECONDS, SEGMENT_S = 10, 20, 4
LIMIT_PCT = 40.0
"""Of one core, with everything else that a gate's camera costs (issue 5)."""


def run() -> None:
    """Print the table."""
    table = Table(title=f"Filming 1280×720, {FPS} pictures a second, {SECONDS} s",
                  caption=f"holds: below {LIMIT_PCT:g} % of one core, which is for the whole gate")  # fmt: skip
    for heading in ("who", "% of one core", "kB a second", "holds"):
        table.add_column(heading, justify="left" if heading == "who" else "right")
    pictures = _pictures()
    with tempfile.TemporaryDirectory() as folder:
        for who, (cpu_s, size) in {
            "ours, segments with digests": _ours(Path(folder), pictures), "the program ffmpeg": _ffmpeg(pictures),
        }.items():  # fmt: skip
            share = cpu_s / SECONDS * 100
            holds = "-" if not size else "yes" if share <= LIMIT_PCT else "NO"
            table.add_row(who, f"{share:.1f}" if size else "not here", f"{size / SECONDS / 1000:.0f}", holds)
    Console(width=100).print(table)


def _pictures() -> list[NDArray[np.uint8]]:
    """Somebody with a carton in a gate, with a sensor's noise."""
    dice, scene, held = np.random.default_rng(5), gate_scene(), [Held("a label", "a label")]
    return [render(scene, pose(held, number / FPS), Conditions(), dice) for number in range(FPS * 4)]


def _ours(folder: Path, pictures: Sequence[NDArray[np.uint8]]) -> tuple[float, int]:
    """Seconds of processor time and bytes; every segment has to be playable."""
    clock, size, frames = SystemClock("benchmark"), 0, 0
    began, reading = time.process_time(), clock.read()
    for first in range(0, FPS * SECONDS, FPS * SEGMENT_S):
        shots = [Frame(pictures[number % len(pictures)], reading.mono_us + number * 1_000_000 // FPS)
                 for number in range(first, first + FPS * SEGMENT_S)]  # fmt: skip
        writer = SegmentWriter(folder, "gate", shots[0], reading)
        for shot in shots[1:]:
            writer.add(shot)
        segment = writer.close()
        size, frames = size + segment.bytes, frames + segment.frames
    spent = time.process_time() - began
    assert sum(play(path) for path in folder.iterdir()) == frames == FPS * SECONDS
    return spent, size


def _ffmpeg(pictures: Sequence[NDArray[np.uint8]]) -> tuple[float, int]:
    """The same pictures through a pipe into the program, where this machine has it; else nothing."""
    program = shutil.which("ffmpeg")
    if program is None:
        return 0.0, 0
    command = [program, "-v", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "1280x720", "-r", str(FPS),
               "-i", "-",
               "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-crf", "26", "-threads", "1",
               "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "-"]  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    raw = b"".join(pictures[number % len(pictures)].tobytes() for number in range(FPS * SECONDS))
    film = subprocess.run(command, input=raw, capture_output=True, check=True, env=dict(os.environ)).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, len(film)
