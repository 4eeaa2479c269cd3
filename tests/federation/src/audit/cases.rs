//! What the states do before they are audited: three cases with different desks, one of which is away and has read nothing yet.

use jiff::civil::Date;
use model::{CaseId, Step};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::{
    api::{Api, state_of},
    documents,
    failure::Failure,
    states::{Seat, World},
    story,
    timeline::Timeline,
};

/// The desk that is away.
pub(crate) const AWAY: &str = "FR:24x7";
const READY_MAX: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
const RECEIVED: &str = "Received at night; the provider was called at once.";
const RECOGNISED: &str = "Recognised; the point of contact goes on with it from here.";

/// The cases, and what they say.
pub(crate) struct Cases {
    /// JP:central asks FR:central: the whole story.
    pub(crate) whole: CaseId,
    /// JP:24x7 asks FR:24x7, which is away.
    pub(crate) unread: CaseId,
    /// IT:central asks FR:central, which seats FR:24x7 after it has acknowledged.
    pub(crate) later: CaseId,
    /// Texts of their bodies.
    pub(crate) texts: Vec<String>,
}

/// Plays them. The desk that is away must have left KeyPackages at its gateway.
pub(crate) async fn play(world: &World, today: Date, timeline: &Timeline) -> Result<Cases, Failure> {
    let told = story::play(world, today, timeline).await?;
    let mut texts = told.secrets;
    timeline.chapter("Two more cases: one for a desk that is away, one in which it is seated later");
    let duty = world.seat("JP:24x7")?;
    let asked = documents::request(CaseId::new(documents::new_uuid()?), today)?;
    let asked = documents::under(asked, "ets-185:29", "preservation", &["preservation_confirmation"]);
    let unread = send(world, &duty, &documents::between(asked, "JP:24x7", AWAY), &mut texts, timeline).await?;
    let italy = world.seat("IT:central")?;
    let asked = documents::request(CaseId::new(documents::new_uuid()?), today)?;
    let asked = documents::between(asked, "IT:central", "FR:central");
    let later = send(world, &italy, &asked, &mut texts, timeline).await?;
    seat_later(world, later, timeline).await?;
    texts.extend([RECEIVED, RECOGNISED].map(str::to_owned));
    Ok(Cases { whole: told.case, unread, later, texts })
}

/// Waits until a desk that was just started can be added to groups of others.
pub(crate) async fn can_be_added(world: &World) -> Result<(), Failure> {
    let seat = world.seat(AWAY)?;
    let deadline = Instant::now() + READY_MAX;
    loop {
        let status = seat.run(&["status"]).await?.value;
        let known = status["parties"].as_array().is_some_and(|parties| parties.iter().any(|party| party == "JP"));
        if known && status["key_packages_available"].as_u64().is_some_and(|count| count > 0) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Failure::unexpected(format!("{AWAY} has no KeyPackages at its gateway")));
        }
        sleep(POLL).await;
    }
}

/// Waits until the desk that was away has taken in what lay ready for it.
pub(crate) async fn is_read(world: &World, cases: &Cases) -> Result<(), Failure> {
    let mut api = Api::of(&world.seat(AWAY)?);
    api.reaches(cases.unread, "DELIVERED").await?;
    api.reaches(cases.later, "ACCEPTED").await.map(drop)
}

/// Drafts, validates and sends a request, and waits until both gateways have it.
async fn send(
    world: &World,
    seat: &Seat,
    asked: &Value,
    texts: &mut Vec<String>,
    timeline: &Timeline,
) -> Result<CaseId, Failure> {
    let file = world.base.join("story").join(format!("{}.json", seat.authority.to_string().replace(':', "-")));
    let case = story::save(seat, asked, &file).await?;
    let id = case.to_string();
    seat.run(&["request", "validate", &id, "--as", "judicial/officer-1", "--role", "judge"]).await?.done()?;
    for officer in 1..=2 {
        let officer = format!("{}/officer-{officer}", seat.authority.name());
        seat.run(&["request", "send", &id, "--as", &officer]).await?.done()?;
    }
    admitted(seat, case).await?;
    documents::telling(asked, texts);
    let what = format!("sends a request to {}", asked["addressee"].as_str().unwrap_or_default());
    timeline.event(&seat.authority.to_string(), &what, json!({ "case": case }));
    Ok(case)
}

/// Waits until every entry of the case is admitted by both gateways.
async fn admitted(seat: &Seat, case: CaseId) -> Result<(), Failure> {
    let all = |found: &proto::desk::GetCaseResponse| {
        let taken = |entry: &proto::desk::TimelineEvent| entry.receipts.iter().any(|one| one.kind == "RelayAcceptance");
        found.timeline.iter().any(|entry| entry.step == Step::SealSend.as_str()) && found.timeline.iter().all(taken)
    };
    let found = Api::of(seat).until(case, all).await?;
    found.map(drop).map_err(|state| Failure::unexpected(format!("a case of {} stands in {state}", seat.authority)))
}

/// FR:central acknowledges; then it seats the desk that is away; then it accepts.
async fn seat_later(world: &World, case: CaseId, timeline: &Timeline) -> Result<(), Failure> {
    let (france, italy) = (world.seat("FR:central")?, world.seat("IT:central")?);
    let (mut api, id) = (Api::of(&france), case.to_string());
    api.reaches(case, "DELIVERED").await?;
    let act = async |arguments: &[&str]| france.run(arguments).await?.done();
    act(&["acknowledge", &id, "--as", "central/officer-1", "--text", RECEIVED]).await?;
    act(&["group", "add", &id, "--authority", AWAY]).await?;
    act(&["accept", &id, "--as", "central/officer-1", "--text", RECOGNISED]).await?;
    let found = Api::of(&italy).reaches(case, "ACCEPTED").await?;
    let what = format!("acknowledges, seats {AWAY}, and accepts; the case is {}", state_of(&found));
    timeline.event("FR:central", &what, json!({ "case": case }));
    Ok(())
}
