"""The access list; that a real Mosquitto goes by it is shown in tests/simulators/test_broker.py."""

from wire.access import acl_text


def test_what_is_not_named_is_refused() -> None:
    lines = [line for line in acl_text().splitlines() if line and not line.startswith(("#", "user"))]
    assert all(line.split()[1] in ("read", "write") for line in lines)
    assert all("#" not in line for line in lines)
