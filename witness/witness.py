"""The witness itself: reads what it saw, judges, and keeps, in one step, before anybody hears the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from proof.cosignature import cosigner
from proof.errors import EncodingError
from proof.keys import SigningKey
from proof.note import ED25519, NoteVerifier, valid_name
from proof.policy import parse_policy
from proof.witness import PROOFS, Cosigned, Declined, Request, judge_request, speaks_against
from witness.errors import OptionsError
from witness.state import State, read_kept


def know_logs(vkeys: Sequence[str], policy: bytes | None = None) -> dict[str, NoteVerifier]:
    """The logs of these verifier keys and of the policy's log lines, by origin. Raises OptionsError."""
    logs: dict[str, NoteVerifier] = {}
    try:
        found = [NoteVerifier.from_vkey(vkey) for vkey in vkeys]
        found += parse_policy(policy).logs if policy is not None else ()
    except EncodingError as error:
        raise OptionsError(f"the known logs: {error}") from error
    for log in found:
        if log.type != ED25519:
            raise OptionsError(f"{log.vkey} is the key of a witness, not of a log")
        if log.name in logs:
            raise OptionsError(f"the log {log.name} is named twice; a witness knows one key for it")
        logs[log.name] = log
    if not logs:
        raise OptionsError("a witness needs to know a log: --log or --policy")
    return logs


@dataclass(frozen=True, slots=True)
class Witness:
    """Witness `name` with `key`, who knows `logs` by origin and remembers in `state`. Used by one thread.

    `now_s` is its own clock (POSIX s); `on_accusation` hears origin, kind and why, once it is kept, `on_answer` what
    is about to be answered.
    """

    name: str
    key: SigningKey
    logs: Mapping[str, NoteVerifier]
    state: State
    now_s: Callable[[], int]
    on_accusation: Callable[[str, str, str], None] = field(default=lambda origin, kind, why: None)
    on_answer: Callable[[Cosigned | Declined], None] = field(default=lambda answer: None)

    def __post_init__(self) -> None:
        if not valid_name(self.name):
            raise OptionsError(f"{self.name!r} cannot be a witness's name: no spaces, no plus sign")
        self.state.belong(cosigner(self.name, self.key))

    @property
    def vkey(self) -> str:
        """What others put into their policies."""
        return cosigner(self.name, self.key).vkey

    def add_checkpoint(self, body: bytes) -> Cosigned | Declined:
        """The answer to a request, after whatever it changes is on disk. Raises StateError: then nothing is signed."""
        answer = self._judge(body)
        self.on_answer(answer)
        return answer

    def _judge(self, body: bytes) -> Cosigned | Declined:
        try:
            request = Request.parse(body)
        except ValueError as error:  # EncodingError; and int() refuses thousands of digits with a plain ValueError
            return Declined(400, str(error))
        accused = None
        with self.state.alone():
            origin = request.checkpoint.origin
            note = self.state.newest(origin)
            seen = read_kept(note) if note is not None else None
            at_s = self.now_s()
            answer = judge_request(
                body,
                logs=self.logs,
                latest={origin: seen} if seen else {},
                name=self.name,
                key=self.key,
                at_s=at_s,
            )
            if isinstance(answer, Cosigned):
                self.state.keep(origin, answer.note, at_s)
            else:
                accused = speaks_against(answer, request.checkpoint, seen)
                if accused and not self.state.accuse(
                    request.note.text, origin=origin, kind=accused, proves=accused in PROOFS, status=answer.status,
                    why=answer.why, request=body, seen=note, at_s=at_s,
                ):  # fmt: skip
                    accused = None
        if accused and isinstance(answer, Declined):
            self.on_accusation(origin, accused, answer.why)
        return answer

    def checkpoint(self, origin_sha256: str) -> str | None:
        """The newest cosigned checkpoint of the log with this hash of its origin. Raises StateError."""
        return self.state.newest_by_hash(origin_sha256)
