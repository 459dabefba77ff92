"""The site file of the simulated warehouse is one that the edge reads, down to its drivers' options."""

from pathlib import Path

from edge_agent.choosing import choose_drivers
from edge_agent.site_entries import DoorEntry, GateEntry, RackEntry, WatchEntry
from edge_agent.site_file import SiteFile
from simulators.site_file import write_site_file


def test_gates_racks_and_doors_are_read_by_the_edge(tmp_path: Path) -> None:
    path, slots = tmp_path / "site.yaml", {"A-01": "nj01/S-0000000001"}
    gates, racks, doors = {"gate-a": 10, "gate-b": 3}, {"rack-1": slots}, {"store": ["ordinary"]}
    write_site_file(path, "nj01", "nj01.all", tmp_path / "s.sock", gates, racks, doors, ["corridor"])
    file = SiteFile(path)
    first, second, rack, door, watch = file.site.stations
    assert isinstance(first, GateEntry)
    assert isinstance(second, GateEntry)
    assert isinstance(rack, RackEntry)
    assert isinstance(door, DoorEntry)
    assert isinstance(watch, WatchEntry)
    assert (door.guards, door.zones, door.heads and door.heads.camera) == (["rack-1"], ["ordinary"], "store-above")
    assert (first.break_glass, second.name, rack.slots) == ("gate-a-break-glass", "gate-b", slots)
    assert len(choose_drivers(file)) == 2 * 6 + 4 + 5 + 1
    options = {device.name: device.options for device in file.devices}
    assert (options["gate-b-camera"]["fps"], options["rack-1-slots"]["device"]) == (3, "rack-1.slots")
