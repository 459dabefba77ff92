"""Time stamps of checkpoints by an authority of RFC 3161: that the log was there by then, on somebody else's word.

Stamped is the log's signed note as it was before any witness cosigned it. What is kept is the whole answer (DER), so
that `openssl ts -verify -data note -in token` says the same as we do.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import CloudError
from cloud.ledger.check import LedgerCheck
from cloud.ledger.checkpoints import newest_checkpoint
from cloud.ledger.faults import WORDS

MAX_TOKEN_BYTES = 64 << 10
_HEADERS = {"Content-Type": "application/timestamp-query"}

_sql = load_queries(__file__, "stamping.sql")


class StampError(CloudError):
    """The authority did not answer, or its answer is no stamp of what was asked, by a certificate that is trusted."""

    diagnosis = "There is no time stamp; check the authority's address and certificates (SEALTRAIL_CLOUD_TSA_…)."


@dataclass(frozen=True, slots=True)
class Authority:
    """A time stamping authority: its address, the roots that are trusted, and further certificates on the way."""

    url: str
    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...] = ()

    @classmethod
    def from_pem(cls, url: str, pem: bytes) -> "Authority":
        """The authority whose certificates are in `pem`; those that sign themselves are trusted. Raises StampError."""
        try:
            found = x509.load_pem_x509_certificates(pem)
        except ValueError as error:
            raise StampError(f"not PEM certificates: {error}") from error
        roots = tuple(certificate for certificate in found if certificate.issuer == certificate.subject)
        if not roots:
            raise StampError("none of the certificates is a root, one that signs itself")
        return cls(url, roots, tuple(certificate for certificate in found if certificate not in roots))


async def ask_stamp(http: httpx.AsyncClient, authority: Authority, note: bytes) -> tuple[datetime, bytes]:
    """The authority's time for `note`, and its answer (DER), verified. Raises StampError."""
    request = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        answer = await http.post(authority.url, content=request.as_bytes(), headers=_HEADERS)
    except httpx.HTTPError as error:
        raise StampError(f"{type(error).__name__}: {error}") from error
    if answer.status_code != 200 or len(answer.content) > MAX_TOKEN_BYTES:
        raise StampError(f"HTTP {answer.status_code}, {len(answer.content)} bytes")
    return verify_stamp(answer.content, note, authority, nonce=request.nonce), answer.content


def verify_stamp(token: bytes, note: bytes, authority: Authority, *, nonce: int | None = None) -> datetime:
    """When the authority saw `note`, by its signed `token`; needs no network. Raises StampError."""
    verifier = VerifierBuilder(roots=list(authority.roots), intermediates=list(authority.others), nonce=nonce).build()
    try:
        response = decode_timestamp_response(token)
        verifier.verify_message(response, note)
        return response.tst_info.gen_time.astimezone(UTC)
    except (VerificationError, ValueError) as error:
        raise StampError(f"not a time stamp of this checkpoint: {error}") from error


async def unstamped(tx: Tx, site: str, before: datetime) -> Row | None:
    """The newest checkpoint of `site`, when it has no stamp and the newest stamp is from before `before`."""
    newest, last = await newest_checkpoint(tx, site), await one(tx, _sql.newest_stamp, site=site)
    if newest is None or (last is not None and (last["size"] == newest["size"] or last["at"] > before)):
        return None
    return newest


async def keep_stamp(tx: Tx, site: str, size: int, at: datetime, token: bytes) -> None:
    """Keeps the stamp of the checkpoint of `site` at `size`."""
    await tx.execute(_sql.add_stamp, {"site": site, "size": size, "at": at, "token": token})


async def _check_stamps(tx: Tx, site: str, authority: Authority) -> int:
    """How many stamps of `site` there are, each verified. Raises StampError for the first that does not hold."""
    found = await rows(tx, _sql.stamps, site=site)
    for row in found:
        at = verify_stamp(row["token"], row["note"].encode(), authority)
        if abs(at - row["at"]) > timedelta(milliseconds=1):
            raise StampError(f"the stamp of size {row['size']} is of {at}, not of {row['at']}")
    return len(found)


async def stamps_held(tx: Tx, found: LedgerCheck, authority: Authority | None) -> LedgerCheck:
    """`found` with its time stamps checked too; that nobody said whose count is a doubt, where there are any."""
    if not found.ok:
        return found
    if authority is None:
        kept = len(await rows(tx, _sql.stamps, site=found.site))
        doubt = f"{kept} time stamps were not checked: nobody said whose certificates count"
        return replace(found, doubts=(*found.doubts, doubt)) if kept else found
    try:
        return replace(found, stamps=await _check_stamps(tx, found.site, authority))
    except StampError as error:
        fault = "stamp_not_genuine"
        return replace(
            found, ok=False, root=None, fault=fault, row="checkpoint_stamp", detail=str(error), said=WORDS[fault]
        )
