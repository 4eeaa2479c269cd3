"""Verifies a receipt with an independent implementation of RFC 9942, as a stranger would: with the bytes of the receipt, its proof and
the ledger key from the state's directory. Then spoils each byte of both, one at a time: nothing of that may verify.

Arguments, in hexadecimal: the encoded Receipt, the proof, the Ed25519 public key.
"""

import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from scitt_cose import verify_receipt

LEAF = b"rogatory receipt v1\0"


def main() -> None:
    receipt, proof, key = (bytes.fromhex(argument) for argument in sys.argv[1:])
    pem = Ed25519PublicKey.from_public_bytes(key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verify(receipt: bytes, proof: bytes):
        return verify_receipt(proof, leaf_entry_hex=(LEAF + receipt).hex(), log_public_key_pem=pem)

    whole = verify(receipt, proof)
    spoilt = [(flipped, proof) for flipped in flips(receipt)] + [(receipt, flipped) for flipped in flips(proof)]
    told = {
        "holds": whole.ok,
        "errors": [str(error) for error in whole.errors],
        "issuer": whole.issuer,
        "subject": whole.subject,
        "spoilt": len(spoilt),
        "spoilt_and_believed": sum(1 for one in spoilt if believed(verify, one)),
    }
    print(json.dumps(told))


def flips(data: bytes):
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def believed(verify, one) -> bool:
    try:
        return verify(*one).ok
    except Exception:  # Whatever a foreign library throws, it did not believe.
        return False


main()
