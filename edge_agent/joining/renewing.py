"""The next certificate: asked for by the agent itself when a third of the present one's life is left.

A new key is made here for it. The old pair stays in use until the broker has taken the new one; the fact that it has is
what ends the old certificate in the cloud.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.joining.identity import CURRENT, FRESH, Identities
from edge_agent.joining.key_store import CERTIFICATE, KEY, KeyStore
from edge_agent.joining.reaching import asked, context_of
from edge_agent.joining.words import JoiningError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from proof import jws
from proof.keys import SigningKey, b64
from wire.errors import LinkError
from wire.joining import RENEWAL_TYPE, CertificateRotated, Renewal
from wire.kinds import FactKind
from wire.link import Link
from wire.messages import to_body
from wire.mqtt import MqttOptions, mqtt_connect

RETRY_S = 600.0

_log = logging.getLogger(__name__)


class Renewals:
    """The TLS identity of an agent at work: `connect` uses it, `work` renews it."""

    def __init__(
        self,
        agent: str,
        key: SigningKey,
        identities: Identities,
        store: KeyStore,
        journal: Journal,
        clock: Clock,
        *,
        url: str,
        ca: Path | None,
        options: MqttOptions,
        every_s: float,
    ) -> None:
        self._agent, self._key, self._identities, self._store = agent, key, identities, store
        self._journal, self._clock, self._options = journal, clock, options
        self._url, self._ca, self._every_s = f"{url.rstrip('/')}/api/v1/renewals", ca, every_s
        self._given = asyncio.Event()
        self._tries = 0

    async def work(self) -> None:
        """Looks now and then whether it is time, until it is cancelled."""
        while True:
            pause = self._every_s
            try:
                if await asyncio.to_thread(self._due):
                    await self._renew()
            except (JoiningError, httpx.HTTPError) as error:
                _log.warning("the certificate was not renewed: %s", error)
                pause = min(RETRY_S, pause)
            await asyncio.sleep(pause)

    def _due(self) -> bool:
        life = self._identities.life(CURRENT)
        waiting = self._identities.life(FRESH)
        return waiting is None and life is not None and life.due(self._clock.read().at)

    async def _renew(self) -> None:
        request = await asyncio.to_thread(self._request)
        async with httpx.AsyncClient(verify=context_of(self._ca), timeout=30, trust_env=False) as client:
            answer = asked(await client.post(self._url, json=request))
        await asyncio.to_thread(self._identities.given, str(answer.get("certificate")), FRESH)
        _log.info("a new certificate", extra={"fields": {"serial": answer.get("serial")}})
        self._given.set()

    def _request(self) -> dict[str, str]:
        """Signed by the journal's key, by the present TLS key, and by the new one."""
        asking, present = self._identities.asking(), self._identities.life(CURRENT)
        if present is None:
            raise JoiningError("file", path=self._identities.folder, problem="no present certificate")
        self._store.make(asking)
        csr = self._store.request(asking)
        der = x509.load_pem_x509_csr(csr.encode()).public_bytes(serialization.Encoding.DER)
        proof = b64(self._store.sign(self._identities.folder / CURRENT, der))
        said = Renewal(agent=self._agent, csr=csr, serial=present.serial, proof=proof)
        return {"request": jws.sign(to_body(said), self._key, RENEWAL_TYPE)}

    async def until_given(self) -> None:
        """Ends a link by LinkError when there is a new certificate to be used."""
        await self._given.wait()
        self._given.clear()
        raise LinkError("there is a new certificate")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """A link by the fresh identity where there is one; where the broker does not take it, by the old one."""
        fresh = await asyncio.to_thread(self._identities.life, FRESH)
        self._tries += 1
        name = FRESH if fresh is not None and self._tries % 2 else CURRENT
        folder = self._identities.folder / name
        options = replace(self._options, cert_file=folder / CERTIFICATE, key_file=folder / KEY)
        async with mqtt_connect(options)() as link:
            self._tries = 0
            if name == FRESH:
                await asyncio.to_thread(self._taken)
            yield link

    def _taken(self) -> None:
        """The broker took the new one: that is a fact, and then the old one goes."""
        before, now = self._identities.life(CURRENT), self._identities.life(FRESH)
        if before is None or now is None:
            return
        body = CertificateRotated(serial=now.serial, before=before.serial, not_after=time_text(now.ends))
        try:
            self._journal.record(Draft(kind=FactKind.CERTIFICATE_ROTATED, device="agent", body=to_body(body)))
            self._identities.use_fresh()
        except (JournalError, JoiningError) as error:  # told and done at the next link
            _log.error("the new certificate is in use, which could not be noted: %s", error)
