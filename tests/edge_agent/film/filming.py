"""A process that films until it is killed: `python -m tests.edge_agent.film.filming FOLDER` says each picture."""

import sys
from itertools import count
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.devices import Frame
from edge_agent.film.segment import SegmentWriter
from tests.edge_agent.film.studio import CAMERA, pictures
from tests.edge_agent.hands import BOOT


def film(folder: Path) -> None:
    """Ten pictures a second of film, as fast as it goes, all in one segment."""
    drawn, clock = pictures(10), SystemClock(BOOT)
    reading = clock.read()
    writer = SegmentWriter(folder, CAMERA, Frame(drawn[0], reading.mono_us), reading)
    for number in count(1):
        writer.add(Frame(drawn[number % len(drawn)], reading.mono_us + number * 100_000))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    film(Path(sys.argv[1]))
