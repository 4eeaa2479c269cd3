# One document.
document-under = Given under these conditions:
document-length = Length
document-opened = Content
document-gone = It was destroyed. Its length and digest are all that is left.
document-cut = There is more than is shown here; the digest stands for all of it.
document-open-title = Open what was received
document-open-what = You sign for each opening. It is put on record: who, when, and what for.
document-open = Open
document-purpose = What for
document-purpose-hint = By its name in the treaty. Empty: the purpose of the request.
document-proceeding = For which proceeding
document-proceeding-hint = Its file number. Empty: the one that the request named.
document-reader = Who reads it
document-reader-hint = A person whom the note of custody names. Empty: you.
document-passphrase-hint = That of your own key, to sign for this one opening.
document-openings = Who opened it
document-signed-by = signed by
