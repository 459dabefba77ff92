"""Topics and agent ids."""

import pytest

from wire.errors import MessageError
from wire.topics import (
    FACTS,
    Topic,
    checkpoint_topic,
    every_agent,
    every_site_checkpoint,
    parse_topic,
    site_of,
    site_of_checkpoint,
    valid_agent,
)


def test_a_topic_comes_back() -> None:
    topic = Topic("nj01.gate-a", FACTS)
    assert str(topic) == "sealtrail/v1/nj01.gate-a/facts"
    assert parse_topic(str(topic)) == topic
    assert site_of("nj01.gate-a") == "nj01"
    assert every_agent(FACTS) == "sealtrail/v1/+/facts"
    assert every_agent(FACTS, "uplink") == "$share/uplink/sealtrail/v1/+/facts"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "sealtrail/v1/nj01.gate-a",
        "sealtrail/v1/nj01.gate-a/gossip",
        "sealtrail/v2/nj01.gate-a/facts",
        "x/sealtrail/v1/nj01.gate-a/facts",
        "sealtrail/v1/sealtrail/v1/nj01.gate-a/facts",
        "sealtrail/v1/gate-a/facts",
        "sealtrail/v1/nj01.gate-a/facts/x",
        "sealtrail/v1/+/facts",
    ],
)
def test_what_is_no_topic_of_ours(topic: str) -> None:
    with pytest.raises(MessageError):
        parse_topic(topic)


@pytest.mark.parametrize("agent", ["", "nj01", "nj01.", ".a", "NJ01.a", "nj01.a.b", "nj01.a/b", "nj01.a\n"])
def test_what_is_no_agent(agent: str) -> None:
    assert not valid_agent(agent)
    with pytest.raises(MessageError):
        site_of(agent)


def test_a_checkpoint_lies_under_its_site() -> None:
    assert checkpoint_topic("nj01") == "sealtrail/v1/nj01/checkpoint"
    assert every_site_checkpoint() == "sealtrail/v1/+/checkpoint"
    assert site_of_checkpoint("sealtrail/v1/nj01/checkpoint") == "nj01"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "sealtrail/v1/nj01.gate-a/checkpoint",
        "sealtrail/v1/+/checkpoint",
        "sealtrail/v1/nj01/facts",
        "nj01/checkpoint",
    ],
)
def test_what_is_no_checkpoint_of_a_site(topic: str) -> None:
    assert site_of_checkpoint(topic) is None
