"""`sealtrail edge scan`: photographs and videos in, one dictionary a file or frame out; a bad file stops nothing."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.random import default_rng
from numpy.typing import NDArray

from custody.things import Kind
from edge_agent.scan import judge, scan
from proof.keys import SigningKey
from simulators.frames import Conditions, PlacedLabel, gate_scene, label_corners, render
from wire.labels import Label, write_label, write_pass

OURS, FOREIGN_KEY = SigningKey.from_seed(b"k" * 32), SigningKey.from_seed(b"x" * 32)
ITEM = Label(Kind.ITEM, "nj01/I-0000000001", 2)
GENUINE = write_label(ITEM, OURS)
FORGED = write_label(ITEM, FOREIGN_KEY)
OTHER_SITE = write_label(Label(Kind.PERSON, "sh02/U-0000000009", 1), OURS)


def placed(text: str, x: float = 640) -> PlacedLabel:
    return PlacedLabel(text, "a caption", x=x, y=400, width_px=200)


def picture(*labels: PlacedLabel) -> NDArray[np.uint8]:
    return render(gate_scene(), labels, Conditions(), default_rng(1))


def run(*paths: Path, keys: bool = True, site: str | None = "nj01", every: int = 1) -> list[dict[str, Any]]:
    ticks = count(0, 5)
    given = (OURS.public,) if keys else ()
    return list(scan(paths, keys=given, site=site, every=every, now_ms=lambda: float(next(ticks))))


def test_a_photograph_gives_its_texts_where_they_are_and_what_they_are(tmp_path: Path) -> None:
    labels = [placed(GENUINE, 180), placed(FORGED, 480), placed(OTHER_SITE, 780), placed("HTTPS://EXAMPLE.ORG", 1080)]
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), picture(*labels))
    (line,) = run(photo)
    assert line["file"] == str(photo)
    assert line["frame"] is None
    assert line["ms"] == 5.0
    assert line["texts"] == [GENUINE, FORGED, OTHER_SITE, "HTTPS://EXAMPLE.ORG"]
    for corners, label in zip(line["corners"], labels, strict=True):
        assert np.abs(label_corners(label) - np.array(corners)).max() < 6
    nothing = {"kind": None, "id": None, "issue": None, "other_site": None, "expires_at": None}
    assert line["labels"] == [
        {**nothing, "ours": True, "genuine": True, "other_site": False, "kind": "item", "id": ITEM.id, "issue": 2},
        {**nothing, "ours": True, "genuine": False},
        {**nothing, "ours": True, "genuine": True, "other_site": True, "kind": "person", "id": "sh02/U-0000000009",
         "issue": 1},
        {**nothing, "ours": False, "genuine": False},
    ]  # fmt: skip


def test_a_pass_on_a_phone_says_until_when_it_is_good() -> None:
    until = datetime(2026, 11, 22, 12, tzinfo=UTC)
    judged = judge(write_pass("nj01/U-0000000001", 4, until, OURS), [OURS.public], "nj01")
    assert (judged.kind, judged.issue, judged.expires_at) == ("person", 4, "2026-11-22T12:00:00+00:00")


def test_without_a_key_nothing_is_called_genuine_or_forged(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), picture(placed(GENUINE, 300), placed("A CARTON'S OWN CODE", 900)))
    (line,) = run(tmp_path / "p.png", keys=False, site=None)
    assert [(label["ours"], label["genuine"]) for label in line["labels"]] == [(True, None), (False, False)]


def test_a_video_gives_every_nth_frame_with_its_number(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    video = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 10, (1280, 720))
    for number in range(5):
        video.write(picture(placed(GENUINE)) if number % 2 == 0 else picture())
    video.release()
    assert [(line["frame"], len(line["texts"])) for line in run(film)] == [(0, 1), (1, 0), (2, 1), (3, 0), (4, 1)]
    assert [line["frame"] for line in run(film, every=3)] == [0, 3]


def test_folders_are_walked_by_name_and_what_is_no_picture_in_them_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("b/deep/2.jpg", "b/1.PNG", "a.webp"):
        cv2.imwrite(str(tmp_path / name), picture()[::4, ::4])
    (tmp_path / "notes.txt").write_text("the keeper's notes")
    files = [Path(line["file"]).relative_to(tmp_path).as_posix() for line in run(tmp_path)]
    assert files == ["a.webp", "b/1.PNG", "b/deep/2.jpg"]


@pytest.mark.parametrize("name", ["absent.png", "absent", "empty.jpg", "notes.txt", "noise.mp4", "bare"])
def test_a_wrong_file_is_told_in_its_place_and_the_others_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "notes.txt").write_text("the keeper's notes")
    (tmp_path / "noise.mp4").write_bytes(default_rng(1).bytes(1 << 20))
    cv2.imwrite(str(tmp_path / "good.png"), picture(placed(GENUINE)))
    wrong, good = run(tmp_path / name, tmp_path / "good.png")
    assert set(wrong) == {"file", "error"}
    assert name in wrong["error"]
    assert good["texts"] == [GENUINE]
