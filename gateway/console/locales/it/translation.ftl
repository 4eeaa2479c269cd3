# A request and its translation.
# review: pending
translation-title = Originale e traduzione
translation-how = Si confrontano numeri, importi, date, identificativi e nomi. Le parole no: è compito del traduttore.
translation-no-language = La lingua della richiesta o della traduzione non è ancora scelta.
translation-uncompared = Nulla è confrontato:
translation-nothing = Non c’è ancora testo.
translation-original = Originale
translation-translation = Traduzione
translation-agree = Numeri, date e nomi concordano
translation-none = Nulla da confrontare
translation-differ = Differiscono
translation-perhaps = forse un nome
translation-save = Salva e confronta
translation-look = Originale e traduzione affiancati
differs-only-original = Solo nell’originale
differs-only-translation = Solo nella traduzione
differs-kind-number = numero
differs-kind-amount = importo
differs-kind-percentage = percentuale
differs-kind-date = data
differs-kind-month = mese
differs-kind-time = ora
differs-kind-identifier = identificativo
differs-kind-name = nome
