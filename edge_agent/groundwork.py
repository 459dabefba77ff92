"""What is there before the stations: this machine's clock, the agent's journal, its way to the broker."""

import logging
import os
from pathlib import Path

from edge_agent.clock import Clock, Reading, SystemClock, boot_id
from edge_agent.downlink import resume_from
from edge_agent.errors import JournalFullError
from edge_agent.journal.journal import Journal
from edge_agent.journal.renewal import open_journal, tell_renewal
from edge_agent.settings import EdgeSettings
from edge_agent.time_sources import ask_chrony, battery_clock, note, recalled
from proof.jws import FindKey
from wire.messages import Birth, encode
from wire.mqtt import MqttOptions, Will
from wire.topics import BIRTH, Topic

_log = logging.getLogger(__name__)


def mqtt_options(settings: EdgeSettings, client_id: str, will: Will | None = None) -> MqttOptions:
    """The way to the broker of the settings, for a client called so."""
    return MqttOptions(
        host=settings.broker_host, port=settings.broker_port, client_id=client_id, ca_file=settings.broker_ca,
        cert_file=settings.broker_cert, key_file=settings.broker_key, will=will,
    )  # fmt: skip


def will_of(agent: str) -> Will:
    """What the broker says for `agent` when its connection breaks."""
    return Will(topic=str(Topic(agent, BIRTH)), payload=encode(Birth(online=False)))


def clock_of(settings: EdgeSettings) -> SystemClock:
    """This machine's clock, with what its battery clock is worth after a power cut."""
    clock = SystemClock(boot_id())
    error_s = recalled(settings.data_dir, clock.read().at.timestamp(), battery_clock(), settings.rtc_drift_ppm)
    if error_s is not None:
        clock.recall(error_s)
    return clock


def keep_time(folder: Path, clock: SystemClock, reading: Reading) -> None:
    """Now and then: what keeps the kernel's clock, and a note of how well the time is known."""
    clock.kernel_source = ask_chrony()
    try:
        note(folder, reading)
    except OSError as error:  # a full disk: after a power cut the battery clock vouches for less
        _log.warning("how well the time is known was not noted: %s", error)


def journal_of(settings: EdgeSettings, agent: str, clock: Clock, find_key: FindKey) -> Journal:
    """The journal of `agent`; where it had to be made anew, that is its first word. Raises JournalError."""
    resume = resume_from(settings.data_dir, agent, find_key)
    reserve_bytes = settings.reserve_mb << 20
    journal = open_journal(settings.data_dir, clock, os.urandom, reserve_bytes=reserve_bytes, resume=resume)
    try:
        tell_renewal(journal)
    except JournalFullError as error:  # told at the next start with room
        _log.error("the journal was made anew, which could not be told yet: %s", error)
    return journal
