# review: pending
face-skip = Vai al contenuto principale
face-menu = Menu
face-service = Informazioni sul servizio
face-inbox = In arrivo
face-agenda = Scadenzario
face-disposal = Distruzione
face-search = Ricerca
face-statistics = Statistiche
face-language = Lingua dell’interfaccia
face-sign-out = Esci
face-support = Collegamenti di assistenza
face-help = Aiuto
face-accessibility = Dichiarazione di accessibilità
face-training = Esercitazione
face-training-means = Questo Stato è simulato. Nulla di ciò che si compie qui giunge a un’autorità o a una persona reale.

govuk-error-prefix = Errore
govuk-error-title = Si è verificato un problema
govuk-success = Fatto
govuk-important = Importante
govuk-warning = Avvertenza
govuk-date-day = Giorno
govuk-date-month = Mese
govuk-date-year = Anno
govuk-pages = Pagine
govuk-page-first = Torna alla prima pagina
govuk-page-next = Pagina successiva
