"""Labels: what the QR codes on items, packages, seals, slots and passes say, and how to tell a genuine one.

Text: `ST1:` and base45 of  kind (1 byte) ‖ issue (2 bytes, big endian) ‖ length of id (1 byte) ‖ id (ASCII) ‖
Ed25519 signature (64 bytes) over "sealtrail/label/1\\0" and all before it. Ids read `<site>/<name>`, so that a
label of another site is told apart without a network. The text stays within QR's alphanumeric mode.

A pass on a person's phone is a label that ends: kind code 6, and behind the id when it expires (4 bytes, big endian,
seconds since 1970 in UTC), signed with the rest, so that a picture of it is worth nothing a little later.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from custody.passage import Genuineness, Sight
from custody.things import Kind, Moment
from proof.errors import SignatureError
from proof.keys import SIGNATURE_BYTES, Signer, VerifyKey
from wire import base45
from wire.errors import ForgedLabelError, LabelError

PREFIX = "ST1:"
MAX_ISSUE = 0xFFFF

_CONTEXT = b"sealtrail/label/1\0"
_CODES = {Kind.ITEM: 1, Kind.PACKAGE: 2, Kind.SEAL: 3, Kind.SLOT: 4, Kind.PERSON: 5}
_KINDS = {code: kind for kind, code in _CODES.items()}
_PASS = 6
_EXPIRY_BYTES = 4
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}/[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Label:
    """A thing's name and the issue number of its label; a newer issue makes the older ones void.

    `expires_at` (UTC, whole seconds) is set for a pass on a phone only; what is printed does not expire by itself.
    """

    kind: Kind
    id: str
    issue: int
    expires_at: datetime | None = None

    @property
    def site(self) -> str:
        """The site whose label it is."""
        return self.id.partition("/")[0]

    def lasts(self, now: Moment | None) -> bool:
        """Whether it surely holds at `now`: a clock that may be past its end, or cannot say, lets no pass count."""
        if self.expires_at is None:
            return True
        return now is not None and now.error is not None and now.at + now.error <= self.expires_at


def valid_id(thing: str) -> bool:
    """Whether `thing` can stand on a label: `<site>/<name>`."""
    return _ID.fullmatch(thing) is not None


def write_label(label: Label, key: Signer) -> str:
    """The text for the QR code of `label`. Raises LabelError for an id or issue that cannot be written."""
    if not valid_id(label.id) or not 1 <= label.issue <= MAX_ISSUE:
        raise LabelError(f"cannot write a label for {label.id!r}, issue {label.issue}", label.id)
    name = label.id.encode()
    content = label.issue.to_bytes(2, "big") + bytes([len(name)]) + name
    if label.expires_at is None:
        content = bytes([_CODES[label.kind]]) + content
    else:
        content = bytes([_PASS]) + content + _expiry(label)
    return PREFIX + base45.encode(content + key.sign(_CONTEXT + content))


def write_pass(person: str, issue: int, expires_at: datetime, key: Signer) -> str:
    """The text for the QR code on the phone of `person`, good until `expires_at`; parts of a second are cut off.

    Raises LabelError for what cannot be written.
    """
    return write_label(Label(Kind.PERSON, person, issue, expires_at), key)


def read_label(text: str, keys: Sequence[VerifyKey]) -> Label:
    """The genuine label or pass in `text`; whether a pass still holds is not asked here.

    Raises ForgedLabelError when it has our form but none of the label `keys` signed it, LabelError when it is
    something else.
    """
    if not text.startswith(PREFIX):
        raise LabelError("not a Sealtrail label", text)
    try:
        data = base45.decode(text[len(PREFIX) :])
        content, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
        label = _parse(content)
    except (ValueError, KeyError, IndexError) as error:
        raise ForgedLabelError("a damaged or invented label", text) from error
    if not valid_id(label.id) or label.issue < 1:
        raise ForgedLabelError("a damaged or invented label", text)
    for key in keys:
        try:
            key.verify(signature, _CONTEXT + content)
        except SignatureError:
            continue
        return label
    raise ForgedLabelError(f"a label for {label.id} that no label key signed", text)


def see(text: str, site: str, keys: Sequence[VerifyKey], copies: int = 1, now: Moment | None = None) -> Sight:
    """What `text`, read at `site` in `copies` places of one frame at `now`, is to the rules."""
    try:
        label = read_label(text, keys)
    except ForgedLabelError:
        return Sight(Genuineness.FORGED, text, copies=copies)
    except LabelError:
        return Sight(Genuineness.UNKNOWN, text, copies=copies)
    if label.site != site:
        return Sight(Genuineness.OTHER_SITE, label.id, copies=copies)
    genuineness = Genuineness.GENUINE if label.lasts(now) else Genuineness.STALE
    return Sight(genuineness, label.id, label.kind, label.issue, copies)


def _expiry(label: Label) -> bytes:
    if label.kind is not Kind.PERSON or label.expires_at is None or label.expires_at.tzinfo is None:
        raise LabelError("only a person's pass expires, at a time with a zone", label.id)
    try:
        return int(label.expires_at.timestamp()).to_bytes(_EXPIRY_BYTES, "big")
    except OverflowError as error:
        raise LabelError(f"a pass cannot last until {label.expires_at}", label.id) from error


def _parse(content: bytes) -> Label:
    """What the signed part says. Raises ValueError, KeyError or IndexError for what is none."""
    kind = Kind.PERSON if content[0] == _PASS else _KINDS[content[0]]
    end, expires_at = len(content), None
    if content[0] == _PASS:
        end -= _EXPIRY_BYTES
        expires_at = datetime.fromtimestamp(int.from_bytes(content[end:], "big"), UTC)
    if content[3] != end - 4:
        raise ValueError("a length that is not the id's")
    return Label(kind, content[4:end].decode("ascii"), int.from_bytes(content[1:3], "big"), expires_at)
