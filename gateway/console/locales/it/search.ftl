# review: pending
search-title = Ricerca
search-what = Si cercano numeri, riferimenti, autorità, articoli, tipi, stati e giorni. Nulla di sigillato viene aperto.
search-words = Parole
search-words-hint = Tutte devono trovarsi, p. es.: FR:central stored_data
search-any = Tutti
search-from = Modificato dal
search-to = fino al
search-do = Cerca
search-found = Risultati
search-told = { $found } trovati fra i { $looked } casi e bozze esaminati.
search-on = Continua fra i più vecchi
