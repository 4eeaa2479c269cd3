//! The same trials at both gateways: at the own one by a hostile desk, at the peer's by a hostile gateway.

use desk::RequestBody;
use jiff::civil::Date;
use model::{AuthorityId, Entry, PartyId, RefusalCode, Refuser};
use serde_json::{Value, json};

use super::{
    adversary::{Adversary, Opened},
    forge,
    keys::{self, DeskKeys},
    line::{Line, OwnLine},
    readers, rogue,
};
use crate::{
    attempt::{Attempt, By, Expected},
    documents,
    failure::Failure,
    states::{State, World},
    timeline::Timeline,
    told::Told,
};

/// The desk whose keys the adversary has: nobody else uses it in this demo.
pub(crate) const DESK: &str = "24x7";
/// Party to the Convention too; its gateway never runs.
const ROGUE: &str = "IT";

/// Who tries against whom.
struct Bench<'a> {
    adversary: Adversary,
    by: By,
    timeline: &'a Timeline,
    attempts: Vec<Attempt>,
}

/// Hostile desks of JP, FR and SG against the gateways of their own parties.
pub(crate) async fn against_own_gateway(
    world: &World,
    today: Date,
    timeline: &Timeline,
) -> Result<Vec<Attempt>, Failure> {
    let (jp, fr, sg) = (world.state("JP")?, world.state("FR")?, world.state("SG")?);
    let mut attempts = Vec::new();
    let mut bench = Bench::at(desk(jp, today).await?, own(jp), timeline);
    bench.everything("FR:central", sg, jp, today).await?;
    attempts.append(&mut bench.attempts);
    let mut bench = Bench::at(desk(fr, today).await?, own(fr), timeline);
    bench.reserved("JP:central", today).await?;
    attempts.append(&mut bench.attempts);
    let mut bench = Bench::at(desk(sg, today).await?, own(sg), timeline);
    bench.no_party("FR:central", today).await?;
    attempts.append(&mut bench.attempts);
    Ok(attempts)
}

/// A hostile gateway of IT against the gateways of FR and JP.
pub(crate) async fn against_peer_gateway(
    world: &World,
    today: Date,
    timeline: &Timeline,
) -> Result<Vec<Attempt>, Failure> {
    let (jp, fr, sg) = (world.state("JP")?, world.state("FR")?, world.state("SG")?);
    let it = rogue::state(world, ROGUE, &["FR", "JP"]).await?;
    let what = "joins with genuine keys and an open channel, and with a gateway that checks nothing";
    timeline.event(ROGUE, what, json!({ "dir": it.dir }));
    let mut attempts = Vec::new();
    let mut bench = Bench::at(rogue::gateway(&it, fr, DESK, today).await?, peer(fr), timeline);
    bench.everything("FR:central", sg, &it, today).await?;
    attempts.append(&mut bench.attempts);
    bench.frozen(world, fr).await?;
    let mut bench = Bench::at(rogue::gateway(&it, jp, DESK, today).await?, peer(jp), timeline);
    bench.reserved("JP:central", today).await?;
    attempts.append(&mut bench.attempts);
    bench.frozen(world, jp).await?;
    Ok(attempts)
}

/// A hostile desk of a state, on its line to the own gateway.
pub(crate) async fn desk(state: &State, today: Date) -> Result<Adversary, Failure> {
    let keys = DeskKeys::open(state, DESK)?;
    let (line, trust) = OwnLine::open(&state.desk_listen, &keys::root_der(state)?, keys.tls.clone()).await?;
    Adversary::new(keys, trust, Line::Own(Box::new(line)), today)
}

fn declared(request: Value) -> Result<RequestBody, Failure> {
    Ok(RequestBody::from_document(request)?)
}

/// A preservation request of the adversary to `recipient`: what its kind of authority may ask [Budapest 29].
pub(crate) fn preservation(adversary: &Adversary, case: &Opened, today: Date) -> Result<Value, Failure> {
    let request = documents::request(case.id, today)?;
    let request = documents::under(request, "ets-185:29", "preservation", &["preservation_confirmation"]);
    Ok(documents::between(request, &adversary.keys.authority.to_string(), &case.recipient.to_string()))
}

fn own(state: &State) -> By {
    By { refuser: Refuser::OwnGateway, party: state.party }
}

fn peer(state: &State) -> By {
    By { refuser: Refuser::PeerGateway, party: state.party }
}

impl<'a> Bench<'a> {
    fn at(adversary: Adversary, by: By, timeline: &'a Timeline) -> Self {
        Self { adversary, by, timeline, attempts: Vec::new() }
    }

    /// All that can be tried in one case that was opened by the book.
    async fn everything(&mut self, recipient: &str, foreign: &State, own: &State, today: Date) -> Result<(), Failure> {
        let mut case = self.open(recipient).await?;
        let request = preservation(&self.adversary, &case, today)?;
        let plain = declared(request.clone())?;

        let bulk = declared(documents::bulk(request.clone()))?;
        let entry = self.adversary.request(&mut case, &bulk, &bulk)?;
        self.refused(&entry, "asks about 21 subjects at once", &[RefusalCode::R90], Some("ets-185:29")).await;

        let wildcard = declared(documents::wildcard(request.clone()))?;
        let entry = self.unspecific(&mut case, &wildcard)?;
        self.refused(&entry, "asks without a selector that names anyone", &[RefusalCode::R90], Some("ets-185:29"))
            .await;

        let order = documents::under(request, "cets-224:8", "order_production", &["subscriber_info"]);
        let order = declared(order)?;
        let entry = self.adversary.request(&mut case, &order, &order)?;
        let what = "asks under the 2nd Additional Protocol, which is not in force";
        self.refused(&entry, what, &[RefusalCode::R92], Some("cets-224:8")).await;

        self.ghosts(&mut case, foreign, own).await?;
        self.forgeries(&mut case, &plain).await?;
        self.replay(&case).await
    }

    /// Readers who must not be in the group, by every way that MLS has.
    async fn ghosts(&mut self, case: &mut Opened, foreign: &State, own: &State) -> Result<(), Failure> {
        for way in readers::ways(&self.adversary, case, own, foreign)? {
            let outcome = self.tried(&way.entry).await;
            let ghosts::Expected { code, field, reason } = way.expected;
            let expected = Expected { at: Some((field, reason)), ..self.expected(way.what, &[code]) };
            self.note(expected, outcome);
        }
        Ok(())
    }

    /// Signatures that are none, and a body under a header that it was not sealed for.
    async fn forgeries(&mut self, case: &mut Opened, plain: &RequestBody) -> Result<(), Failure> {
        let mut entry = self.adversary.request(case, plain, plain)?;
        forge::forge_officer(&mut entry)?;
        self.refused(&entry, "forges the signature of the second officer", &[RefusalCode::R95], None).await;
        let mut entry = self.adversary.request(case, plain, plain)?;
        forge::forge_desk(&mut entry)?;
        self.refused(&entry, "forges the signature of the desk", &[RefusalCode::R95], None).await;
        let entry = self.adversary.request(case, plain, plain)?;
        let entry = forge::rewrap(&self.adversary.keys, &entry)?;
        let what = "replays a sealed body under a new, well-signed header";
        self.refused(&entry, what, &[RefusalCode::R94], None).await;
        Ok(())
    }

    /// The very same entry again: the first receipt again, and nothing else.
    async fn replay(&mut self, case: &Opened) -> Result<(), Failure> {
        let (entry, first) = &case.opening;
        let again = self.adversary.deliver(entry).await?;
        if again.bytes != first.bytes || again.proof != first.proof {
            return Err(Failure::unexpected(format!("{} answered a replayed entry with another receipt", self.by)));
        }
        let what =
            format!("sends an admitted entry once more; {} gives its first receipt again, byte for byte", self.by);
        self.timeline.event(&self.actor(), &what, json!({ "receipt": first.receipt.kind.as_str() }));
        Ok(())
    }

    /// The operator who was attacked freezes the channel: the next call ends at the connection.
    async fn frozen(&mut self, world: &World, attacked: &State) -> Result<(), Failure> {
        let party = self.adversary.party();
        world.freeze(attacked, party).await?;
        let (recipient, claimant) =
            (AuthorityId::new(attacked.party, "central")?, self.adversary.keys.authority.clone());
        match self.adversary.line.claim(&recipient, &claimant).await {
            Ok(_) => Err(Failure::unexpected(format!("{} serves {party} over a frozen channel", attacked.party))),
            Err(failure) => {
                let what =
                    format!("freezes the channel to {party}; the next call of that gateway ends: {}", failure.what);
                self.timeline.event(attacked.party.as_str(), &what, json!({ "peer": party }));
                Ok(())
            }
        }
    }

    /// An article that Japan reserved.
    async fn reserved(&mut self, recipient: &str, today: Date) -> Result<(), Failure> {
        let mut case = self.open(recipient).await?;
        let request = preservation(&self.adversary, &case, today)?;
        let direct = documents::under(request, "cets-224:7", "provider_direct", &["subscriber_info"]);
        let direct = declared(direct)?;
        let entry = self.adversary.request(&mut case, &direct, &direct)?;
        let what = "asks JP under an article that JP reserved";
        self.refused(&entry, what, &[RefusalCode::R92], Some("cets-224:7")).await;
        Ok(())
    }

    /// An article of a convention that the own party never joined.
    async fn no_party(&mut self, recipient: &str, today: Date) -> Result<(), Failure> {
        let mut case = self.open(recipient).await?;
        let request = declared(preservation(&self.adversary, &case, today)?)?;
        let entry = self.adversary.request(&mut case, &request, &request)?;
        let what = "asks FR under a convention to which SG is no party";
        self.refused(&entry, what, &[RefusalCode::R92], Some("ets-185:29")).await;
        Ok(())
    }

    async fn open(&mut self, recipient: &str) -> Result<Opened, Failure> {
        let case = self.adversary.open(&recipient.parse()?).await?;
        let party: PartyId = case.recipient.party();
        let what = format!("opens a case with {party} by the book, to have a place for what follows");
        self.timeline.event(&self.actor(), &what, json!({ "case": case.id }));
        Ok(case)
    }

    /// A header that names no kind of selector: there is no word for a wildcard.
    fn unspecific(&self, case: &mut Opened, body: &RequestBody) -> Result<Entry, Failure> {
        let honest = self.adversary.request(case, body, body)?;
        let sealing = forge::Sealing::of(&self.adversary.keys, body)?;
        let mut header = honest.header;
        header.body = Some(sealing.commitment());
        header.measures.iter_mut().for_each(|measure| measure.selectors.clear());
        self.adversary.seal(case, header, &sealing)
    }

    async fn refused(&mut self, entry: &Entry, what: &str, codes: &[RefusalCode], article: Option<&'static str>) {
        let outcome = self.tried(entry).await;
        self.note(Expected { article, ..self.expected(what, codes) }, outcome);
    }

    /// What the gateway told of an entry that it must refuse.
    async fn tried(&mut self, entry: &Entry) -> Result<Told, String> {
        match self.adversary.deliver(entry).await {
            Ok(receipt) => Err(format!("it gave a receipt: {}", receipt.receipt.kind.as_str())),
            Err(denial) => Ok(Told::from(&denial)),
        }
    }

    fn expected(&self, what: &str, codes: &[RefusalCode]) -> Expected {
        let (actor, by) = (self.actor(), self.by.clone());
        Expected { actor, what: what.to_owned(), by, codes: codes.to_vec(), article: None, at: None }
    }

    fn note(&mut self, expected: Expected, outcome: Result<Told, String>) {
        let attempt = expected.hold(outcome);
        self.timeline.attempt(&attempt);
        self.attempts.push(attempt);
    }

    fn actor(&self) -> String {
        match self.by.refuser {
            Refuser::PeerGateway => format!("{} gateway !", self.adversary.party()),
            _ => format!("{} !", self.adversary.keys.authority),
        }
    }
}
