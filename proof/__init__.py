"""What makes a record believable: canonical bytes, commitments, the hash chain, the Merkle tree, signed checkpoints.

Pure: no clock, no randomness, no input or output. Times, salts and keys come in as arguments. The only thing
imported from outside the standard library is `cryptography`, so that a verifier stays small enough to be read.
"""
