"""Labels: what the QR codes on items, packages, seals, slots and passes say, and how to tell a genuine one.

Text: `ST1:` and base45 of  kind (1 byte) ‖ issue (2 bytes, big endian) ‖ length of id (1 byte) ‖ id (ASCII) ‖
Ed25519 signature (64 bytes) over "sealtrail/label/1\\0" and all before it. Ids read `<site>/<name>`, so that a
label of another site is told apart without a network. The text stays within QR's alphanumeric mode.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from custody.passage import Genuineness, Sight
from custody.things import Kind
from proof.errors import SignatureError
from proof.keys import SIGNATURE_BYTES, Signer, VerifyKey
from wire import base45
from wire.errors import ForgedLabelError, LabelError

PREFIX = "ST1:"
MAX_ISSUE = 0xFFFF

_CONTEXT = b"sealtrail/label/1\0"
_CODES = {Kind.ITEM: 1, Kind.PACKAGE: 2, Kind.SEAL: 3, Kind.SLOT: 4, Kind.PERSON: 5}
_KINDS = {code: kind for kind, code in _CODES.items()}
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}/[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Label:
    """A thing's name and the issue number of its label; a newer issue makes the older ones void."""

    kind: Kind
    id: str
    issue: int

    @property
    def site(self) -> str:
        """The site whose label it is."""
        return self.id.partition("/")[0]


def valid_id(thing: str) -> bool:
    """Whether `thing` can stand on a label: `<site>/<name>`."""
    return _ID.fullmatch(thing) is not None


def write_label(label: Label, key: Signer) -> str:
    """The text for the QR code of `label`. Raises LabelError for an id or issue that cannot be written."""
    if not valid_id(label.id) or not 1 <= label.issue <= MAX_ISSUE:
        raise LabelError(f"cannot write a label for {label.id!r}, issue {label.issue}", label.id)
    name = label.id.encode()
    content = bytes([_CODES[label.kind]]) + label.issue.to_bytes(2, "big") + bytes([len(name)]) + name
    return PREFIX + base45.encode(content + key.sign(_CONTEXT + content))


def read_label(text: str, keys: Sequence[VerifyKey]) -> Label:
    """The genuine label in `text`.

    Raises ForgedLabelError when it has our form but none of the label `keys` signed it, LabelError when it is
    something else.
    """
    if not text.startswith(PREFIX):
        raise LabelError("not a Sealtrail label", text)
    try:
        data = base45.decode(text[len(PREFIX) :])
        content, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
        kind, name = _KINDS[content[0]], content[4:].decode("ascii")
        label = Label(kind, name, int.from_bytes(content[1:3], "big"))
    except (ValueError, KeyError, IndexError) as error:
        raise ForgedLabelError("a damaged or invented label", text) from error
    if content[3] != len(content) - 4 or not valid_id(label.id) or label.issue < 1:
        raise ForgedLabelError("a damaged or invented label", text)
    for key in keys:
        try:
            key.verify(signature, _CONTEXT + content)
        except SignatureError:
            continue
        return label
    raise ForgedLabelError(f"a label for {label.id} that no label key signed", text)


def see(text: str, site: str, keys: Sequence[VerifyKey], copies: int = 1) -> Sight:
    """What `text`, read at `site` in `copies` places of one frame, is to the rules."""
    try:
        label = read_label(text, keys)
    except ForgedLabelError:
        return Sight(Genuineness.FORGED, text, copies=copies)
    except LabelError:
        return Sight(Genuineness.UNKNOWN, text, copies=copies)
    if label.site != site:
        return Sight(Genuineness.OTHER_SITE, label.id, copies=copies)
    return Sight(Genuineness.GENUINE, label.id, label.kind, label.issue, copies)
