# A request that came: the first look, the acceptance, questions.
triage-title = First look at a request
triage-from = From
triage-next = What can be done next
triage-what = What is asked, under which article
triage-who = Who asks
triage-why = Why, and how urgent
triage-there = It is there now
triage-missing = What is missing
triage-nothing-missing = Nothing, by the treaty and your own rules.
triage-dual = declared to be an offence in both states
triage-no-dual = not declared to be an offence in both states
triage-request = Read the whole request
triage-open = Look at the request

# To accept in one act.
accept-then = And then, with the same passphrase
accept-then-what = The review is opened first. As soon as both gateways have admitted that, this is signed for you, and nothing else.

# Templates of questions.
ask-templates = Begin with a template
ask-facts = The facts are not complete
ask-identity = The person or account cannot be told apart
ask-offence = The offence or its penalty is not clear
ask-custodian = The custodian is not known
ask-translation = A translation is missing or not clear
ask-decision = The judicial decision is not clear
ask-text-facts = Please tell us more of the facts: who is suspected of which act, when and where it was done, and how the records that you ask for bear on it.
ask-text-identity = What you name fits more than one person or account here, or none. Please give a further detail that tells it apart, as a date of birth, an exact address of the account, or a moment with its time zone.
ask-text-offence = Please send the wording of the provision and its maximum penalty, and tell us by which conduct it was fulfilled.
ask-text-custodian = We could not find who holds the data. Please name the provider or custodian, with its address or where its system is.
ask-text-translation = Please send a certified translation of the request, or of the passages that are not translated yet.
ask-text-decision = Please tell us which court or prosecutor decided, when, under which number and on which legal basis.
