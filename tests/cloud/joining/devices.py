"""Devices that come with a claim, and an office that lets them in."""

import base64
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.telling import Teller
from cloud.authority import Authority, make_authority
from cloud.parts import Joining, Parts
from cloud.people.passwords import Passwords
from cloud.web.app import create_app
from custody.roles import Role
from proof import jws
from proof.keys import SigningKey, b64
from tests.cloud.api import Office
from wire.joining import ENROLMENT_TYPE, RENEWAL_TYPE, Enrolment, Renewal, fingerprint
from wire.messages import to_body

LIFE = timedelta(days=90)
PIN = "ab" * 32


def open_office(office: Office, folder: Path) -> Authority:
    """Gives the office a certificate authority, whose keys are in `folder`."""
    authority = make_authority(folder, "Test authority", office.parts.world.now())
    joining = Joining(
        authority=authority, life=LIFE, broker_host="broker.test", broker_port=8883, url="https://cloud.test", pin=PIN
    )
    office.parts = replace(office.parts, joining=joining)
    reopen(office, office.parts)
    return authority


def reopen(office: Office, parts: Parts) -> None:
    """The same database behind a new process."""
    office.app = create_app(parts, passwords=Passwords(time_cost=1, memory_kib=64))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def csr_of(key: ec.EllipticCurvePrivateKey) -> x509.CertificateSigningRequest:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody else")])
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())


def pem_of(csr: x509.CertificateSigningRequest) -> str:
    return csr.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Device:
    """A board with its two keys."""

    journal: SigningKey = field(default_factory=lambda: SigningKey.from_seed(b"j" * 32))
    tls: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    @property
    def fingerprint(self) -> str:
        spki = self.tls.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return fingerprint(spki, self.journal.public)

    def asking(self, code: str) -> dict[str, str]:
        said = Enrolment(code=code, csr=pem_of(csr_of(self.tls)), public_key=self.journal.public.text)
        return {"request": jws.sign(to_body(said), self.journal, ENROLMENT_TYPE)}

    def renewing(self, agent: str, serial: str, fresh: ec.EllipticCurvePrivateKey, **change: Any) -> dict[str, str]:
        csr = csr_of(fresh)
        proof = self.tls.sign(csr.public_bytes(serialization.Encoding.DER), ec.ECDSA(hashes.SHA256()))
        said = Renewal(agent=agent, csr=pem_of(csr), serial=serial, proof=b64(proof))
        return {"request": jws.sign(to_body(said) | change, self.journal, RENEWAL_TYPE)}


@dataclass
class Joined:
    """An agent that joined, and the admin and the keeper who let it in."""

    device: Device
    identity: dict[str, Any]
    admin: httpx.AsyncClient
    keeper: httpx.AsyncClient
    visitor: httpx.AsyncClient

    @property
    def serial(self) -> str:
        return str(self.identity["serial"])


def voice(joined: Joined, agent: str = "nj01.gate-a") -> Teller:
    """What says facts as that agent."""
    teller = Teller(agent)
    teller.key = joined.device.journal
    return teller


async def join(office: Office, agent: str = "nj01.gate-a", device: Device | None = None) -> Joined:
    """Lets a device in."""
    device = device or Device()
    admin, keeper = await office.signed_in(Role.ADMIN), await office.signed_in(Role.KEEPER)
    visitor = await office.visitor()
    claim = (await admin.post("claims", json={"agent": agent})).json()
    assert (await visitor.post("enrolments", json=device.asking(claim["code"]))).status_code == 202
    done = await keeper.post(f"claims/{claim['id']}/confirm", json={"fingerprint": device.fingerprint})
    assert done.status_code == 200, done.text
    answer = await visitor.post("enrolments", json=device.asking(claim["code"]))
    assert answer.status_code == 200, answer.text
    return Joined(device, answer.json()["identity"], admin, keeper, visitor)


def certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def flipped(signature: str) -> str:
    """Another text of the same form."""
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[-1] ^= 1
    return b64(bytes(raw))
