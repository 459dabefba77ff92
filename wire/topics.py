"""MQTT topics (DESIGN section 3). Agent ids read `<site>.<name>`; the broker's ACL goes by the same patterns.

Only the checkpoint of a site's log is nobody's own: it lies under the site, retained, for every agent to hear.
"""

import re
from dataclasses import dataclass

from wire.errors import MessageError

ROOT = "sealtrail/v1"
FACTS = "facts"
READINGS = "readings"
BIRTH = "birth"
ORDERS = "orders"
RECEIPTS = "receipts"
DESIRED = "desired"
CHECKPOINT = "checkpoint"
UP = (FACTS, READINGS, BIRTH)
DOWN = (ORDERS, RECEIPTS, DESIRED)

_AGENT = re.compile(r"([a-z0-9][a-z0-9-]{0,31})\.[a-z0-9][a-z0-9-]{0,31}")
_CHECKPOINT = re.compile(rf"{ROOT}/([a-z0-9][a-z0-9-]{{0,31}})/{CHECKPOINT}")


@dataclass(frozen=True, slots=True)
class Topic:
    """Whose topic, and which of theirs."""

    agent: str
    channel: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.agent}/{self.channel}"


def parse_topic(topic: str) -> Topic:
    """The agent and channel of `topic`. Raises MessageError for a topic that is not ours."""
    root, _, rest = topic.rpartition(f"{ROOT}/")
    agent, _, channel = rest.partition("/")
    if root or not topic.startswith(ROOT) or channel not in UP + DOWN or not valid_agent(agent):
        raise MessageError(f"not a topic of ours: {topic[:120]!r}")
    return Topic(agent, channel)


def valid_agent(agent: str) -> bool:
    """Whether `agent` is an agent id: `<site>.<name>`."""
    return _AGENT.fullmatch(agent) is not None


def site_of(agent: str) -> str:
    """The site an agent belongs to. Raises MessageError when `agent` is no agent id."""
    match = _AGENT.fullmatch(agent)
    if match is None:
        raise MessageError(f"not an agent id: {agent[:80]!r}")
    return match[1]


def every_agent(channel: str, group: str = "") -> str:
    """The filter for `channel` of all agents; with `group`, shared among the members of that group."""
    return f"{f'$share/{group}/' if group else ''}{ROOT}/+/{channel}"


def checkpoint_topic(site: str) -> str:
    """Where the newest signed checkpoint of a site's log is published, retained."""
    return f"{ROOT}/{site}/{CHECKPOINT}"


def every_site_checkpoint() -> str:
    """The filter for the checkpoints of all sites."""
    return checkpoint_topic("+")


def site_of_checkpoint(topic: str) -> str | None:
    """The site whose checkpoint `topic` carries; None for any other topic."""
    match = _CHECKPOINT.fullmatch(topic)
    return match[1] if match else None
