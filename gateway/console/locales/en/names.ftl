# What people call what treaties and records name.
words-clause = { $treaty }, art. { $number }
words-unnamed = No file number yet ({ $counterpart })

# Treaties.
treaty-ets-185 = Convention on Cybercrime
treaty-cets-224 = Second Additional Protocol to the Convention on Cybercrime
treaty-untoc = United Nations Convention against Transnational Organized Crime
treaty-eu-jp-mla = EU–Japan Agreement on mutual legal assistance
treaty-eio = Directive 2014/41/EU (European Investigation Order)
treaty-reg-2023-1543 = Regulation (EU) 2023/1543 (electronic evidence)
treaty-jp-us-mlat = Japan–United States treaty on mutual legal assistance
treaty-jp-cn-mla = Japan–China treaty on mutual legal assistance
treaty-asean-mlat = ASEAN treaty on mutual legal assistance
treaty-jp-sg-didc-2022 = Japan–Singapore arrangement on digital identity

# Kinds of records.
record-request = Request
record-subscriber-info = Subscriber information
record-registrant-info = Registrant of a domain
record-traffic-data = Traffic data
record-content-data = Content data
record-preservation-confirmation = Confirmation of preservation
record-bank-records = Bank records
record-criminal-record-extract = Extract from a criminal record
record-service-certificate = Certificate of service
record-hearing-record = Record of a hearing by video link
record-testimony-record = Record of a testimony
record-appearance-consent = Consent to appear
record-identity-attestation = Attestation of identity
record-status-check = Answer to one question
record-freezing-certificate = Certificate of freezing
record-asset-trace = Assets traced
record-seized-item = Seized item
record-location-report = Report on a location
record-corporate-records = Company records
record-government-records = Government records
record-expert-report = Expert report
record-spontaneous-information = Spontaneous information
record-shared-draft = Shared draft
record-draft-comment = Comment on the draft
record-ack = Acknowledgement
record-info-request = Questions
record-info-reply = Answers
record-decision = Decision
record-notice = Notice
record-status = Word on how it stands
record-postponement = Postponement
record-undertaking = Undertaking
record-receipt-confirmation = Confirmation of receipt
record-execution-report = Report of execution
record-custody-note = Note of custody
record-consultation-minutes = Minutes of a consultation

# What is asked.
request-preservation = Preservation of stored data
request-traffic-partial = Traffic data that show the way of a communication
request-stored-data = Stored computer data
request-spontaneous = Spontaneous information
request-domain-data = Who registered a domain
request-provider-direct = Subscriber information from a provider
request-order-production = Giving effect to an order to produce
request-emergency-disclosure = Disclosure in an emergency
request-emergency-assistance = Assistance in an emergency
request-video-hearing = Hearing by video link
request-telephone-hearing = Hearing by telephone
request-testimony = Testimony
request-voluntary-statement = Voluntary statement
request-bank-records = Bank records
request-bank-accounts = Bank accounts of a person
request-corporate-records = Company records
request-authority-items = Documents of public bodies
request-search-seizure = Search and seizure
request-freeze-confiscate = Freezing and confiscation
request-trace-proceeds = Tracing of proceeds
request-locate = Locating a person or thing
request-service = Service of documents
request-appearance = Invitation to appear
request-custody-transfer = Transfer of a person in custody
request-expert-opinion = Expert opinion
request-jit = Joint investigation team
request-record-extract = Extract from a criminal record
request-identification = Identification
request-status-check = One question to a register
request-attest = Attestation of attributes
request-correction = Correction
request-provisional = Provisional measure
request-epoc-identification = European production order: identification
request-epoc-production = European production order
request-epoc-preservation = European preservation order

# Purposes.
purpose-criminal-investigation = Criminal investigation
purpose-criminal-proceedings = Criminal proceedings
purpose-execution-of-sentence = Execution of a sentence
purpose-age-proof = Proof of age
purpose-identity-verification = Verification of identity
purpose-residence-status-proof = Proof of residence status
purpose-address-confirmation = Confirmation of an address

# Attributes.
attribute-family-name = Family name
attribute-given-name = Given name
attribute-birth-date = Date of birth
attribute-over-18 = Over 18
attribute-over-20 = Over 20
attribute-residence-country = Country of residence
attribute-document-validity = Validity of the document
