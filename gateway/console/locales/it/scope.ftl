# The scope of a request, for who validates it.
# review: pending
scope-title = Portata della richiesta
scope-validated = È convalidata. Due funzionari possono sigillarla e inviarla.
scope-blocked = Non può ancora essere convalidata:
scope-other = Qui firma un giudice o pubblico ministero: la persona indicata accede a questa postazione e la trova tra le Bozze.
scope-caps = Limiti del trattato
scope-cap-subjects = al massimo { $count } persone o cose
scope-cap-days = al massimo { $count } giorni
scope-cap-use = solo per il procedimento indicato
scope-window = dal { $from } al { $to } ({ $days } giorni)
scope-penalty = fino a { $months } mesi
scope-reasons = Su che cosa si fonda
scope-limit = Limita questa misura
scope-limit-how = Deselezioni ciò che non autorizza e riduca i giorni. Qui nulla può essere ampliato. La richiesta è salvata così e mostrata di nuovo prima della firma.
scope-limit-go = Limita così
scope-limit-wrong = Lasci almeno un tipo di dati e una persona o cosa, e giorni compresi in quelli chiesti.
scope-keep = Autorizza questa misura
scope-from = Dal
scope-to = Al
scope-sign-what = Firma l’intera richiesta, di cui questa pagina mostra la portata. Ogni modifica richiede una nuova firma.
scope-sign = Convalida e firma
scope-back = Rinvia la bozza
scope-back-how = La bozza torna a chi l’ha scritta, con i vostri motivi. Viene convalidata di nuovo prima dell’invio.
scope-back-reasons = Che cosa va riscritto, e perché
scope-back-go = Rinvia
scope-back-missing = Indicate che cosa va riscritto, e perché.
