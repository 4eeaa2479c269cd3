# review: pending
hearing-times = Orari
hearing-number = N.
hearing-both = Entrambi gli orologi
hearing-both-none = Indicate giorni e ore e guardateli con entrambi gli orologi prima di proseguire.
hearing-show = Mostra entrambi gli orologi
hearing-not-office = fuori orario d’ufficio
hearing-slot-line = { $times }, { $minutes } minuti
hearing-by = proposta da
hearing-office = L’orario d’ufficio è considerato dalle 8 alle 18 da lunedì a venerdì; le festività qui non sono note.
hearing-stages = A che punto è
hearing-done = detto
hearing-not-yet = non ancora
hearing-signed = Verbale firmato da:
hearing-minutes = Scarica il verbale, per leggerlo prima di firmare
hearing-yes = Sì
hearing-no = No
