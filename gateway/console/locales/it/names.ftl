# What people call what treaties and records name.
# review: pending
words-clause = { $treaty }, art. { $number }
words-unnamed = Senza numero di fascicolo ({ $counterpart })

# Treaties.
treaty-ets-185 = Convenzione sulla criminalità informatica
treaty-cets-224 = Secondo Protocollo addizionale alla Convenzione sulla criminalità informatica
treaty-untoc = Convenzione delle Nazioni Unite contro la criminalità organizzata transnazionale
treaty-eu-jp-mla = Accordo UE-Giappone di assistenza giudiziaria
treaty-eio = Direttiva 2014/41/UE (ordine europeo di indagine)
treaty-reg-2023-1543 = Regolamento (UE) 2023/1543 (prove elettroniche)
treaty-jp-us-mlat = Trattato di assistenza giudiziaria Giappone-Stati Uniti
treaty-jp-cn-mla = Trattato di assistenza giudiziaria Giappone-Cina
treaty-asean-mlat = Trattato ASEAN di assistenza giudiziaria
treaty-jp-sg-didc-2022 = Intesa Giappone-Singapore sull’identità digitale

# Kinds of records.
record-request = Richiesta
record-subscriber-info = Dati sugli abbonati
record-registrant-info = Titolare di un nome a dominio
record-traffic-data = Dati sul traffico
record-content-data = Dati relativi al contenuto
record-preservation-confirmation = Conferma di conservazione
record-bank-records = Dati bancari
record-criminal-record-extract = Estratto del casellario giudiziale
record-service-certificate = Attestato di notifica
record-hearing-record = Verbale di audizione in videoconferenza
record-testimony-record = Verbale di testimonianza
record-appearance-consent = Consenso a comparire
record-identity-attestation = Attestato d’identità
record-status-check = Risposta a una domanda
record-freezing-certificate = Certificato di congelamento
record-asset-trace = Beni rintracciati
record-seized-item = Bene sequestrato
record-location-report = Rapporto di localizzazione
record-corporate-records = Dati societari
record-government-records = Documenti pubblici
record-expert-report = Perizia
record-spontaneous-information = Informazioni spontanee
record-shared-draft = Bozza condivisa
record-draft-comment = Commento alla bozza
record-ack = Conferma di ricezione
record-info-request = Domande
record-info-reply = Risposte
record-decision = Decisione
record-notice = Avviso
record-status = Stato di avanzamento
record-postponement = Rinvio
record-undertaking = Impegno
record-receipt-confirmation = Conferma di ricevimento
record-execution-report = Rapporto di esecuzione
record-custody-note = Nota di custodia
record-consultation-minutes = Verbale di consultazione
record-breach-notice = Notifica di violazione
record-cost-note = Nota spese
record-destruction-certificate = Certificato di distruzione
record-emergency-callback = Verbale della richiamata
record-expost-validation = Convalida successiva
record-hearing-notice = Atto relativo all’audizione
record-onward-consent = Consenso alla trasmissione ulteriore
record-out-of-band-media = Dati su supporto
record-record-correction = Rettifica di dati
record-remedy = Mezzo di impugnazione
record-return-certificate = Certificato di restituzione
record-use-consent = Consenso a un altro uso
record-violation = Notifica: il contenuto contraddice l’intestazione
record-wrong-subject-recall = Richiamo: altra persona

# What is asked.
request-preservation = Conservazione di dati memorizzati
request-traffic-partial = Dati sul traffico che mostrano il percorso
request-stored-data = Dati informatici memorizzati
request-spontaneous = Informazioni spontanee
request-domain-data = Chi ha registrato un dominio
request-provider-direct = Dati sull’abbonato da un fornitore
request-order-production = Esecuzione di un ordine di produzione
request-emergency-disclosure = Divulgazione in caso di emergenza
request-emergency-assistance = Assistenza in caso di emergenza
request-video-hearing = Audizione in videoconferenza
request-telephone-hearing = Audizione telefonica
request-testimony = Testimonianza
request-voluntary-statement = Dichiarazione volontaria
request-bank-records = Dati bancari
request-bank-accounts = Conti bancari di una persona
request-corporate-records = Dati societari
request-authority-items = Documenti di enti pubblici
request-search-seizure = Perquisizione e sequestro
request-freeze-confiscate = Congelamento e confisca
request-trace-proceeds = Ricerca dei proventi
request-locate = Localizzazione di persona o cosa
request-service = Notifica di atti
request-appearance = Invito a comparire
request-custody-transfer = Trasferimento di persona detenuta
request-expert-opinion = Perizia
request-jit = Squadra investigativa comune
request-record-extract = Estratto del casellario
request-identification = Identificazione
request-status-check = Una domanda a un registro
request-attest = Attestazione di attributi
request-correction = Rettifica
request-provisional = Misura provvisoria
request-epoc-identification = Ordine europeo di produzione: identificazione
request-epoc-production = Ordine europeo di produzione
request-epoc-preservation = Ordine europeo di conservazione

# Purposes.
purpose-criminal-investigation = Indagine penale
purpose-criminal-proceedings = Procedimento penale
purpose-execution-of-sentence = Esecuzione di una pena
purpose-age-proof = Prova dell’età
purpose-identity-verification = Verifica dell’identità
purpose-residence-status-proof = Prova dello stato di residenza
purpose-address-confirmation = Conferma di un indirizzo

# Attributes.
attribute-family-name = Cognome
attribute-given-name = Nome
attribute-birth-date = Data di nascita
attribute-over-18 = Maggiore di 18 anni
attribute-over-20 = Maggiore di 20 anni
attribute-residence-country = Paese di residenza
attribute-document-validity = Validità del documento
