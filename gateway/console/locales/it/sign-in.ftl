# review: pending
sign-in-title = Accesso
sign-in-officer = Funzionario
sign-in-officer-hint = Il suo nome nella cartella dei funzionari, ad esempio officer-1.
sign-in-passphrase = Passphrase
sign-in-passphrase-hint = Quella della sua chiave. Serve a provare chi è e non viene conservata.
sign-in-enter = Accedi
sign-in-ended = La sua sessione è terminata.
sign-in-kept = Non è stato fatto nulla e quanto inserito è conservato: acceda per continuare.
go-on-title = Accesso effettuato
go-on-what = Quanto inserito è conservato. Non è stato inviato.
go-on-button = Continua
led-here-title = Continua alla console
