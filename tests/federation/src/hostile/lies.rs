//! The lie is in the sealed body: both gateways pass what they cannot read, and the receiving desk answers with a signed notice.

use desk::{RequestBody, SealedBody};
use identity::Verified;
use jiff::civil::Date;
use model::{Entry, Header, PartyId, Payload, ReceiptKind, RefusalCode, Refuser, Step};
use serde_json::Value;

use super::{
    Outcome,
    adversary::{Adversary, Opened},
    line::Line,
    trials,
};
use crate::{
    api::Api,
    attempt::{By, Expected},
    cli, documents,
    failure::Failure,
    states::World,
    story,
    timeline::{ReceiptLine, Timeline},
    told::Told,
};

/// A lie: what the body holds beside what its header declares.
struct Lie {
    what: &'static str,
    codes: &'static [RefusalCode],
    body: fn(Value) -> Value,
    /// What the header is derived from.
    declared: fn(Value) -> Value,
}

const LIES: [Lie; 2] = [
    Lie {
        what: "sends a header that says 1 subject, and a sealed body with 2",
        codes: &[RefusalCode::R90],
        body: two_subjects,
        declared: unchanged,
    },
    Lie {
        what: "seals a wildcard as the one account that it asks about",
        codes: &[RefusalCode::R90, RefusalCode::R94],
        body: documents::wildcard,
        declared: documents::wildcard,
    },
];

/// Tells both lies to France.
pub(crate) async fn told(
    world: &World,
    today: Date,
    timeline: &Timeline,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut adversary = trials::desk(world.state("JP")?, today).await?;
    let party = world.state("FR")?.party;
    for lie in LIES {
        let mut case = adversary.open(&"FR:central".parse()?).await?;
        let request = trials::preservation(&adversary, &case, today)?;
        let (declared, body) = ((lie.declared)(request.clone()), (lie.body)(request));
        documents::telling(&body, &mut outcome.secrets);
        let (declared, body) = (RequestBody::from_document(declared)?, RequestBody::from_document(body)?);
        let entry = adversary.request(&mut case, &declared, &body)?;
        let result = tell(&mut adversary, &mut case, &entry).await?;
        let by = By { refuser: Refuser::ReceivingDesk, party };
        let actor = format!("{} !", adversary.keys.authority);
        let expected =
            Expected { actor, what: lie.what.to_owned(), by, codes: lie.codes.to_vec(), article: None, at: None };
        let attempt = expected.hold(result);
        timeline.attempt(&attempt);
        outcome.attempts.push(attempt);
        logged(world, &case, timeline).await?;
        shown(world, &entry, timeline).await?;
    }
    Ok(())
}

/// Sends it, and waits for the notice. `Err` says what came instead.
async fn tell(adversary: &mut Adversary, case: &mut Opened, entry: &Entry) -> Result<Result<Told, String>, Failure> {
    let receipt = match adversary.deliver(entry).await {
        Ok(receipt) => receipt,
        Err(denial) => return Ok(Err(format!("the own gateway refused it: {denial}"))),
    };
    let verdict = adversary.line.verdict(&receipt).await?;
    let verdict = adversary.trust.verify_receipt(&verdict)?;
    if verdict.get().kind != ReceiptKind::RelayAcceptance {
        return Ok(Err(format!("the peer gateway refused it: {}", verdict.get().kind.as_str())));
    }
    let (id, sender) = (case.id, case.recipient.clone());
    let wanted = |header: &Header| header.case == id && header.step == Step::Violation && header.sender == sender;
    let Line::Own(line) = &mut adversary.line else { return Ok(Err("no line to the own gateway".to_owned())) };
    let notice = line.arrival(wanted).await?;
    // Signed by the receiving desk, with the key that its state's directory lists: else it is no notice.
    let notice = adversary.trust.verify_entry(notice, crate::clock::now())?;
    Ok(read(case, &notice).map_err(|failure| failure.what))
}

/// What the notice says: its ground in the header, its reason in the sealed body.
fn read(case: &mut Opened, notice: &Verified<Entry>) -> Result<Told, Failure> {
    let header = &notice.header;
    let ground = header.ground.ok_or_else(|| Failure::unexpected("a violation notice without a ground"))?;
    let Payload::Sealed(sealed) = &notice.payload else { return Err(Failure::unexpected("a notice without a body")) };
    let opened = case.member.open(sealed, notice.header_digest()).map_err(model::Denial::from)?;
    let (_, body) = SealedBody::open(&opened.plaintext, header)?;
    let document = body.documents.first().ok_or_else(|| Failure::unexpected("a notice without a document"))?;
    let violation: Value =
        serde_json::from_slice(&document.bytes).map_err(|error| Failure::unexpected(error.to_string()))?;
    let text = |name: &str| violation.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Told {
        code: ground.to_string(),
        field: text("field"),
        reason: text("reason").unwrap_or_else(|| ground.text().to_owned()),
        ..Told::default()
    })
}

/// The notice is on the record of both gateways: each gave its receipt for it.
async fn logged(world: &World, case: &Opened, timeline: &Timeline) -> Result<(), Failure> {
    let mut api = Api::of(&world.seat("FR:central")?);
    let both: [PartyId; 2] = [world.state("FR")?.party, world.state("JP")?.party];
    let notice = |found: &proto::desk::GetCaseResponse| {
        found.timeline.iter().find(|entry| entry.step == Step::Violation.as_str()).cloned()
    };
    let complete = |found: &proto::desk::GetCaseResponse| {
        notice(found).is_some_and(|entry| {
            both.iter().all(|party| entry.receipts.iter().any(|receipt| receipt.by_party == party.as_str()))
        })
    };
    let found = api.until(case.id, complete).await?;
    let found = found.map_err(|_| Failure::unexpected("the violation notice is not on the record of both gateways"))?;
    let entry = notice(&found).unwrap_or_default();
    for receipt in entry.receipts {
        timeline.receipt(&ReceiptLine {
            kind: receipt.kind,
            by: receipt.by_party,
            entry: format!("{} {}", entry.step, story::short_id(&entry.entry_id)),
            leaf: receipt.leaf,
        });
    }
    Ok(())
}

/// The desk that was lied to shows the notice as a file: the liar's own gateway, and anybody who has the two roots, must find that it is true.
async fn shown(world: &World, lied: &Entry, timeline: &Timeline) -> Result<(), Failure> {
    let (case, entry) = (lied.header.case.to_string(), lied.header.entry.to_string());
    let file = world
        .base
        .join(format!("violation-{}.zip", story::short_id(lied.header.entry.as_bytes())))
        .display()
        .to_string();
    let desk = world.seat("FR:central")?;
    desk.run(&["case", "violation", &case, &entry, "-o", &file, "--reader", "Duval"]).await?.done()?;
    let root = |state: &crate::states::State| format!("{}={}", state.party, state.fingerprint);
    let (jp, fr) = (root(world.state("JP")?), root(world.state("FR")?));
    let line = ["--output", "json", "audit", "violation", &file, "--root", &jp, "--root", &fr];
    for program in [&world.programs.gateway, &world.programs.desk] {
        cli::run(program, &line).await?.done()?;
    }
    let facts = serde_json::json!({ "command": format!("gateway audit violation {file} --root JP=… --root FR=…") });
    timeline.event("FR:central", "shows the notice as a file, and the liar's own gateway finds it true", facts);
    Ok(())
}

fn two_subjects(request: Value) -> Value {
    documents::about(request, 2)
}

fn unchanged(request: Value) -> Value {
    request
}
