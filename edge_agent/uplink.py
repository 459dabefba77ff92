"""Facts out: everything without a receipt goes up, in order, until the cloud's signed word comes back.

The broker's acknowledgement counts for nothing. What was sent and not receipted is sent again: after a reconnect, when
nothing moved for a while, or when the cloud asks. The cloud takes a repeat for what it is.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from custody.permits import parse_time
from edge_agent.clock import Clock
from edge_agent.errors import ReceiptError
from edge_agent.journal.journal import Journal, Run
from edge_agent.tracing import Tracing
from proof.errors import ProofError
from proof.jws import FindKey
from proof.keys import SigningKey
from proof.statement import Receipt
from wire.batches import sign_batch
from wire.link import Link
from wire.topics import FACTS, Topic

BATCH_FACTS = 500
BATCH_BYTES = 700_000
"""Of facts; with the statement and JSON's own marks a batch stays under 900 KB."""

WINDOW_FACTS = 4000
"""The most facts under way without a receipt."""

RESEND_AFTER_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sent:
    last: int
    sent_us: int


class Uplink:
    """What was sent and what came back; `drain` does the sending, `on_receipt` takes the cloud's word."""

    def __init__(
        self,
        agent: str,
        key: SigningKey,
        journal: Journal,
        clock: Clock,
        find_key: FindKey,
        resend_after_s: float = RESEND_AFTER_S,
        tracing: Tracing | None = None,
    ) -> None:
        self._agent, self._key, self._journal, self._clock, self._find_key = agent, key, journal, clock, find_key
        self._topic = str(Topic(agent, FACTS))
        self._next = journal.receipted + 1
        self._confirmed = journal.receipted  # what this sending may count on; lower than receipted after `resend`
        self._first_sent: deque[_Sent] = deque()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._resend_after_s, self._moved_s = resend_after_s, 0.0
        self._asked_at = ""  # cloud time of the newest request to send again; older receipts confirm nothing since
        self.distrusted = 0
        self._tracing = tracing

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Names the loop in which `drain` runs, and lets the journal wake it."""
        self._loop = loop
        self._journal.watch(lambda: self._soon(self._news.set))

    async def drain(self, link: Link) -> None:
        """Sends for as long as `link` lives. Raises LinkError when it is gone."""
        loop = asyncio.get_running_loop()
        self._back_to(self._journal.receipted + 1)
        while True:
            self._news.clear()
            if self._next - 1 == self._confirmed:  # nothing is under way: the wait for a receipt begins anew
                self._moved_s = loop.time()
            await self._send_window(link)
            under_way = self._next - 1 > self._confirmed
            patience_s = self._moved_s + self._resend_after_s - loop.time() if under_way else None
            try:
                async with asyncio.timeout(patience_s):  # wait_for of Python 3.11 can swallow a cancellation
                    await self._news.wait()
            except TimeoutError:
                _log.info("nothing receipted for a while; sending again from %d", self._confirmed + 1)
                self._back_to(self._confirmed + 1)

    async def on_receipt(self, payload: bytes) -> None:
        """Takes a receipt. Bytes that are none of ours, by the cloud's key, are counted and change nothing."""
        received_us = self._clock.mono_us()
        try:
            receipt = Receipt.verify(payload.decode("ascii", "replace"), self._find_key)
            at = parse_time(receipt.at)
        except (ProofError, ValueError) as error:
            self.distrusted += 1
            _log.warning("not a receipt: %s", error)
            return
        if receipt.agent != self._agent:
            self.distrusted += 1
            return
        try:
            await asyncio.to_thread(self._journal.receipt, receipt.upto, receipt.head)
        except ReceiptError as error:
            _log.critical("%s %s", error.diagnosis, error)
            return
        for sent in self._first_sent:
            if sent.last >= receipt.upto:
                self._clock.learn(at, sent.sent_us, received_us)
                break
        while self._first_sent and self._first_sent[0].last <= receipt.upto:
            self._first_sent.popleft()
        if receipt.upto > self._confirmed and receipt.at > self._asked_at:
            self._confirmed = receipt.upto
            self._moved_s = asyncio.get_running_loop().time()
            self._next = max(self._next, receipt.upto + 1)
            self._news.set()

    def resend(self, first: int, asked_at: str) -> str | None:
        """Begins again at fact `first`, as the cloud asked at its time `asked_at`; what is in the way, if anything.

        From any thread. Receipts the cloud gave before it asked may still be on their way: it has lost what they name.
        """
        if self._journal.run_from(first, 1, 1) is None:
            return f"fact {first} is not kept here"
        self._asked_at = max(self._asked_at, asked_at)
        self._soon(lambda: self._back_to(first))
        return None

    def _back_to(self, first: int) -> None:
        self._next, self._confirmed = first, first - 1
        self._news.set()

    def _soon(self, do: Callable[[], None]) -> None:
        """Does it in the loop's thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(do)

    async def _send_window(self, link: Link) -> None:
        while self._next <= min(self._journal.last, self._confirmed + WINDOW_FACTS):
            first = self._next
            batch = await asyncio.to_thread(self._batch, first)
            if batch is None:  # pruned or not yet readable; receipts and news move us on
                return
            run, message = batch
            last, begun_us = run.facts[-1].seq, self._clock.mono_us()
            if not self._first_sent or last > self._first_sent[-1].last:
                self._first_sent.append(_Sent(last, begun_us))
            await link.publish(self._topic, message)
            if self._tracing is not None:
                await asyncio.to_thread(self._tracing.published, self._agent, run.facts, run.prev, begun_us)
            if first == self._confirmed + 1:  # on a slow line the wait begins when it is out
                self._moved_s = asyncio.get_running_loop().time()
            if self._next == first:  # else a resend was asked for meanwhile
                self._next = last + 1

    def _batch(self, first: int) -> tuple[Run, bytes] | None:
        run = self._journal.run_from(first, BATCH_FACTS, BATCH_BYTES)
        if run is None:
            return None
        return run, sign_batch(self._agent, run.facts, run.prev, run.head, self._key)
