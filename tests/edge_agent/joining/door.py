"""The cloud's door as a device sees it: HTTPS by a certificate of our own, answers as they are laid out."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from cloud.authority import read_request, serial_text
from proof import jws
from proof.keys import SigningKey
from simulators.pki import Authority
from wire.joining import Identity
from wire.messages import to_body

CLOUD = SigningKey.from_seed(b"c" * 32).public.text
LABEL = SigningKey.from_seed(b"l" * 32).public.text
CODE = "ABCD-EFGH-IJKL"


def problem(status: int, code: str, detail: str = "so it is") -> tuple[int, dict[str, Any]]:
    return status, {"status": status, "code": code, "detail": detail, "title": "no"}


@dataclass
class Door:
    """`answers` are given one after the other, the last again and again; "joined" gives a certificate."""

    authority: Authority
    answers: list[Any]
    url: str = ""
    pin: str = ""
    agent: str = "nj01.gate-a"
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        said = jws.unverified(body["request"])
        self.asked.append(said)
        self.tokens.append(body["request"])
        turn = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if turn == "waiting":
            return 202, {"state": "waiting", "agent": self.agent, "fingerprint": "as-the-cloud-has-it"}
        if turn == "joined":
            return 200, {"state": "joined", "agent": self.agent, "fingerprint": "x", "identity": self.identity(said)}
        status, content = turn
        return status, content

    def identity(self, said: dict[str, Any], days: float = 90) -> dict[str, Any]:
        key = read_request(said["csr"]).key
        made = self.authority.signer.client(self.agent, key, datetime.now(UTC), timedelta(days=days))
        identity = Identity(
            agent=self.agent, serial=serial_text(made.serial_number), authority=self.authority.signer.pem,
            certificate=made.public_bytes(serialization.Encoding.PEM).decode(), cloud_keys=[CLOUD],
            label_keys=[LABEL], broker_host="127.0.0.1", broker_port=8883,
        )  # fmt: skip
        return to_body(identity)


@contextmanager
def opened(folder: Path, *answers: Any, names: tuple[str, ...] = ("127.0.0.1",)) -> Iterator[Door]:
    """A door that gives these answers."""
    authority = Authority.open(folder / "cloud", datetime.now(UTC))
    served = authority.server(datetime.now(UTC), names)
    door = Door(authority, list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.tell(*door.answer(json.loads(body)))

        def do_HEAD(self) -> None:
            self.tell(200, {})

        def tell(self, status: int, content: dict[str, Any]) -> None:
            said = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.send_header("Retry-After", "60")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(served.certificate, served.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        door.url = f"https://127.0.0.1:{server.server_port}"
        certificate = x509.load_pem_x509_certificate(served.certificate.read_bytes())
        door.pin = certificate.fingerprint(hashes.SHA256()).hex()
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
