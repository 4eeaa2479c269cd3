# A request that came: the first look, the acceptance, questions.
# review: pending
triage-title = Primo esame di una richiesta
triage-from = Da
triage-next = Che cosa si può fare
triage-what = Che cosa si chiede e in base a quale articolo
triage-who = Chi chiede
triage-why = Perché e con quale urgenza
triage-there = Ora locale
triage-missing = Che cosa manca
triage-nothing-missing = Nulla, secondo il trattato e le proprie regole.
triage-dual = dichiarato reato in entrambi gli Stati
triage-no-dual = non dichiarato reato in entrambi gli Stati
triage-request = Leggi l’intera richiesta
triage-open = Esamina la richiesta

# To accept in one act.
accept-then = E poi, con la stessa passphrase
accept-then-what = Prima si apre l’esame. Appena i due varchi lo hanno ammesso, si firma questo per lei, e nient’altro.

# Templates of questions.
ask-templates = Parti da un modello
ask-facts = I fatti sono incompleti
ask-identity = La persona o l’account non è identificabile
ask-offence = Il reato o la pena non è chiaro
ask-custodian = Il depositario non è noto
ask-translation = La traduzione manca o non è chiara
ask-decision = La decisione giudiziaria non è chiara
ask-text-facts = Si prega di completare i fatti: chi è sospettato di quale atto, quando e dove è stato commesso, e in che modo i dati richiesti vi si riferiscono.
ask-text-identity = Quanto indicato corrisponde qui a più persone o account, o a nessuno. Si prega di fornire un ulteriore elemento, ad esempio la data di nascita, l’indirizzo esatto dell’account o un momento con il fuso orario.
ask-text-offence = Si prega di trasmettere il testo della disposizione e la pena massima, e di indicare con quale condotta il reato è integrato.
ask-text-custodian = Non è stato possibile trovare chi detiene i dati. Si prega di indicare il fornitore o depositario, con l’indirizzo o il luogo del sistema.
ask-text-translation = Si prega di trasmettere una traduzione certificata della richiesta, o dei passi non ancora tradotti.
ask-text-decision = Si prega di indicare quale tribunale o procura ha deciso, quando, con quale numero e su quale base giuridica.
