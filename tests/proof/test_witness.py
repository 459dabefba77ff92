"""Witnesses: cosignatures, the answers of c2sp.org/tlog-witness to the letter, policies and quorums."""

import base64

import pytest

from proof.checkpoint import Checkpoint
from proof.cosignature import cosign, cosigner, verify_cosignature
from proof.errors import EncodingError, SignatureError, TreeError
from proof.keys import SigningKey
from proof.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof, leaf_hash, root_of
from proof.note import COSIGNATURE, NoteVerifier, read_note, sign_note
from proof.policy import judge, parse_policy
from proof.tlog_proof import TlogProof
from proof.witness import (
    BEHIND,
    FALSE_EMPTY,
    TWO_ROOTS,
    UNPROVEN,
    Cosigned,
    Declined,
    Request,
    judge_request,
    shows_fork,
    speaks_against,
    write_request,
)

LOG_KEY = SigningKey.from_seed(bytes([1] * 32))
ORIGIN = "sealtrail/test/nj01"
LOG = NoteVerifier(ORIGIN, LOG_KEY.public)
KEYS = {name: SigningKey.from_seed(bytes([number] * 32)) for number, name in enumerate(("w.a", "w.b", "w.c"), start=2)}
ENTRIES = [f"entry {number}".encode() for number in range(20)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
NOON_S = 1_795_348_800


def checkpoint(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(leaves[:size]))


def ask(
    old: int, note: str, seen: Checkpoint | None = None, proof: list[bytes] | None = None, body: bytes | None = None
) -> Cosigned | Declined:
    return judge_request(
        body if body is not None else write_request(old, proof or [], note),
        logs={ORIGIN: LOG},
        latest={ORIGIN: seen} if seen else {},
        name="w.a",
        key=KEYS["w.a"],
        at_s=NOON_S,
    )


def declined(answer: Cosigned | Declined) -> int:
    assert isinstance(answer, Declined)
    return answer.status


def test_a_witness_agrees_to_what_only_grew() -> None:
    first = ask(0, checkpoint(5).sign(LOG_KEY))
    assert isinstance(first, Cosigned)
    second = ask(5, checkpoint(12).sign(LOG_KEY), first.checkpoint, consistency_proof(LEAVES[:12], 5))
    assert isinstance(second, Cosigned)
    assert second.checkpoint == checkpoint(12)
    note = read_note((checkpoint(12).sign(LOG_KEY) + second.lines).encode())
    assert verify_cosignature(note, cosigner("w.a", KEYS["w.a"])) == NOON_S
    kept = read_note(second.note.encode())
    kept.verify(LOG)
    assert verify_cosignature(kept, cosigner("w.a", KEYS["w.a"])) == NOON_S


def test_the_same_checkpoint_again_is_cosigned_again() -> None:
    assert isinstance(ask(5, checkpoint(5).sign(LOG_KEY), checkpoint(5)), Cosigned)


def test_the_empty_log() -> None:
    assert isinstance(ask(0, checkpoint(0).sign(LOG_KEY)), Cosigned)
    assert checkpoint(0).root == EMPTY_ROOT
    assert declined(ask(0, Checkpoint(ORIGIN, 0, LEAVES[0]).sign(LOG_KEY))) == 422


def test_a_fork_a_rollback_and_a_wrong_proof_are_refused() -> None:
    seen = checkpoint(5)
    forked = [*LEAVES[:4], leaf_hash(b"another"), *LEAVES[5:]]
    assert declined(ask(5, checkpoint(5, forked).sign(LOG_KEY), seen)) == 422
    assert declined(ask(5, checkpoint(9, forked).sign(LOG_KEY), seen, consistency_proof(forked[:9], 5))) == 422
    assert declined(ask(5, checkpoint(9).sign(LOG_KEY), seen, [])) == 422
    assert declined(ask(0, checkpoint(9).sign(LOG_KEY), None, [LEAVES[0]])) == 422
    rollback = ask(3, checkpoint(4).sign(LOG_KEY), seen, consistency_proof(LEAVES[:4], 3))
    assert isinstance(rollback, Declined)
    assert (rollback.status, rollback.size) == (409, 5)


def test_a_wrong_old_size_is_told_the_right_one() -> None:
    for old, seen, size in ((0, checkpoint(5), 5), (3, None, 0)):
        answer = ask(old, checkpoint(9).sign(LOG_KEY), seen, consistency_proof(LEAVES[:9], old))
        assert isinstance(answer, Declined)
        assert (answer.status, answer.size) == (409, size)


def test_unknown_logs_and_keys() -> None:
    other = SigningKey.from_seed(bytes(32))
    assert declined(ask(0, Checkpoint("else", 5, LEAVES[0]).sign(LOG_KEY))) == 404
    assert declined(ask(0, checkpoint(5).sign(other))) == 403
    note = checkpoint(5).sign(LOG_KEY)
    line = note.splitlines()[-1]
    blob = bytearray(base64.b64decode(line.split(" ")[2]))
    blob[-1] ^= 1
    broken = note.replace(line, f"— {ORIGIN} {base64.b64encode(blob).decode()}")
    assert declined(ask(0, broken)) == 403
    both = sign_note(checkpoint(5).to_text(), [("stranger", other), (ORIGIN, LOG_KEY)])
    assert isinstance(ask(0, both), Cosigned)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0",
        b"old 00\n\n" + checkpoint(5).sign(LOG_KEY).encode(),
        b"old -1\n\n" + checkpoint(5).sign(LOG_KEY).encode(),
        b"new 0\n\n" + checkpoint(5).sign(LOG_KEY).encode(),
        b"old 0\n!\n\n" + checkpoint(5).sign(LOG_KEY).encode(),
        b"old 0\nAAAA\n\n" + checkpoint(5).sign(LOG_KEY).encode(),
        b"old 0\n\nno note\n",
        b"old 9\n\n" + checkpoint(5).sign(LOG_KEY).encode(),
        write_request(0, [LEAVES[0]] * 64, checkpoint(5).sign(LOG_KEY)),
        b"old 0\n\n" + b"x" * (64 << 10),
    ],
)
def test_what_is_no_request(body: bytes) -> None:
    assert declined(ask(0, "", body=body)) == 400


def test_the_example_request_of_the_specification_is_read() -> None:
    body = (
        "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n"
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
        "zyWE+xeMcTOAYQ8=\n"
    )
    request = Request.parse(body.encode())
    assert (request.old_size, len(request.proof), request.checkpoint.size) == (20852014, 4, 20852163)


def cosigned(size: int, *names: str) -> bytes:
    note = checkpoint(size).sign(LOG_KEY)
    for name in names:
        note += cosign(checkpoint(size).to_text(), name, KEYS[name], NOON_S).line()
    return note.encode()


POLICY = f"""
# two of three, and the procuratorate in any case
log {LOG.vkey} https://example.org/log
witness A {cosigner("w.a", KEYS["w.a"]).vkey} https://a.example
witness B {cosigner("w.b", KEYS["w.b"]).vkey}
\twitness C {cosigner("w.c", KEYS["w.c"]).vkey}
group bureaus any B C
group all-of-them all A bureaus
quorum all-of-them
"""


@pytest.mark.parametrize(
    ("names", "enough"), [((), False), (("w.a",), False), (("w.b", "w.c"), False), (("w.a", "w.c"), True)]
)
def test_a_quorum(names: tuple[str, ...], enough: bool) -> None:
    judged = judge(cosigned(5, *names), parse_policy(POLICY.encode()))
    assert judged.quorum is enough
    assert set(judged.cosigned_at_s) == {name[-1].upper() for name in names}
    assert judged.checkpoint == checkpoint(5)


def test_a_policy_without_witnesses_and_one_with_a_number() -> None:
    assert judge(cosigned(5), parse_policy(f"log {LOG.vkey}\nquorum none\n".encode())).quorum
    witnesses = "".join(f"witness {n} {cosigner(n, KEYS[n]).vkey}\n" for n in KEYS)
    policy = parse_policy(f"log {LOG.vkey}\n{witnesses}group g 2 w.a w.b w.c\nquorum g\n".encode())
    assert not judge(cosigned(5, "w.b"), policy).quorum
    assert judge(cosigned(5, "w.b", "w.c"), policy).quorum


def test_a_false_cosignature_by_a_known_witness_spoils_the_note() -> None:
    note = cosigned(5)
    note += cosign(checkpoint(6).to_text(), "w.a", KEYS["w.a"], NOON_S).line().encode()
    with pytest.raises(SignatureError):
        judge(note, parse_policy(POLICY.encode()))


def test_a_checkpoint_of_no_log_of_the_policy() -> None:
    with pytest.raises(SignatureError, match="no log of the policy"):
        judge(Checkpoint("else", 5, LEAVES[0]).sign(LOG_KEY).encode(), parse_policy(POLICY.encode()))


A, B = cosigner("w.a", KEYS["w.a"]).vkey, cosigner("w.b", KEYS["w.b"]).vkey


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\nquorum none\n",
        "quorum x\n",
        f"witness A {A}\nwitness A {B}\nquorum none\n",
        f"witness A {A}\nwitness B {A}\nquorum none\n",
        f"witness none {A}\nquorum none\n",
        f"witness A {LOG.vkey}\nquorum none\n",
        f"log {A}\nquorum none\n",
        f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n",
        f"witness A {A}\ngroup g 2 A\nquorum g\n",
        f"witness A {A}\ngroup g 0 A\nquorum g\n",
        f"witness A {A}\ngroup g some A\nquorum g\n",
        f"witness A {A}\ngroup g all A A\nquorum g\n",
        f"witness A {A}\ngroup g all A\ngroup h all A\nquorum g\n",
        "group g all A\nquorum g\n",
        "group g any\nquorum g\n",
        "witness A nonsense\nquorum none\n",
        "log\nquorum none\n",
        "witness A\nquorum none\n",
        "quorum none extra\n",
        "colour red\nquorum none\n",
        "quorum none\r\n",
        "quorum none\n\x00",
    ],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(EncodingError):
        parse_policy(text.encode())


def test_a_proof_in_a_file() -> None:
    policy = parse_policy(POLICY.encode())
    for extra in (None, b"", b"salt"):
        proof = TlogProof(7, tuple(inclusion_proof(LEAVES[:12], 7)), cosigned(12, "w.a", "w.b"), extra)
        read = TlogProof.parse(proof.to_bytes())
        assert read == proof
        assert read.verify(ENTRIES[7], policy).checkpoint.size == 12
        with pytest.raises(TreeError):
            read.verify(ENTRIES[8], policy)
    alone = TlogProof(7, tuple(inclusion_proof(LEAVES[:12], 7)), cosigned(12, "w.a"))
    with pytest.raises(SignatureError, match="too few witnesses"):
        alone.verify(ENTRIES[7], policy)
    single = TlogProof(0, (), cosigned(1, "w.a", "w.b"))
    assert TlogProof.parse(single.to_bytes()).verify(ENTRIES[0], policy).checkpoint.size == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"c2sp.org/tlog-proof@v1\n\n", b"c2sp.org/tlog-proof@v2\nindex 0\n\nx",
     b"c2sp.org/tlog-proof@v1\nindex 01\n\n",
     b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", b"c2sp.org/tlog-proof@v1\nindex 0\n!\n\n",
     b"c2sp.org/tlog-proof@v1\nextra AAAA\n\n", b"x" * ((1 << 20) + 1)],
)  # fmt: skip
def test_what_is_no_proof(data: bytes) -> None:
    with pytest.raises(EncodingError):
        TlogProof.parse(data)


@pytest.mark.parametrize(
    ("status", "now", "seen", "kind"),
    [
        (422, checkpoint(5, LEAVES[::-1]), checkpoint(5), TWO_ROOTS),
        (409, checkpoint(5, LEAVES[::-1]), checkpoint(5), TWO_ROOTS),
        (400, checkpoint(4), checkpoint(5), BEHIND),
        (422, checkpoint(9), checkpoint(5), UNPROVEN),
        (400, Checkpoint(ORIGIN, 0, bytes(32)), None, FALSE_EMPTY),
        (409, checkpoint(9), checkpoint(5), None),
        (403, checkpoint(5, LEAVES[::-1]), checkpoint(5), None),
    ],
)
def test_what_a_declined_request_says_against_the_log(
    status: int, now: Checkpoint, seen: Checkpoint | None, kind: str | None
) -> None:
    assert speaks_against(Declined(status, ""), now, seen) == kind


def test_a_fork_is_shown_by_a_proof_from_another_root() -> None:
    other = [*LEAVES[:2], *LEAVES[3:]]
    proof = consistency_proof(other[:12], 5)
    assert shows_fork(checkpoint(5), root_of(other[:5]), checkpoint(12, other), proof)
    assert not shows_fork(checkpoint(5), root_of(other[:5]), checkpoint(12), proof), "leads to another tree"
    assert not shows_fork(checkpoint(5), root_of(LEAVES[:5]), checkpoint(12), consistency_proof(LEAVES[:12], 5))


def test_a_cosignature_is_of_a_checkpoint_and_of_a_time() -> None:
    with pytest.raises(EncodingError):
        cosign("not a checkpoint\n", "w.a", KEYS["w.a"], NOON_S)
    with pytest.raises(EncodingError):
        cosign(checkpoint(1).to_text(), "w.a", KEYS["w.a"], 0)
    note = read_note(cosigned(5, "w.a"))
    with pytest.raises(SignatureError):
        verify_cosignature(note, NoteVerifier("w.a", KEYS["w.a"].public))
    with pytest.raises(SignatureError):
        verify_cosignature(note, cosigner("w.a", KEYS["w.b"]))
    assert NoteVerifier.from_vkey(A).type == COSIGNATURE
