# What people call what treaties and records name.
# review: pending
words-clause = { $treaty }, art. { $number }
words-unnamed = Sans numéro de dossier ({ $counterpart })

# Treaties.
treaty-ets-185 = Convention sur la cybercriminalité
treaty-cets-224 = Deuxième Protocole additionnel à la Convention sur la cybercriminalité
treaty-untoc = Convention des Nations Unies contre la criminalité transnationale organisée
treaty-eu-jp-mla = Accord UE–Japon d’entraide judiciaire
treaty-eio = Directive 2014/41/UE (décision d’enquête européenne)
treaty-reg-2023-1543 = Règlement (UE) 2023/1543 (preuves électroniques)
treaty-jp-us-mlat = Traité d’entraide judiciaire Japon–États-Unis
treaty-jp-cn-mla = Traité d’entraide judiciaire Japon–Chine
treaty-asean-mlat = Traité d’entraide judiciaire de l’ASEAN
treaty-jp-sg-didc-2022 = Arrangement Japon–Singapour sur l’identité numérique

# Kinds of records.
record-request = Demande
record-subscriber-info = Données relatives aux abonnés
record-registrant-info = Titulaire d’un nom de domaine
record-traffic-data = Données relatives au trafic
record-content-data = Données relatives au contenu
record-preservation-confirmation = Confirmation de conservation
record-bank-records = Données bancaires
record-criminal-record-extract = Extrait de casier judiciaire
record-service-certificate = Attestation de notification
record-hearing-record = Procès-verbal d’audition par visioconférence
record-testimony-record = Procès-verbal de témoignage
record-appearance-consent = Consentement à comparaître
record-identity-attestation = Attestation d’identité
record-status-check = Réponse à une question
record-freezing-certificate = Certificat de gel
record-asset-trace = Avoirs identifiés
record-seized-item = Objet saisi
record-location-report = Rapport de localisation
record-corporate-records = Données sur une société
record-government-records = Documents publics
record-expert-report = Rapport d’expertise
record-spontaneous-information = Information spontanée
record-shared-draft = Brouillon partagé
record-draft-comment = Commentaire du brouillon
record-ack = Accusé de réception
record-info-request = Questions
record-info-reply = Réponses
record-decision = Décision
record-notice = Avis
record-status = État d’avancement
record-postponement = Report
record-undertaking = Engagement
record-receipt-confirmation = Confirmation de réception
record-execution-report = Rapport d’exécution
record-custody-note = Note de garde
record-consultation-minutes = Procès-verbal de consultation
record-breach-notice = Notification de violation
record-cost-note = Note de frais
record-destruction-certificate = Certificat de destruction
record-emergency-callback = Procès-verbal du rappel
record-expost-validation = Validation a posteriori
record-hearing-notice = Pièce relative à l’audition
record-onward-consent = Consentement à la transmission ultérieure
record-out-of-band-media = Données sur support
record-record-correction = Rectification de données
record-remedy = Recours
record-return-certificate = Certificat de restitution
record-use-consent = Consentement à un autre usage
record-violation = Notification : le contenu contredit l’en-tête
record-wrong-subject-recall = Rappel : autre personne

# What is asked.
request-preservation = Conservation de données stockées
request-traffic-partial = Données de trafic montrant l’acheminement
request-stored-data = Données informatiques stockées
request-spontaneous = Information spontanée
request-domain-data = Titulaire d’un nom de domaine
request-provider-direct = Données d’abonné d’un fournisseur
request-order-production = Exécution d’une injonction de produire
request-emergency-disclosure = Divulgation en cas d’urgence
request-emergency-assistance = Entraide en cas d’urgence
request-video-hearing = Audition par visioconférence
request-telephone-hearing = Audition par téléphone
request-testimony = Témoignage
request-voluntary-statement = Déclaration volontaire
request-bank-records = Données bancaires
request-bank-accounts = Comptes bancaires d’une personne
request-corporate-records = Données sur une société
request-authority-items = Documents d’organismes publics
request-search-seizure = Perquisition et saisie
request-freeze-confiscate = Gel et confiscation
request-trace-proceeds = Recherche des produits
request-locate = Localisation d’une personne ou d’un objet
request-service = Notification d’actes
request-appearance = Invitation à comparaître
request-custody-transfer = Transfèrement d’une personne détenue
request-expert-opinion = Expertise
request-jit = Équipe commune d’enquête
request-record-extract = Extrait de casier judiciaire
request-identification = Identification
request-status-check = Une question à un registre
request-attest = Attestation d’attributs
request-correction = Rectification
request-provisional = Mesure provisoire
request-epoc-identification = Injonction européenne de production : identification
request-epoc-production = Injonction européenne de production
request-epoc-preservation = Injonction européenne de conservation

# Purposes.
purpose-criminal-investigation = Enquête pénale
purpose-criminal-proceedings = Procédure pénale
purpose-execution-of-sentence = Exécution d’une peine
purpose-age-proof = Preuve de l’âge
purpose-identity-verification = Vérification d’identité
purpose-residence-status-proof = Preuve du titre de séjour
purpose-address-confirmation = Confirmation d’adresse

# Attributes.
attribute-family-name = Nom de famille
attribute-given-name = Prénom
attribute-birth-date = Date de naissance
attribute-over-18 = Plus de 18 ans
attribute-over-20 = Plus de 20 ans
attribute-residence-country = Pays de résidence
attribute-document-validity = Validité du document
