"""Opens a sealed file from a record and the pieces that a gateway keeps, by the layout in gateway/blobs/src/lib.rs.

Usage: open_file.py RECORD.json FOLDER-OF-PIECES OUT
Needs: cryptography with OpenSSL 3.2 or later (AES-GCM-SIV).
"""

import hashlib
import json
import sys
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

PIECE = 1024 * 1024


def main(record_path: str, folder: str, out: str) -> None:
    record = json.loads(Path(record_path).read_text(encoding="utf-8"))
    (manifest,) = record["attachments"]
    case, file = uuid.UUID(record["case"]).bytes, uuid.UUID(manifest["file"]).bytes
    named = [path for path in sorted(Path(folder).iterdir()) if path.name != "outline"]
    pieces = [path.read_bytes() for path in named]
    outline = b"".join(hashlib.sha256(piece).digest() for piece in pieces)
    length = sum(map(len, pieces))
    digest = hashlib.sha256(b"rogatory outline v1\0" + length.to_bytes(8, "big") + outline).hexdigest()
    assert manifest["sealed"] == {"digest": digest, "bytes": length}, "these are not the sealed bytes that were signed for"
    cipher = AESGCMSIV(bytes.fromhex(manifest["key"]))
    clear = b""
    for index, piece in enumerate(pieces):
        number = index.to_bytes(4, "big")
        last = index == len(pieces) - 1
        nonce = bytes(7) + number + bytes([last])
        clear += cipher.decrypt(nonce, piece, b"rogatory file v1\0" + case + file + number)
    content, filling = clear[: manifest["bytes"]], clear[manifest["bytes"] :]
    assert not any(filling), "the file is filled up with something else than zero bytes"
    assert hashlib.sha256(content).hexdigest() == manifest["hash"], "the file is another one"
    Path(out).write_bytes(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
