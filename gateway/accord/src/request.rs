use std::fmt;

use jiff::civil::Date;
use model::{
    ArticleRef, Attribute, AuthorityId, CaseId, Classification, MeasureId, PartyId, RecordType, Refusal, RefusalCode,
    RequestType, Role, Window,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Selector;

/// Declares the parts of the request form. They hold case data, so their `Debug` tells the type and nothing else.
macro_rules! form {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)+ }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

form! {
    /// A request as it is sealed: the record type `request`, whose schema tells what each field is for.
    RequestBody {
        /// Always `request`.
        record_type: RecordType,
        /// The case, as in the header.
        case: CaseId,
        /// The state that asks.
        requesting: PartyId,
        /// The state that is asked.
        requested: PartyId,
        /// The authority that is asked, as in the header.
        addressee: AuthorityId,
        /// The file number of the authority that asks.
        reference: String,
        /// The authority in charge of the case.
        authority: AuthorityInCharge,
        /// The decision of who validates.
        validation: ValidatingDecision,
        /// The proceeding that it serves.
        proceeding: Proceeding,
        /// What happened.
        facts: Facts,
        /// The provisions, with their penalties.
        offences: Vec<OffenceCharged>,
        /// What is asked.
        measures: Vec<Measure>,
        /// What for.
        purpose: Purpose,
        /// Why nothing milder serves.
        necessity: String,
        /// Why it stands in proportion.
        proportionality: String,
        /// How soon.
        urgency: Urgency,
        /// Who must not learn of it.
        confidentiality: Confidentiality,
        /// What the requesting party binds itself to.
        undertakings: Undertakings,
        /// In which language it was written, and who translated it.
        language: Language,
        /// What went before.
        earlier_requests: Vec<EarlierRequest>,
        /// Whether a request for disclosure follows [Budapest 29(2)(f)].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intends_mla: Option<bool>,
        /// How it is marked; the header says the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        classification: Option<Classification>,
        /// The holder's consent, where the treaty wants one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consent: Option<HolderConsent>,
        /// The key of the subjects' pseudonyms, 64 hexadecimal digits, where the treaty counts subjects. The desk fills it in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag_key: Option<String>,
    }

    /// That a holder agreed to what is disclosed.
    HolderConsent {
        /// When, RFC 3339.
        given_at: String,
        /// The consent receipt, as it was issued; the header tells its SHA-256.
        receipt: String,
    }

    /// The authority in charge of the case.
    AuthorityInCharge {
        /// As in the directory.
        id: AuthorityId,
        /// In words.
        name: String,
        /// Who handles it.
        in_charge: Officer,
        /// How to reach them.
        contacts: Vec<Contact>,
        /// IANA name.
        time_zone: String,
        /// In which languages they can be spoken to (BCP 47).
        languages: Vec<String>,
    }

    /// Somebody who acts for an authority.
    Officer {
        /// Name.
        name: String,
        /// Function.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    }

    /// A way to reach somebody.
    Contact {
        /// `phone`, `email`, `fax`, `post` or `duty_point`.
        kind: String,
        /// The number or address.
        value: String,
        /// When it is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<String>,
    }

    /// The decision of the judge or prosecutor who validates.
    ValidatingDecision {
        /// The judicial authority, as in the header's validation.
        authority: AuthorityId,
        /// [`Role::Judge`] or [`Role::Prosecutor`], as in the header's validation.
        role: Role,
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validator: Option<Officer>,
        /// File number of the decision.
        decision_reference: String,
        /// Its day.
        decided_on: Date,
        /// The statute it rests on.
        legal_basis: String,
    }

    /// The proceeding.
    Proceeding {
        /// File number.
        reference: String,
        /// `investigation`, `prosecution`, `trial` or `confiscation`.
        nature: String,
        /// In one line.
        subject: String,
        /// The court, where one is seized.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        court: Option<String>,
    }

    /// What happened.
    Facts {
        /// The facts.
        summary: String,
        /// How what is asked bears on them.
        relevance: String,
        /// Where.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        period: Option<Window>,
    }

    /// A provision, with its penalty.
    OffenceCharged {
        /// Name of the offence.
        title: String,
        /// Statute and section.
        provision: String,
        /// The wording.
        text: String,
        /// Maximum penalty, in months of imprisonment.
        max_penalty_months: u32,
        /// Whether death or life imprisonment is possible.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        death_or_life: Option<bool>,
        /// Whether it is declared to be an offence in both states.
        dual_criminality: bool,
        /// Whether it is declared to be on the treaty's list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        listed: Option<bool>,
    }

    /// One thing that is asked.
    Measure {
        /// Its number.
        id: MeasureId,
        /// The clause it rests on.
        article: ArticleRef,
        /// What is asked.
        request_type: RequestType,
        /// Which record types may answer it.
        records: Vec<RecordType>,
        /// About whom.
        subjects: Vec<Subject>,
        /// The days asked about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<Window>,
        /// Who holds the data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custodian: Option<Custodian>,
        /// Formalities wished for.
        procedure: String,
        /// What of a credential is to be disclosed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attributes: Vec<Attribute>,
        /// What of the records is sought.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data_sought: Option<String>,
    }

    /// Who holds the data.
    Custodian {
        /// Name.
        name: String,
        /// Address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Where the system stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        system_location: Option<String>,
        /// How to reach them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<Contact>,
    }

    /// A subject of a measure.
    Subject {
        /// How records call the subject, unique within the measure.
        subject_ref: String,
        /// `suspect`, `accused`, `victim`, `witness`, `third_party` or `unknown`.
        role: String,
        /// What names the subject.
        selector: Selector,
        /// What else is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<Identity>,
        /// Why the subject is suspected [MACMA 19(2)].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis_of_suspicion: Option<String>,
    }

    /// What else is known of a subject. There is no field for a national number.
    Identity {
        /// Names of the same person, by script.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<Name>,
        /// `female`, `male`, `other` or `unknown`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sex: Option<String>,
        /// Day, month or year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth_date: Option<String>,
        /// Where born.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth_place: Option<String>,
        /// Nationalities.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        nationalities: Vec<PartyId>,
        /// Addresses.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        addresses: Vec<String>,
        /// Where believed to be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<String>,
    }

    /// A name in one script.
    Name {
        /// ISO 15924.
        script: String,
        /// The name.
        name: String,
    }

    /// What for.
    Purpose {
        /// As the treaty names it; the header's purpose.
        code: String,
        /// In words.
        description: String,
    }

    /// How soon.
    Urgency {
        /// How much.
        level: UrgencyLevel,
        /// Why; in an emergency the risk to life or safety [CETS 224 art. 3].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// By when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Date>,
    }

    /// Who must not learn of the request.
    Confidentiality {
        /// Whether it is wished.
        requested: bool,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// From whom it is to be kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_to_be_told: Vec<String>,
    }

    /// What the requesting party binds itself to.
    Undertakings {
        /// Use for the named proceeding only [UNTOC 18(19)].
        use_limitation: bool,
        /// Return or destruction afterwards [MACMA 20(1)(k)].
        return_or_destruction: bool,
        /// The same in return [MACMA 16(2)].
        reciprocity: bool,
        /// Nothing is passed on without consent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        onward_with_consent_only: Option<bool>,
        /// No death penalty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        no_death_penalty: Option<bool>,
        /// Anything else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remarks: Option<String>,
    }

    /// In which language it was written.
    Language {
        /// BCP 47.
        original: String,
        /// Into which it was translated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        translation: Option<Translation>,
    }

    /// A translation that accompanies the request.
    Translation {
        /// BCP 47.
        language: String,
        /// Who translated.
        translator: String,
        /// Whether it is certified.
        certified: bool,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certified_on: Option<Date>,
        /// Texts of the request in that language.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        texts: Vec<TranslatedText>,
    }

    /// One text of the request in another language.
    TranslatedText {
        /// The field that holds the original, as JSON pointer.
        field: String,
        /// The translation.
        text: String,
    }

    /// A request that went before.
    EarlierRequest {
        /// `follows_preservation`, `follows_request`, `supplements`, `regularises` or `resubmits`.
        relation: String,
        /// Ticket or file number.
        reference: String,
        /// The case, where it was one of this system.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseId>,
        /// Its day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dated: Option<Date>,
    }
}

/// How soon something is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UrgencyLevel {
    /// In its turn.
    Routine,
    /// Before others.
    Urgent,
    /// Risk to life or safety.
    Emergency,
}

impl RequestBody {
    /// Takes over a document that crate `records` has validated as `request`.
    ///
    /// # Errors
    /// R94 when it does not fit, without its values: serde's own message would quote them.
    pub fn from_document(document: Value) -> Result<Self, Refusal> {
        let body: Result<Self, _> = serde_json::from_value(document);
        body.ok().filter(|body| body.record_type.as_str() == "request").ok_or_else(|| {
            let reason = "the document is not a request of schema request/1";
            Refusal::new(
                RefusalCode::R94,
                "records/request",
                reason,
                "Validate it first; the findings name the fields.",
            )
        })
    }
}
