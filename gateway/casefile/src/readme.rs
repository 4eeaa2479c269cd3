/// What a person reads first who unpacks a case file. It never changes: a case file holds no text that nobody signed.
pub(crate) const README: &str = "\
A CASE FILE OF ROGATORY

This archive holds one case between two states: every entry as it was received, the receipts of both gateways, the proofs from their
common ledger, the directories and the treaty files that were in force, and the bodies that the exporting desk opened.

To check it, you need the roots of the two states, or their fingerprints, from each state itself (a diplomatic note, an official
journal): those in roots/ are here for information only.

    desk audit verify case.zip --root XX=fingerprint-or-file --root YY=fingerprint-or-file
    gateway audit verify case.zip --root XX=... --root YY=...

With nothing of ours: deploy/AUDITOR.md in the source of the program tells each step with unzip, sha256sum, OpenSSL, Python and Go.

    manifest.json         SHA-256 of every file; manifest.signature: Ed25519 by the exporting desk over
                          \"rogatory case file v1\", a zero byte, then manifest.json
    entries/              NUMBER-ID.entry: rogatory.types.v1.Entry, in the order of the case; behind them those that did not become
                          part of it
    receipts/             NUMBER-ORDER-KIND-BY.receipt: rogatory.types.v1.SignedReceipt, by the number of its entry
    ledger/head.note      the newest head that both gateways signed [C2SP tlog-checkpoint, tlog-cosignature]
    ledger/leaf-INDEX.tlog-proof  a leaf opened [C2SP tlog-proof]; extra is salt (32 bytes), then the statement
    ledger/extent.txt     how much of the case the exporting desk's gateway holds, and its signature
    stamps/               SIZE.token: a time-stamp [RFC 3161] on SIZE.head, the head of the log of heads of the exporting gateway;
                          SIZE.timed: where in it the head of the ledger stands; SIZE.consistency: that this head leads to
                          ledger/head.note [RFC 6962]
    directories/          PARTY-VERSION.toml with .signature: ECDSA P-256, SHA-256, by the root, over
                          \"rogatory directory v1\", a zero byte, then the file
    openings/             PARTY-COMMITMENT.opening: that the directories of PARTY commit to the root of the other state: salt (32
                          bytes), the other state, its root certificate in DER; the SHA-256 of that stands in the directory
    roots/                the roots, for information
    treaties/             the treaty files that make the rule, with their signatures and what both states accepted of them
    bodies/               NUMBER.body is what the header committed to: SHA-256 over \"rogatory body v1\", a zero byte, NUMBER.salt,
                          NUMBER.body; NUMBER.signature: Ed25519 by the sending desk over \"rogatory record v1\", a zero byte, then
                          the SHA-256 of NUMBER.body; NUMBER-INDEX-TYPE.json: the documents in it
";
