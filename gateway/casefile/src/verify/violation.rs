//! The check of a violation notice: whoever sent the entry committed to this body, and the body contradicts the header, or the notice is
//! refused.

mod asked;

use std::collections::BTreeMap;

use bytes::Bytes;
use identity::RootCertificate;
use model::{BodyCommitment, BodySalt, Denial, Entry, Fault, Header, PartyId, Refusal, RefusalCode, Step, Timestamp};
use proto::convert;

use asked::Asked;

use super::{CannotVerify, Check, Findings, RootPin, SKEW_MS, compared, parties::Parties, roots, sheaf::Sheaf};
use crate::{
    Report, Section, Unreadable, container, names,
    violation::{Notice, README, header_of},
};

/// An entry whose signatures hold, with its opened body.
struct Shown<'a> {
    file: String,
    entry: Entry,
    body: &'a [u8],
    signed: String,
}

/// Checks a violation notice offline, with nothing but the pinned `roots` of the two parties. `now` is the reader's clock. The report holds
/// where the body contradicts its header as the notice says; else it tells why the notice is refused.
///
/// # Errors
/// Where it cannot be checked at all.
pub fn verify_violation(file: &[u8], pins: &[RootPin], now: Timestamp) -> Result<Report, CannotVerify> {
    let mut sheaf = Sheaf::new(container::read(file)?);
    let Claimed { asked, lied: (lied_file, lied), notice: (notice_file, notice) } = claimed(&mut sheaf)?;
    let mut findings = Findings::default();
    if sheaf.take(names::README) != Some(README.as_bytes()) {
        findings.contradict(names::README, Check::Format, "not the text that a violation notice begins with");
    }
    let pair = [lied.home, lied.peer];
    let roots = roots::settle(&mut sheaf, pair, pins, &mut findings)?;
    let mut proved = Vec::new();
    if findings.contradicted.is_empty() {
        let mut parties = Parties::read(&mut sheaf, pair, &roots, &mut findings);
        let asked = asked.map(|(file, _)| asked::read(&mut sheaf, &file, &mut parties, now, &mut findings));
        let lied = shown(&mut sheaf, &lied_file, &mut parties, now, &mut findings);
        let notice = shown(&mut sheaf, &notice_file, &mut parties, now, &mut findings);
        if let (Some(lied), Some(notice), None | Some(Some(_))) = (lied, notice, &asked) {
            let complaint = Complaint { asked: asked.flatten(), lied, notice };
            proved = complaint.weigh(&roots, &mut findings);
        }
        for name in sheaf.left() {
            findings.contradict(name, Check::Format, "no violation notice has such a file");
        }
    }
    limits(&mut findings);
    let Findings { mut contradicted, misstated, clocks, not_proved } = findings;
    contradicted.sort();
    let holds = contradicted.is_empty();
    Ok(Report {
        case: lied.case,
        home: lied.home,
        peer: lied.peer,
        exporter: notice.sender,
        holds,
        proved: if holds { proved } else { Vec::new() },
        misstated,
        clocks,
        not_proved,
        contradicted,
    })
}

/// The entries of a notice by their files, as they are claimed.
struct Claimed {
    /// The request that the records answer, where they are complained of.
    asked: Option<(String, Header)>,
    lied: (String, Header),
    notice: (String, Header),
}

fn claimed(sheaf: &mut Sheaf<'_>) -> Result<Claimed, Unreadable> {
    let wrong = || {
        let what = "a violation notice has what is complained of, and the notice; before records the request that they answer. \
                    A whole case is for audit verify";
        Unreadable::new("entries/", what)
    };
    let mut found = Vec::new();
    for (name, bytes) in sheaf.folder("entries/") {
        let header = header_of(bytes).map_err(|denial| Unreadable::new(name, denial.to_string()))?;
        found.push((name.to_owned(), header));
    }
    let (notice, lied) = found.pop().zip(found.pop()).ok_or_else(wrong)?;
    let asked = found.pop();
    let answers = asked.as_ref().map_or(lied.1.step == Step::SealSend, |(_, asked)| {
        asked.step == Step::SealSend && lied.1.step != Step::SealSend && lied.1.carries_records()
    });
    let fits = found.is_empty() && answers && notice.1.step == Step::Violation;
    if fits { Ok(Claimed { asked, lied, notice }) } else { Err(wrong()) }
}

/// An entry whose signatures hold by the directories of its moment, and whose commitment the body opens.
fn shown<'a>(
    sheaf: &mut Sheaf<'a>,
    file: &str,
    parties: &mut Parties,
    now: Timestamp,
    findings: &mut Findings,
) -> Option<Shown<'a>> {
    let (entry, signed) = match signed_entry(sheaf, file, parties, now) {
        Ok(found) => found,
        Err(denial) => {
            findings.contradict(file, Check::Signature, denial.to_string());
            return None;
        }
    };
    let number = names::number_of(file, "entries/").unwrap_or(usize::MAX);
    let name = names::body(number, "body");
    let salt = sheaf.take(&names::body(number, "salt")).and_then(|salt| salt.try_into().ok());
    let body = sheaf.take(&name)?;
    let opens = salt.is_some_and(|salt| entry.header.body == Some(BodyCommitment::of(&BodySalt(salt), body)));
    if !opens {
        findings.contradict(&name, Check::Body, "not the body that the header of its entry committed to");
        return None;
    }
    Some(Shown { file: file.to_owned(), entry, body, signed })
}

fn signed_entry(
    sheaf: &mut Sheaf<'_>,
    file: &str,
    parties: &mut Parties,
    now: Timestamp,
) -> Result<(Entry, String), Denial> {
    let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let bytes = Bytes::copy_from_slice(sheaf.take(file).unwrap_or_default());
    let received = convert::receive_entry(convert::entry_from_bytes(bytes.clone())?)?;
    let at = received.claimed().created;
    if at > now.plus_ms(SKEW_MS) {
        return Err(malformed("made at a moment that has not come, by the clock of who checks"));
    }
    let (entry, used) = parties.at(at, |trust| trust.verify_entry(identity::Received::clone(&received), at))?;
    let entry = entry.into_inner();
    if convert::entry_to_bytes(&entry) != bytes {
        return Err(malformed("not written as entries are: a field is unknown, repeated or out of order"));
    }
    let trust = parties.by(&used)?;
    let party = entry.header.sender.party();
    let officer =
        |key| trust.officer(party, key).map_or_else(|| format!("key {key}"), |(_, one)| one.pseudonym.clone());
    let officers: Vec<_> = entry.officers.iter().map(|one| officer(&one.signature.key)).collect();
    let signed =
        if officers.is_empty() { "its desk".to_owned() } else { format!("its desk and {}", officers.join(", ")) };
    Ok((entry, signed))
}

/// What is complained of, by whom, and the request behind it.
struct Complaint<'a> {
    asked: Option<Asked>,
    lied: Shown<'a>,
    notice: Shown<'a>,
}

impl Complaint<'_> {
    /// Holds the body against its header, and the notice against what comes of that.
    fn weigh(&self, roots: &BTreeMap<PartyId, RootCertificate>, findings: &mut Findings) -> Vec<Section> {
        let Self { asked, lied, notice } = self;
        let refuse = |findings: &mut Findings, what: String| findings.contradict(&notice.file, Check::Notice, what);
        let (complained, by) = (&lied.entry.header, &notice.entry.header);
        if by.sender != complained.recipient || by.case != complained.case {
            refuse(findings, format!("{} gives notice of what was not addressed to it", by.sender));
        }
        let Some(said) = Notice::read(notice.body) else {
            refuse(findings, "its document is no notice of a violation".to_owned());
            return Vec::new();
        };
        if let Some(asked) = asked
            && let Err(what) = asked.is_of(&lied.entry.header, &by.sender)
        {
            refuse(findings, what);
            return Vec::new();
        }
        let digest = lied.entry.header_digest();
        let named = said.entry == complained.entry.to_string()
            && said.case == complained.case.to_string()
            && said.header_digest == digest.to_string()
            && Some(said.commitment.as_str()) == complained.body.map(|body| body.to_string()).as_deref();
        if !named || by.ground.is_none_or(|ground| ground.as_str() != said.code) {
            refuse(findings, "it names another entry, header, commitment or ground than those in the file".to_owned());
        }
        let found = match compared::contradiction(complained, lied.body, asked.as_ref().map(|asked| &asked.request)) {
            Ok(Some(found)) => found,
            Ok(None) => {
                refuse(findings, "the body is what its header says: there is no contradiction".to_owned());
                return Vec::new();
            }
            Err(why) => {
                findings.contradict(&lied.file, Check::Body, why);
                return Vec::new();
            }
        };
        let code = if found.code == RefusalCode::R90 { RefusalCode::R90 } else { RefusalCode::R94 };
        let field = found.field.clone().unwrap_or_default();
        if said.code != code.as_str() || said.field.as_deref().unwrap_or_default().trim() != field.trim() {
            refuse(
                findings,
                format!(
                    "it gives {} at {:?}; what is found is {code} at {field:?}",
                    said.code,
                    said.field.unwrap_or_default()
                ),
            );
        }
        let mut sections = told(lied, notice, &found, code, roots);
        sections.extend(asked.as_ref().map(Asked::told));
        sections
    }
}

fn told(
    lied: &Shown<'_>,
    notice: &Shown<'_>,
    found: &Refusal,
    code: RefusalCode,
    roots: &BTreeMap<PartyId, RootCertificate>,
) -> Vec<Section> {
    let section = |title: &str, lines: Vec<String>| Section { title: title.to_owned(), lines };
    let (complained, by) = (&lied.entry.header, &notice.entry.header);
    let place = found.field.as_deref().map_or_else(String::new, |field| format!(" at {field}"));
    vec![
        section(
            "Trusted: nothing but these roots",
            roots.iter().map(|(party, root)| format!("{party}  {}", root.fingerprint())).collect(),
        ),
        section(
            "The body contradicts the header that both gateways decided on",
            vec![
                format!("{code} ({}){place}: {}.", code.text(), found.reason),
                format!(
                    "{} sent the header as entry {} of {}, to {}; signed by {}.",
                    complained.sender, complained.entry, complained.created, complained.recipient, lied.signed
                ),
                "The body in the file is the one that this header committed to: the salt opens the commitment."
                    .to_owned(),
            ],
        ),
        section(
            "Who gave notice of it",
            vec![format!("{} in entry {} of {}, signed by {}.", by.sender, by.entry, by.created, notice.signed)],
        ),
    ]
}

fn limits(findings: &mut Findings) {
    findings.unproved("That the gateways took these entries, and when: the case file of either state shows it.");
    findings.unproved("Why the body differs, and whether anybody meant it.");
    findings.unproved("That what the body says is true.");
}
