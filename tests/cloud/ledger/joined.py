"""Devices on the day that is tampered with: one enrolled, renewed and configured, one that was shut out."""

from pathlib import Path

from benchmarks.telling import Teller
from proof.keys import SigningKey
from tests.cloud.api import Office
from tests.cloud.joining.devices import Device, join, new_key, open_office, voice
from tests.cloud.receiving import Receiving
from wire.joining import content_hash

JOINED, OUT = "nj01.gate-c", "nj01.gate-d"


async def join_and_leave(office: Office, receiving: Receiving, keys: Path) -> None:
    """What the log tells of devices."""
    open_office(office, keys)
    one = await join(office, JOINED)
    renewed = await one.visitor.post("renewals", json=one.device.renewing(JOINED, one.serial, new_key()))
    site_file = f"site: nj01\nagent: {JOINED}\n"
    wish = {"site_file": site_file, "reason": "新货架"}
    for _ in range(2):
        assert (await one.admin.post(f"agents/{JOINED}/configurations", json=wish)).is_success
    says: Teller = voice(one, JOINED)
    says.say("configuration_applied", {"version": 1, "hash": content_hash(site_file, {}), "before": 0})
    says.say("certificate_rotated", {"serial": renewed.json()["serial"], "before": one.serial, "not_after": ""})
    await receiving.take(says, says.batch(1, 2))
    other = await join(office, OUT, Device(journal=SigningKey.from_seed(b"d" * 32)))
    assert (await other.admin.post(f"agents/{OUT}/revoke", json={"reason": "stolen"})).is_success
