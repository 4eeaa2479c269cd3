//! A hearing by video link, step by step: times by both clocks, consent before the start, minutes that both sides sign.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use desk::{HEARING_NOTICE, fill_slots};
use model::{CaseId, Exit, MatterId, Step, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};
use workflow::{MatterKind, moment_in, zone_named};

use super::{
    Answer, Ask, Common, Session, Taken, Words,
    matter::{Matter, matter},
    minutes::{Minutes, Sign, Transmit, save},
    moment, written,
};
use crate::{
    cli::{
        access::Opener,
        hearing::{Hearing as Held, Sides, slot_lines},
        session::case_id,
    },
    clock,
    failure::Failure,
};

/// `desk hearing`.
#[derive(Debug, Subcommand)]
pub(crate) enum Hearing {
    /// Propose a hearing, with one to five times as both sides' clocks show them.
    Propose(Box<Propose>),
    /// Take one of the times by its number.
    Agree(Agree),
    /// Propose other times, in the place of those before: an answer to a proposal, or because a time cannot be kept. Consent and test are
    /// for the new time then.
    Move(Move),
    /// Record that the person consented, before the start, and who made sure (requested side).
    Consent(Consent),
    /// Say that the link was tested and works.
    Test(Test),
    /// Say that the hearing has begun. Without consent and a test it is refused.
    Open(Open),
    /// Draw up the minutes (two officers of the requested side); again where they were wrong: who signed then signs anew.
    Minutes(Minutes),
    /// Sign the newest minutes; each side does.
    Sign(Sign),
    /// Hand the signed minutes over (two officers of the requested side).
    Transmit(Transmit),
    /// Say that it is not held, or failed, and why: the consent was withdrawn, the link broke, no time fits.
    Cancel(Matter),
    /// Close it.
    Close(Matter),
    /// Show the times side by side with what is to be known of them, and how far it is.
    Show(Show),
}

/// Proposing.
#[derive(Debug, Args)]
pub(crate) struct Propose {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// A time by the own clock, as in 2026-12-01T18:00, or with an offset; its length behind a slash where it differs, as in
    /// 2026-12-01T18:00/90 (repeatable, five at most).
    #[arg(long = "slot", value_name = "MOMENT[/MINUTES]", required = true)]
    slots: Vec<String>,
    /// How long it lasts, in minutes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(15..=600))]
    minutes: u16,
    /// The own time zone; that of the own authority when absent.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The time zone of the other side; that of its authority when absent.
    #[arg(long, value_name = "ZONE")]
    their_zone: Option<String>,
    /// Who is to be heard, as the request calls the person.
    #[arg(long, default_value = "S1", value_name = "SUBJECT")]
    person: String,
    /// As what.
    #[arg(long, value_parser = ["suspect", "accused", "witness", "victim", "expert"])]
    capacity: String,
    /// In which language it is held, as in fr.
    #[arg(long, value_name = "LANGUAGE")]
    language: String,
    /// Between which languages an interpreter is needed, as in fr,ja; none when absent.
    #[arg(long, value_name = "LANGUAGES", value_delimiter = ',')]
    interpreter: Vec<String>,
    /// Which side brings the interpreter.
    #[arg(long, default_value = "requesting", value_parser = ["requesting", "requested"])]
    interpreter_by: String,
    /// By which technology.
    #[arg(long, value_name = "TEXT")]
    link: String,
    /// Where the own side sits.
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Which side takes the oath.
    #[arg(long, default_value = "requested", value_parser = ["requesting", "requested", "none"])]
    oath_by: String,
    /// Under whose law of procedure.
    #[arg(long, default_value = "requested", value_parser = ["requesting", "requested"])]
    law_of: String,
    /// What of the other law is to be observed.
    #[arg(long, value_name = "TEXT")]
    formalities: Option<String>,
    /// It is to be recorded.
    #[arg(long)]
    recorded: bool,
}

/// Taking a time.
#[derive(Debug, Args)]
pub(crate) struct Agree {
    #[command(flatten)]
    matter: Matter,
    /// Which of the times, by its number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    slot: u8,
    /// Where the own side sits.
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
}

/// Proposing other times.
#[derive(Debug, Args)]
pub(crate) struct Move {
    #[command(flatten)]
    matter: Matter,
    /// A time by the own clock, as in 2026-12-01T18:00, or with an offset; its length behind a slash where it differs, as in
    /// 2026-12-01T18:00/90 (repeatable, five at most).
    #[arg(long = "slot", value_name = "MOMENT[/MINUTES]", required = true)]
    slots: Vec<String>,
    /// How long it lasts, in minutes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(15..=600))]
    minutes: u16,
}

/// Recording the consent.
#[derive(Debug, Args)]
pub(crate) struct Consent {
    #[command(flatten)]
    matter: Matter,
    /// Who asked the person and made sure.
    #[arg(long, value_name = "NAME")]
    verified_by: String,
    /// When, as in 2026-11-22T03:10:00Z; now when absent.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Timestamp>,
    /// The person was under no pressure.
    #[arg(long, required = true)]
    voluntary: bool,
    /// The person left no doubt.
    #[arg(long, required = true)]
    unequivocal: bool,
    /// The person could speak with counsel before.
    #[arg(long)]
    lawyer_consulted: bool,
    /// The language in which it was explained.
    #[arg(long, value_name = "LANGUAGE")]
    informed_in: String,
    /// For a child: who holds parental responsibility was told.
    #[arg(long)]
    guardian_informed: bool,
}

/// Testing the link.
#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    matter: Matter,
    /// When, as in 2026-11-22T03:10:00Z; now when absent.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Timestamp>,
    /// Picture, sound and encryption work. What does not is mended first, or the hearing is cancelled.
    #[arg(long, required = true)]
    passed: bool,
    /// The channel of the interpreter works too.
    #[arg(long)]
    interpretation: bool,
    /// The channel between the person and counsel works too.
    #[arg(long)]
    confidential_channel: bool,
}

/// Beginning.
#[derive(Debug, Args)]
pub(crate) struct Open {
    #[command(flatten)]
    matter: Matter,
    /// When it began, as in 2026-11-22T03:10:00Z; now when absent.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Timestamp>,
    /// Who made sure that it is the right person.
    #[arg(long, value_name = "NAME")]
    identity_by: String,
    /// By what.
    #[arg(long, default_value = "document", value_parser = ["document", "knowledge_of_officer", "other"])]
    identity_against: String,
    /// Who is in the own room (repeatable).
    #[arg(long = "present", value_name = "NAME", required = true)]
    present: Vec<String>,
    /// Who was sworn in (repeatable).
    #[arg(long = "sworn", value_name = "NAME")]
    sworn: Vec<String>,
}

/// Looking.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The case, or a unique beginning of its id.
    case: String,
    /// Which matter of the case, as in X1; all hearings when absent.
    #[arg(long, value_name = "X1", value_parser = matter)]
    matter: Option<MatterId>,
    /// Write the newest minutes into this new file, to be read before they are signed. Those of the other side are opened as records are.
    #[arg(long, value_name = "FILE")]
    save_minutes: Option<PathBuf>,
    /// The officer who signs for the opening of minutes that were received, as in central/officer-1.
    #[arg(long = "as", value_name = "AUTHORITY/OFFICER", requires = "save_minutes")]
    signer: Option<String>,
    /// What they are opened for, as the treaty names it; the request's own purpose when absent.
    #[arg(long, value_name = "PURPOSE", requires = "save_minutes")]
    for_purpose: Option<String>,
    /// For which proceeding, by its file number; the one that the request named when absent.
    #[arg(long, value_name = "REF", requires = "save_minutes")]
    for_proceeding: Option<String>,
    /// Who reads them; the officer who signs when absent.
    #[arg(long, value_name = "NAME", requires = "save_minutes")]
    officer: Option<String>,
}

impl Hearing {
    pub(crate) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let taken = match self {
            Self::Show(show) => return show.run(session).await,
            Self::Propose(propose) => propose.run(session).await,
            Self::Agree(agree) => agree.run(session).await,
            Self::Move(other) => other.run(session).await,
            Self::Consent(consent) => consent.run(session).await,
            Self::Test(test) => test.run(session).await,
            Self::Open(open) => open.run(session).await,
            Self::Minutes(minutes) => minutes.run(session).await,
            Self::Sign(sign) => sign.run(session).await,
            Self::Transmit(transmit) => transmit.run(session).await,
            Self::Cancel(matter) => matter.reasoned(session, Step::CancelHearing).await,
            Self::Close(matter) => matter.of(MatterKind::Hearing).run(session, Step::CloseMatter).await,
        };
        taken.map(Taken::answer)
    }
}

impl Propose {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let shown = session.show(&self.common.case).await?;
        let sides = Sides::of(session, &shown)?;
        let proposal = self.proposal(&sides)?;
        session.tell(&slot_lines(&proposal, &sides, clock::now(), None).join("\n"));
        let officer = self.common.signer.open(session)?;
        let documents = [written(HEARING_NOTICE, &json!({ "proposal": proposal }))?];
        let ask = Ask { documents: &documents, ..Ask::new(Step::ProposeHearing, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }

    fn proposal(&self, sides: &Sides) -> Result<Value, Failure> {
        let zones = self.zones(sides)?;
        let own = zone_named(&zones[usize::from(sides.own != "requesting")]).ok_or_else(|| no_zone(""))?;
        let slots = slots_said(&self.slots, self.minutes, &own)?;
        let [requesting, requested] = zones;
        let mut proposal = json!({
            "person": { "subject_ref": self.person, "capacity": self.capacity },
            "time_zones": { "requesting": requesting, "requested": requested },
            "slots": slots,
            "language": self.language,
            "link": self.link,
            "oath_by": self.oath_by,
            "law_of": self.law_of,
            "recorded": self.recorded,
        });
        if !self.interpreter.is_empty() {
            proposal["interpreter"] = json!({ "languages": self.interpreter, "by": self.interpreter_by });
        }
        if let Some(room) = &self.room {
            proposal["rooms"] = json!({ sides.own: room });
        }
        if let Some(formalities) = &self.formalities {
            proposal["formalities"] = formalities.as_str().into();
        }
        if let Value::Object(fields) = &mut proposal {
            fill_slots(fields);
        }
        Ok(proposal)
    }

    /// The zone of each side, by what is said, or where its authority lies.
    fn zones(&self, sides: &Sides) -> Result<[String; 2], Failure> {
        let zone = |(side, authority): (&'static str, &model::AuthorityId)| {
            let said = if side == sides.own { &self.zone } else { &self.their_zone };
            let calendar = sides.calendars.of(authority.party());
            let known = || calendar.zone_of(authority).iana_name().map(str::to_owned);
            let name = said.clone().or_else(known).unwrap_or_default();
            if zone_named(&name).is_some() { Ok(name) } else { Err(no_zone(&name)) }
        };
        let [requesting, requested] = sides.both();
        Ok([zone(requesting)?, zone(requested)?])
    }
}

impl Agree {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let hearing = Held::one(session, self.matter.case(), self.matter.id()).await?;
        session.tell(&hearing.lines(clock::now()).join("\n"));
        let proposal = hearing.newest("propose").cloned().unwrap_or_default();
        let mut agreement = desk::agreement_to(&proposal, self.slot.into())
            .ok_or_else(|| usage(format!("the proposal has no slot {}", self.slot)))?;
        if let Some(room) = &self.room {
            agreement["room"] = room.as_str().into();
        }
        self.matter.say(session, Step::AgreeSlot, json!({ "agreement": agreement })).await
    }
}

impl Move {
    /// All but the times stays as it was proposed last.
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let hearing = Held::one(session, self.matter.case(), self.matter.id()).await?;
        let mut proposal = hearing.newest("propose").map(|one| one["proposal"].clone()).unwrap_or_default();
        let zone = proposal["time_zones"][hearing.sides().own].as_str().unwrap_or_default();
        let own = zone_named(zone).ok_or_else(|| no_zone(zone))?;
        proposal["slots"] = slots_said(&self.slots, self.minutes, &own)?.into();
        if let Value::Object(fields) = &mut proposal {
            fill_slots(fields);
        }
        session.tell(&slot_lines(&proposal, hearing.sides(), clock::now(), None).join("\n"));
        self.matter.say(session, Step::ProposeSlots, json!({ "proposal": proposal })).await
    }
}

/// Times as they were said, by the clock of a zone.
fn slots_said(said: &[String], minutes: u16, zone: &jiff::tz::TimeZone) -> Result<Vec<Value>, Failure> {
    let slot = |text: &String| {
        let (at, minutes) = match text.rsplit_once('/') {
            Some((at, minutes)) => (at, minutes.parse().map_err(|_| usage(format!("{text} has no length")))?),
            None => (text.as_str(), minutes),
        };
        let starts = moment_in(at, zone).map_err(usage)?;
        Ok(json!({ "starts_at": starts.to_string(), "minutes": minutes }))
    };
    said.iter().map(slot).collect()
}

impl Consent {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let mut consent = json!({
            "given": true,
            "voluntary": self.voluntary,
            "unequivocal": self.unequivocal,
            "verified_by": { "name": self.verified_by },
            "verified_at": at(self.at),
            "lawyer_consulted": self.lawyer_consulted,
            "informed_in": self.informed_in,
        });
        if self.guardian_informed {
            consent["guardian_informed"] = true.into();
        }
        self.matter.say(session, Step::RecordConsent, json!({ "consent": consent })).await
    }
}

impl Test {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let works = self.passed;
        let mut test = json!({ "tested_at": at(self.at), "picture": works, "sound": works, "encrypted": works });
        let more = [("interpretation", self.interpretation), ("confidential_channel", self.confidential_channel)];
        for (name, _) in more.into_iter().filter(|(_, works)| *works) {
            test[name] = true.into();
        }
        self.matter.say(session, Step::TestLink, json!({ "test": test })).await
    }
}

impl Open {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let mut opening = json!({
            "started_at": at(self.at),
            "identity": { "by": { "name": self.identity_by }, "against": self.identity_against },
            "present": self.present,
        });
        if !self.sworn.is_empty() {
            opening["sworn"] = self.sworn.clone().into();
        }
        self.matter.say(session, Step::OpenHearing, json!({ "opening": opening })).await
    }
}

impl Show {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let shown = session.show(&self.case).await?;
        let mut hearings = Held::all(session, &shown).await?;
        hearings.retain(|one| self.matter.is_none_or(|id| one.id() == id));
        let now = clock::now();
        let case_id = case_id(shown.summary.as_ref())?;
        let value = json!({ "case": case_id.to_string(), "hearings": hearings.iter().map(|one| one.value(now)).collect::<Vec<_>>() });
        let mut lines: Vec<_> = hearings.iter().flat_map(|one| one.lines(now)).collect();
        if lines.is_empty() {
            lines.push("no hearing: desk hearing propose".to_owned());
        }
        if let Some(path) = &self.save_minutes {
            let place = hearings.iter().rev().find_map(|one| one.place("minutes"));
            let minutes = match place {
                Some(place) => Some(self.opened(session, case_id, place).await?),
                None => None,
            };
            save(minutes.as_ref(), path)?;
            lines.push(format!("written    {}", path.display()));
        }
        Ok(Answer::new(value, lines.join("\n")))
    }

    /// The document of the minutes as it is opened for whom the officer signs.
    async fn opened(&self, session: &Session, case: CaseId, place: &wire::DocumentRef) -> Result<Value, Failure> {
        let said = [&self.for_purpose, &self.for_proceeding, &self.officer];
        let said = said.map(|one| one.as_deref().unwrap_or_default());
        let opener = Opener::of(session, case, said, self.signer.as_deref())?;
        let body = session.open_document(opener.request(place)?).await?.body;
        serde_json::from_slice(&body).map_err(|_| Failure::new(Exit::Integrity, "the desk told minutes in no form"))
    }
}

impl Matter {
    /// Takes a step of a hearing with its document.
    pub(super) async fn say(&self, session: &Session, step: Step, content: Value) -> Result<Taken, Failure> {
        let documents = [written(HEARING_NOTICE, &content)?];
        self.take(session, Ask { documents: &documents, ..Ask::new(step, None) }).await
    }
}

/// A moment as it was said; now when nothing was.
pub(super) fn at(said: Option<Timestamp>) -> String {
    said.unwrap_or_else(clock::now).to_string()
}

pub(super) fn usage(what: String) -> Failure {
    Failure::new(Exit::Usage, what)
}

fn no_zone(name: &str) -> Failure {
    usage(format!("no time zone is called {name:?}"))
        .remedy("Say it as in --zone Asia/Tokyo, --their-zone Europe/Paris.")
}
