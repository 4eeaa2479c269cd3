//! From a form to a signature: what the desk prepared is shown in words, from the very bytes that are signed, and signed by the officer who
//! has just proved once more who it is.

use std::fmt;

use model::{Denial, Digest, Fault, Header, HeaderDigest, MeasureScope, Refusal, RefusalCode, Role, Step};
use proto::desk as wire;
use zeroize::Zeroizing;

use crate::{
    desk::entry_text,
    officers::{Act, Proof, Unproven},
    problem::Problem,
    shown::{DocumentShown, Row, kilobytes},
    visit::{Visit, key},
};

/// What came of a signature.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) entry: String,
    pub(crate) step: String,
    pub(crate) needed: u32,
    pub(crate) missing: u32,
    /// "waiting_for_signature", "waiting_for_peer", "submitted" or "admitted".
    pub(crate) progress: String,
    /// Who could give the signature that is missing, as the directory calls them.
    pub(crate) could: Vec<String>,
}

/// A step that waits for signatures, checked.
pub(crate) struct Prepared {
    asked: wire::PrepareStepRequest,
    given: wire::PrepareStepResponse,
    lost: Vec<wire::DocumentRef>,
    header: Header,
    inside: Vec<DocumentShown>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({})", self.header.step)
    }
}

impl Prepared {
    /// What the officer saw, and signs.
    pub(crate) fn digest(&self) -> String {
        HeaderDigest::of(&self.given.header).0.to_string()
    }

    pub(crate) fn needed(&self) -> u32 {
        self.given.signatures_needed
    }

    pub(crate) fn given(&self) -> u32 {
        self.given.signatures_given
    }

    /// The documents inside.
    pub(crate) fn inside(&self) -> &[DocumentShown] {
        &self.inside
    }

    /// The roles in which this officer can sign it.
    pub(crate) fn roles(&self, visit: &Visit) -> Result<Vec<Role>, Problem> {
        let officer = &visit.officer()?.officer;
        let wanted = self.given.roles.iter().filter_map(|role| role.parse().ok());
        Ok(wanted.filter(|role| officer.roles.contains(role)).collect())
    }

    /// The header in words.
    pub(crate) fn rows(&self, visit: &Visit) -> Vec<Row> {
        let header = &self.header;
        let mut rows = Rows { visit, rows: Vec::new() };
        rows.put("step", visit.text(&key("step", header.step.as_str())));
        rows.put("case", header.case.to_string());
        rows.put("from", header.sender.to_string());
        rows.put("to", header.recipient.to_string());
        rows.put("rule", format!("{} ({}, {})", header.pin.short(), header.home, header.peer));
        for scope in header.measures.iter().filter(|_| header.step == Step::SealSend) {
            rows.put("measure", measure(scope, visit));
        }
        if let Some(validation) = &header.validation {
            let role = visit.text(&key("role", validation.role.as_str()));
            rows.put("validated", format!("{role}, {}", validation.authority));
        }
        rows.maybe("matter", header.declared.matter.map(|matter| matter.to_string()));
        rows.maybe("purpose", header.purpose.as_ref().map(|purpose| visit.purpose(&purpose.to_string())));
        rows.maybe("about", header.declared.about.map(|entry| entry.to_string()));
        rows.maybe("flaw", header.declared.flaw.map(|flaw| flaw.as_str().to_owned()));
        rows.maybe("until", header.declared.until.map(|until| visit.moment(until.0)));
        let concerns: Vec<_> = header.concerns.iter().map(ToString::to_string).collect();
        rows.maybe("concerns", (!concerns.is_empty()).then(|| concerns.join(", ")));
        let language = visit.language();
        rows.maybe("ground", header.ground.map(|ground| format!("{ground} {}", ground.text_in(language))));
        let postponed = header.declared.postponement;
        rows.maybe("postponed", postponed.map(|code| format!("{code} {}", code.text_in(language))));
        let records: Vec<_> = header.records.iter().map(|one| visit.record(one.as_str())).collect();
        rows.maybe("records", (!records.is_empty()).then(|| records.join(", ")));
        let attached = &header.declared.attached;
        let files = || format!("{} ({})", attached.len(), kilobytes(header.declared.attached_bytes()));
        rows.maybe("files", (!attached.is_empty()).then(files));
        for one in &header.declared.left_out {
            let why = visit.text(&key("choice", one.why.as_str()));
            rows.put("left-out", format!("{} ({}): {why}", visit.record(one.record.as_str()), one.measure));
        }
        rows.maybe("order", header.declared.order.map(|day| visit.locale.day(&day.to_string())));
        rows.maybe("widens", header.declared.widens.then(|| visit.text("header-widens-yes")));
        for condition in &header.conditions {
            rows.put("condition", format!("{condition} {}", condition.text_in(language)));
        }
        rows.put("expires", visit.moment(header.expires.0));
        rows.put("digest", self.digest());
        rows.rows
    }
}

struct Rows<'a> {
    visit: &'a Visit,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn put(&mut self, name: &str, value: String) {
        self.rows.push(Row { label: self.visit.text(&key("header", name)), value });
    }

    fn maybe(&mut self, name: &str, value: Option<String>) {
        value.into_iter().for_each(|value| self.put(name, value));
    }
}

fn measure(scope: &MeasureScope, visit: &Visit) -> String {
    let records: Vec<_> = scope.records.iter().map(|record| visit.record(record.as_str())).collect();
    let selectors: Vec<_> = scope.selectors.iter().map(|selector| visit.selector(selector.as_str())).collect();
    let days = scope.window.map(|window| {
        format!("{} – {}", visit.locale.day(&window.from.to_string()), visit.locale.day(&window.to.to_string()))
    });
    format!(
        "{} {} ({}): {}; {} ({}); {}",
        scope.id,
        visit.request_type(scope.request_type.as_str()),
        visit.clause(&scope.article.to_string()),
        records.join(", "),
        scope.subjects,
        selectors.join(", "),
        days.unwrap_or_else(|| "–".to_owned()),
    )
}

/// Lets the desk prepare a step, and holds it against what was asked for.
pub(crate) async fn prepare(visit: &Visit, asked: wire::PrepareStepRequest, once: &str) -> Result<Prepared, Problem> {
    let given = visit.app.cases.prepare(&asked, once).await?;
    let lost = lost(visit, &asked).await?;
    let inside = visit.app.officers.check(&asked, &given, &lost)?;
    let header = proto::decode_header(&given.header)?;
    let inside = inside.iter().map(|one| DocumentShown::of(&visit.record(&one.record_type), &one.bytes)).collect();
    Ok(Prepared { asked, given, lost, header, inside })
}

/// What the desk shows of the entry whose step is taken anew.
async fn lost(visit: &Visit, asked: &wire::PrepareStepRequest) -> Result<Vec<wire::DocumentRef>, Problem> {
    if asked.again_entry_id.is_empty() {
        return Ok(Vec::new());
    }
    let shown = visit.app.cases.case(asked.case_id.parse()?).await?;
    Ok(shown.documents.into_iter().filter(|one| one.entry_id == asked.again_entry_id).collect())
}

/// That what waits for signatures now is not what the officer saw.
pub(crate) fn is_another() -> Problem {
    Denial::failed(Fault::StaleCase, "what is prepared now is not what was shown; nothing was signed").into()
}

/// Signs what was shown, in this role, and hands it in.
pub(crate) async fn sign(
    visit: &Visit,
    prepared: &Prepared,
    role: Option<Role>,
    passphrase: Zeroizing<String>,
    once: &str,
) -> Result<Taken, Problem> {
    let officer = &visit.officer()?.officer;
    let roles = prepared.roles(visit)?;
    let role = role.filter(|role| roles.contains(role)).or(roles.first().copied());
    let role = role.ok_or_else(|| needs_role(prepared, visit))?;
    let act = Act::Step { asked: &prepared.asked, prepared: &prepared.given, lost: &prepared.lost, role };
    let word = proved(visit, passphrase, act).await?;
    let request = wire::SignStepRequest {
        entry_id: prepared.given.entry_id.clone(),
        role: role.as_str().to_owned(),
        key_id: word.key_id,
        signature: word.signature,
    };
    let signed = visit.app.cases.sign(request, once).await?;
    let holds = |one: &crate::Officer| {
        let mut roles = prepared.given.roles.iter().filter_map(|role| role.parse::<Role>().ok());
        one.key != officer.key && roles.any(|role| one.roles.contains(&role))
    };
    let could = visit.app.officers.colleagues()?.into_iter().filter(holds).map(|one| one.called);
    Ok(Taken {
        entry: entry_text(&prepared.given.entry_id),
        step: prepared.header.step.as_str().to_owned(),
        needed: prepared.given.signatures_needed,
        missing: signed.signatures_missing,
        progress: signed.progress,
        could: could.collect(),
    })
}

/// Puts the officer's name under an act, with the passphrase that was typed for it; wrong ones are counted as at the door.
pub(crate) async fn proved(
    visit: &Visit,
    passphrase: Zeroizing<String>,
    act: Act<'_>,
) -> Result<crate::Signature, Problem> {
    let officer = &visit.officer()?.officer;
    visit.app.attempts.begin(&officer.name, visit.now).map_err(Problem::Wait)?;
    let signed = visit.app.officers.sign(officer, Proof::Passphrase(passphrase), act).await;
    if !matches!(signed, Err(Unproven::Wrong)) {
        visit.app.attempts.opened(&officer.name);
    }
    signed.map_err(|unproven| match unproven {
        Unproven::Wrong => Problem::Wrong,
        Unproven::Denied(denial) => denial.into(),
    })
}

fn needs_role(prepared: &Prepared, visit: &Visit) -> Problem {
    let (step, roles) = (prepared.header.step, prepared.given.roles.join(" or "));
    let reason = format!("{step} needs the role {roles}, which you do not hold");
    let remedy = "An officer signs who holds that role in the directory.";
    let mut refusal = Refusal::new(RefusalCode::R93, "identity", reason, remedy).at("officers");
    refusal.owner = Some(visit.app.desk.party());
    Denial::from(refusal).into()
}

/// The digest of a document.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Digest::of(&[bytes]).to_string()
}
