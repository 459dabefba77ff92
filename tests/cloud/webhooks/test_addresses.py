"""Where a webhook may not go."""

import pytest

from cloud.webhooks.addresses import Gatehouse, TargetRefusedError, parse_target

NAMED = frozenset({"erp.test", "10.0.0.7", "127.0.0.1:8080", "169.254.169.254", "[::1]"})
INNER = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
    "0.0.0.0",  # noqa: S104 - to be refused, not to be listened on
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.0.192", "198.18.0.1", "::1", "::", "fe80::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip


def leads_to(*addresses: str) -> Gatehouse:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return Gatehouse(resolve=resolve)


@pytest.mark.parametrize("address", INNER)
async def test_no_inner_address_is_connected_to_whether_it_is_typed_or_a_name_leads_to_it(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(TargetRefusedError):
        Gatehouse().admit(f"https://{literal}/x")
    with pytest.raises(TargetRefusedError):
        await leads_to("93.184.215.14", address).addresses(parse_target("https://erp.example/"))


async def test_an_address_outside_is_given_as_it_was_found() -> None:
    assert await leads_to("93.184.215.14", "2606:2800:21f::1").addresses(parse_target("https://erp.example/")) == [
        "93.184.215.14", "2606:2800:21f::1",
    ]  # fmt: skip


async def test_other_ways_of_writing_loopback_are_seen_when_they_are_resolved() -> None:
    for host in ("2130706433", "0x7f.1", "127.1"):
        target = Gatehouse().admit(f"https://{host}/")
        with pytest.raises((TargetRefusedError, OSError)):
            await Gatehouse().addresses(target)


@pytest.mark.parametrize("url", [
    "http://erp.example/", "ftp://erp.example/", "https://user:secret@erp.example/", "https://erp.example/#x",
    "https://erp.example:0/", "https://erp.example:70000/", "https:///x", "https://erp.example/ x", "//erp.example",
    "https://erp.example\\@127.0.0.1/", "https://erp.example\r\nX: y/", "javascript:alert(1)", "https://例子.测试/",
])  # fmt: skip
def test_what_is_no_address_of_a_webhook(url: str) -> None:
    with pytest.raises(TargetRefusedError):
        Gatehouse().admit(url)


def test_whom_the_settings_name_may_be_inside_and_without_tls() -> None:
    gatehouse = Gatehouse(NAMED)
    assert gatehouse.admit("http://erp.test:8000/a?b=c").path == "/a?b=c"
    assert gatehouse.admit("https://10.0.0.7/").authority == "10.0.0.7"
    assert gatehouse.admit("http://127.0.0.1:8080").authority == "127.0.0.1:8080"
    assert gatehouse.admit("http://[::1]/").bare_host == "::1"
    for other in ("http://127.0.0.1:8081/", "http://10.0.0.8/", "http://169.254.169.254/latest/meta-data"):
        with pytest.raises(TargetRefusedError):
            gatehouse.admit(other)
