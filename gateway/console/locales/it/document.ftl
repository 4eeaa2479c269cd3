# review: pending
document-under = Trasmesso a queste condizioni:
document-length = Lunghezza
document-opened = Contenuto
document-gone = È stato distrutto. Ne restano solo lunghezza e impronta.
document-cut = C’è altro oltre a quanto mostrato; l’impronta vale per l’insieme.
document-open-title = Aprire quanto ricevuto
document-open-what = Lei firma ogni apertura. Viene registrata: chi, quando e perché.
document-open = Apri
document-purpose = A quale fine
document-purpose-hint = Con il nome nel trattato. Vuoto: la finalità della richiesta.
document-proceeding = Per quale procedimento
document-proceeding-hint = Il suo numero. Vuoto: quello indicato nella richiesta.
document-reader = Chi lo legge
document-reader-hint = Una persona indicata nella nota di custodia. Vuoto: lei.
document-passphrase-hint = Quella della sua chiave, per firmare questa sola apertura.
document-openings = Chi l’ha aperto
document-signed-by = firmato da
