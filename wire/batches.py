"""Sealing facts into batches and opening them again: one signature a batch, one chain for an agent's life."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from proof import chain
from proof.canonical import canonical
from proof.errors import ChainError, SignatureError
from proof.keys import Signer, VerifyKey
from proof.statement import Statement
from wire.errors import MessageError
from wire.messages import Batch, Fact, decode_batch, encode


@dataclass(frozen=True, slots=True)
class SealedFact:
    """A fact as the chain holds it: its canonical bytes (without salt), commitment and the head after it."""

    fact: Fact
    content: bytes
    commitment: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class OpenedBatch:
    """A batch whose signature fits and whose facts form the chain that was signed; `jws` is the signed statement."""

    statement: Statement
    facts: list[SealedFact]
    jws: str


def seal(fact: Fact, head: bytes) -> SealedFact:
    """`fact` as the next in the chain that ends in `head`. Raises CanonicalError, MessageError for a bad salt."""
    try:
        salt = bytes.fromhex(fact.salt)
    except ValueError as error:
        raise MessageError(f"fact {fact.seq}: the salt is not hex") from error
    if len(salt) != chain.SALT_BYTES:
        raise MessageError(f"fact {fact.seq}: a salt has {chain.SALT_BYTES} bytes")
    members = msgspec.to_builtins(fact)
    del members["salt"]
    content = canonical(members)
    commitment = chain.commit_content(content, salt)
    return SealedFact(fact, content, commitment, chain.link(head, commitment))


def sign_batch(agent: str, facts: Sequence[Fact], prev: bytes, head: bytes, key: Signer) -> bytes:
    """The message of consecutive `facts` that continue `prev` and end in `head`."""
    statement = Statement(agent=agent, first=facts[0].seq, last=facts[-1].seq, prev=prev.hex(), head=head.hex())
    return encode(Batch(statement.sign(key), list(facts)))


def open_batch(payload: bytes, agent: str, find_key: Callable[[str], VerifyKey | None]) -> OpenedBatch:
    """The verified batch in `payload`, published under the topic of `agent`.

    Raises MessageError for bytes that are no batch, ProofError where signature or chain do not fit.
    """
    batch = decode_batch(payload)
    statement = Statement.verify(batch.jws, find_key)
    if statement.agent != agent:
        raise SignatureError(f"a statement of {statement.agent} under the topic of {agent}")
    whole = statement.last - statement.first + 1 == len(batch.facts)  # before a range of what may be millions is made
    if not whole or [fact.seq for fact in batch.facts] != list(range(statement.first, statement.last + 1)):
        raise MessageError(f"the facts are not {statement.first} to {statement.last}, one by one")
    try:
        head = bytes.fromhex(statement.prev)
    except ValueError as error:
        raise MessageError("the statement's prev is not hex") from error
    facts = []
    for fact in batch.facts:
        sealed = seal(fact, head)
        head = sealed.head
        facts.append(sealed)
    if head.hex() != statement.head:
        raise ChainError(f"the facts {statement.first} to {statement.last} do not lead to the head that was signed")
    return OpenedBatch(statement, facts, batch.jws)
