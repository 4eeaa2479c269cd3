"""Verifies a head of a log by its verifier keys with the library `cryptography` and nothing of Rogatory: Ed25519 and ML-DSA-44.

usage: verify_head.py CHECKPOINT VKEY...
"""

import base64
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey


def number(value):
    return value.to_bytes(8, "big")


def holds(name, typed, signature, text):
    """A signature of a note, by the type of its key [C2SP signed-note, tlog-cosignature]."""
    kind, key = typed[0], typed[1:]
    if kind == 1:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
        return "Ed25519"
    time, signature = signature[:8], signature[8:]
    if kind == 4:
        message = b"cosignature/v1\ntime %d\n" % int.from_bytes(time, "big") + text
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return "Ed25519"
    assert kind == 6, kind
    origin, size, root = text.decode().split("\n")[:3]
    message = b"subtree/v1\n\0" + bytes([len(name)]) + name.encode() + time
    message += bytes([len(origin)]) + origin.encode() + number(0) + number(int(size)) + base64.b64decode(root)
    MLDSA44PublicKey.from_public_bytes(key).verify(signature, message)
    return "ML-DSA-44"


def main():
    note = open(sys.argv[1], "rb").read()
    text, lines = note.split(b"\n\n", 1)
    text += b"\n"
    found, spoilt, believed = [], 0, 0
    for vkey in sys.argv[2:]:
        name, _, typed = vkey.split("+", 2)
        typed = base64.b64decode(typed)
        key_id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
        for line in lines.decode().splitlines():
            _, who, signature = line.split(" ")
            signature = base64.b64decode(signature)
            if who != name or signature[:4] != key_id:
                continue
            found.append(holds(name, typed, signature[4:], text))
            for at in range(4, len(signature), 61):
                changed = bytearray(signature)
                changed[at] ^= 1
                spoilt += 1
                try:
                    holds(name, typed, bytes(changed[4:]), text)
                    believed += 1
                except InvalidSignature:
                    pass
    print(json.dumps({"hold": sorted(found), "spoilt": spoilt, "spoilt_and_believed": believed}))


if __name__ == "__main__":
    main()
