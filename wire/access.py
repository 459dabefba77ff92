"""Who may say and hear what at the broker: the access list of a Mosquitto, made from the topics."""

from wire.topics import (
    BIRTH,
    DESIRED,
    DOWN,
    FACTS,
    ORDERS,
    READINGS,
    RECEIPTS,
    ROOT,
    UP,
    every_agent,
    every_site_checkpoint,
)

CLOUD_UPLINK = "cloud-uplink"
CLOUD_DOWNLINK = "cloud-downlink"


def acl_text() -> str:
    """The access list: an agent says its own facts, hears its own orders and every checkpoint; the cloud the rest.

    `%u` is the user name, which is the common name of the client's certificate. What is not named is refused.
    """
    lines = ["# Every agent, by the name in its certificate:"]
    lines += [f"pattern write {ROOT}/%u/{channel}" for channel in UP]
    lines += [f"pattern read {ROOT}/%u/{channel}" for channel in DOWN]
    # Checkpoints are public. Not a `topic` line: before any `user` line those are for clients without a certificate.
    lines += [f"pattern read {every_site_checkpoint()}"]
    lines += ["", f"user {CLOUD_UPLINK}"]
    lines += [f"topic read {every_agent(channel)}" for channel in (FACTS, READINGS, BIRTH)]
    lines += [f"topic write {every_agent(RECEIPTS)}"]
    lines += ["", f"user {CLOUD_DOWNLINK}"]
    lines += [f"topic read {every_agent(BIRTH)}"]
    lines += [f"topic write {every_agent(channel)}" for channel in (ORDERS, DESIRED)]
    lines += [f"topic write {every_site_checkpoint()}"]
    return "\n".join(lines) + "\n"
