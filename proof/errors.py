"""What can be wrong with a proof; every error carries a diagnosis for the person at the screen."""


class ProofError(Exception):
    """Root of everything `proof` raises."""

    diagnosis = "The record could not be checked."

    def __init__(self, message: str) -> None:
        super().__init__(message)


class CanonicalError(ProofError, ValueError):
    """A value that has no canonical JSON form (RFC 8785): NaN, an integer above 2^53, a key that is no text."""

    diagnosis = "The record holds a value that cannot be written in one agreed way."


class EncodingError(ProofError, ValueError):
    """Bytes that should be a signed object, a key, a note or a hash, and are not."""

    diagnosis = "The bytes are not in the expected format: truncated, or of another kind or version."


class SignatureError(ProofError):
    """A well-formed signed object whose signature is not by the key it should be by."""

    diagnosis = "The signature does not fit: the content was changed, or another key signed it."


class ChainError(ProofError):
    """A fact does not continue the chain it claims to continue."""

    diagnosis = "The facts do not form one unbroken chain."


class TreeError(ProofError):
    """A Merkle proof, a tree size or a set of hashes that do not belong together."""

    diagnosis = "The Merkle proof does not lead to the root it should lead to."


class AssertionRefusedError(SignatureError):
    """A passkey's assertion that is not one over what it should be over, by a verified user, at the site it is for."""

    diagnosis = "The passkey's signature does not fit: it signs something else, or the person was not verified."
