# review: pending
accessibility-title = Dichiarazione di accessibilità
accessibility-aim = La console è realizzata per soddisfare le Linee guida per l’accessibilità dei contenuti web (WCAG) 2.2, livello AA. La piena conformità non è stata verificata da un revisore.
accessibility-can = Che cosa è possibile fare
accessibility-can-keyboard = Raggiungere e usare ogni elemento con la sola tastiera. Il primo collegamento di ogni pagina porta oltre ciò che è comune a tutte le pagine.
accessibility-can-script = Svolgere tutto il lavoro con JavaScript disattivato.
accessibility-can-zoom = Ingrandire la pagina al 400 per cento, o usare uno schermo largo 320 pixel, senza scorrimento orizzontale. Soltanto le tabelle larghe scorrono separatamente.
accessibility-can-colours = Usare i colori scuri, il contrasto elevato o i colori personali richiesti dal dispositivo. Nessuna informazione è data dal solo colore.
accessibility-can-language = Scegliere la lingua dell’interfaccia in ogni pagina. I passi in un’altra lingua sono contrassegnati, affinché un lettore di schermo possa pronunciarli.
accessibility-gaps = Carenze note
accessibility-gap-reader = Nessun utente di lettore di schermo ha ancora provato tutte le pagine.
accessibility-gap-documents = I documenti inviati da altre autorità sono mostrati come sono stati redatti. Possono non essere accessibili.
accessibility-gap-translations = I testi in francese, italiano, giapponese e cinese non sono ancora stati riveduti da un giurista di quella lingua.
accessibility-gap-session = Una sessione termina dopo un periodo di inattività senza preavviso. Quanto inserito non va perduto: dopo l’accesso il modulo è mostrato di nuovo, compilato.
accessibility-how = Come è stata verificata
accessibility-how-tested = Le pagine sono verificate automaticamente con axe-core in Chromium, con e senza JavaScript, con la tastiera e a una larghezza di 320 pixel. Tali verifiche rilevano soltanto una parte dei difetti.
accessibility-report = Segnalare ciò che non funziona
accessibility-report-whom = Rivolgersi al gestore della postazione. Il suo recapito si trova nelle istruzioni della propria autorità.

help-title = Aiuto
help-person = Parlare con una persona
help-person-whom = Il gestore della postazione assiste per l’accesso e per le pagine che non funzionano. Le questioni di diritto spettano all’autorità centrale.
help-sign = Perché la frase segreta è chiesta di nuovo
help-sign-why = Ogni atto che impegna l’autorità è firmato con la chiave personale. La pagina mostra prima, a parole, ciò che sarà firmato. La frase segreta serve a quella sola firma e non è conservata.
help-refused = In caso di rifiuto
help-refused-what = La pagina indica che cosa è stato rifiutato, in forza di quale articolo o regola, di chi è la regola e che cosa si può fare in seguito. Nulla di ciò che è stato rifiutato ha lasciato la postazione.
help-languages = Tre lingue
help-languages-three = La lingua dell’interfaccia si sceglie in ogni pagina. Essa non cambia né la lingua di un documento né quella di un trattato, mostrati come sono.
