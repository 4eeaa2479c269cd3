//! The officers' command line. It shows what is signed, signs with a key that it alone opens, and prints what the desk answers.

mod access;
mod agenda;
mod attachment;
mod audit;
mod certificate;
mod commands;
mod editor;
mod events;
mod export;
mod follow;
mod group;
mod health;
mod hearing;
mod list;
mod matters;
mod officer;
mod preflight;
mod procedure;
mod receipts;
mod request;
mod responder;
mod session;
mod share;
mod show;
mod statistics;
mod step;
mod train;
mod translation;
mod webhook;

use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::Exit;
use serde_json::{Value, json};

use crate::{failure::Failure, serve, summary};
use agenda::Agenda;
use group::Group;
use request::Request;
use responder::Responder;
use session::Session;
use step::{
    Accept, AskInfo, Assign, CallBack, Close, Consulted, Dispose, Forward, GiveInfo, Offer, Plain, Postpone,
    Preservation, Produce, Refuse, Regularise, Reject, Remedy, Report, Return, Review, SignConsultation, TakeOver,
    Taken, Undertake, matter,
};

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 findings, 4 not found, 5 refused, \
6 conflict, 7 not authorised, 8 unreachable, 9 integrity, 10 not initialised, 11 locked.";

/// The desk of an authority: drafts requests for evidence, seals them, opens what comes, answers.
#[derive(Debug, Parser)]
#[command(name = "desk", version, after_help = EXIT_CODES)]
struct Cli {
    /// The desk's folder, as in STATE/desks/central.
    #[arg(long, global = true, env = "ROGATORY_DESK", default_value = ".")]
    dir: PathBuf,
    /// How to answer.
    #[arg(long, value_enum, global = true, default_value = "text")]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the desk until SIGTERM.
    Serve(Serve),
    /// How the desk is.
    Status,
    /// Ask the running desk whether it is ready: 0 it is, 8 it is not or does not answer.
    Health,
    /// Check evidence, offline.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Renew the desk's certificates.
    #[command(subcommand)]
    Certificate(certificate::Certificate),
    /// Draft, validate and send a request.
    #[command(subcommand)]
    Request(Request),
    /// Tell what the gates would refuse, and what the other side would miss (exit 3 when there is something to mend).
    Preflight(preflight::Preflight),
    /// Hold a translation against its original.
    #[command(subcommand)]
    Translation(translation::Translation),
    /// Registers that answer without a human.
    #[command(subcommand)]
    Responder(Responder),
    /// The cases in which it is this desk's move, and those whose clocks call.
    Inbox(list::Inbox),
    /// What ends when: each clock with its article or policy, and whose move it is.
    Agenda(Agenda),
    /// What happened since a cursor, ids only.
    Events(events::Events),
    /// What the law wants to be counted, from the entries of the cases.
    Statistics(statistics::Count),
    /// Tell national systems of events.
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Look at cases.
    #[command(subcommand)]
    Case(Case),
    /// Files of any size beside records.
    #[command(subcommand)]
    Attachment(attachment::Attachments),
    /// Who can read a case, and changing it.
    #[command(subcommand)]
    Group(Group),
    /// The procedure by which every gateway and desk decides: its tables as a page, its machines as pictures.
    Procedure(procedure::Procedure),
    /// Be a simulated authority that answers by itself; only for a state that was made for training.
    Train(train::Train),
    /// What was stated of each entry of a case: by whom, when, and what is awaited.
    Receipts {
        /// The case, or a unique beginning of its id.
        case: String,
    },
    /// Show a draft to the other side before it is sent: it has no legal effect, and no clock runs.
    Share(share::Share),
    /// Say what would be missing in a draft that the other side has shared.
    Comment(share::Comment),
    /// Take a step anew that lost its place in the case, unchanged; all who signed it sign again.
    Again(step::Again),
    /// Acknowledge a request: who handles it.
    Acknowledge(Plain),
    /// Open the review, if need be, and accept.
    Accept(Accept),
    /// Open the review, with the notice to the ministry where the own law wants one.
    Review(Review),
    /// The call-back on an emergency, before it is granted.
    #[command(subcommand)]
    CallBack(CallBack),
    /// Open the review, if need be, and a consultation with the requesting party.
    Consult(Plain),
    /// Sign the minutes of a consultation, into a new file: each side signs, and who asked for evidence sends them (consulted).
    SignConsultation(SignConsultation),
    /// Say that the consultation was held, with the minutes that both sides signed.
    Consulted(Consulted),
    /// Open the review, if need be, and ask the requesting party what is missing; the clocks rest.
    AskInfo(AskInfo),
    /// Answer such questions.
    GiveInfo(GiveInfo),
    /// Open the review, if need be, and offer to accept under conditions.
    OfferConditions(Offer),
    /// Take the conditions as they are offered, and be bound.
    AcceptConditions(Undertake),
    /// Decline them.
    DeclineConditions(Plain),
    /// Postpone, with a reason and the day on which it is looked at again.
    Postpone(Postpone),
    /// Take up again what was postponed.
    Resume(Plain),
    /// Return a request that is for another authority, or what was given (two officers): that is destroyed here.
    Return(Return),
    /// Pass the request to the competent authority of the own party: its desk comes in, reads and acts.
    Forward(Forward),
    /// Refuse, with a ground (two officers).
    Refuse(Refuse),
    /// Begin to carry out, under which order: from then on the time for the return runs.
    Assign(Assign),
    /// Say that all is collected; release it with produce.
    Collected(Plain),
    /// Carry out, collect, if need be, and release records (two officers).
    Produce(Produce),
    /// Begin to carry out, if need be, and say that a part is collected; release it with produce.
    PartCollected(Plain),
    /// Go on with what is outstanding, after a part arrived.
    MoreToCome(Plain),
    /// Do not take the records that were released (two custodians): they are destroyed here, their correction begins, and
    /// they have to be released again.
    Reject(Reject),
    /// Confirm that the records arrived whole.
    Confirm(Plain),
    /// Report that all of it was carried out, and what it cost.
    Report(Report),
    /// Take what was received into use, for a purpose and for named readers.
    TakeOver(TakeOver),
    /// Destroy or return what was received, or keep it for longer.
    #[command(subcommand)]
    Dispose(Dispose),
    /// A remedy against a decision: what is done rests until the court has spoken.
    #[command(subcommand)]
    Remedy(Remedy),
    /// Keep preserved data for longer, or give it up.
    #[command(subcommand)]
    Preservation(Preservation),
    /// Validate after the fact what was sent in an emergency (judge or prosecutor).
    Regularise(Regularise),
    /// Tell the requesting party how it goes, though nothing moved.
    TellStatus(Plain),
    /// Close the case.
    Close(Close),
    /// Withdraw the request.
    Withdraw(Plain),
    /// Consent to another purpose or proceeding: without it no key is released for that.
    #[command(subcommand)]
    Use(matter::Use),
    /// Consent to hand records on to a third state or body.
    #[command(subcommand)]
    Onward(matter::Onward),
    /// An incident with what was given.
    #[command(subcommand)]
    Breach(matter::Breach),
    /// A hearing by video link: times, consent, minutes.
    #[command(subcommand)]
    Hearing(step::hearing::Hearing),
    /// An error in what was given: another person, a wrong value, one that is out of date.
    #[command(subcommand)]
    Correct(matter::Correct),
}

#[derive(Debug, Args)]
struct Serve {
    /// An OTLP collector, as in http://127.0.0.1:4317; goes before the one in desk.toml.
    #[arg(long)]
    otlp_endpoint: Option<String>,
    /// Where to answer those who look after the desk (/livez, /readyz, /metrics), as in 127.0.0.1:7013; goes before the one in desk.toml.
    #[arg(long)]
    ops_listen: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum Case {
    /// All cases and drafts: pages from the newest case to the oldest, on each page the one that changed last first.
    List {
        /// Which.
        #[arg(long, default_value = "all", value_parser = ["all", "inbox", "ours", "theirs", "outbox", "due", "drafts"])]
        filter: String,
        #[command(flatten)]
        page: list::Page,
    },
    /// Write the whole case as one file that a stranger can prove, and put on record what is opened for it.
    Export(export::Export),
    /// Write the notice that the body of an entry contradicts its header as a file that the sender's own gateway and any stranger can prove.
    Violation(export::Violation),
    /// One case: measures, timeline with receipts, who can read it, what may be done next.
    Show {
        /// The case, or a unique beginning of its id.
        case: String,
        /// Write the opened documents into files in this folder.
        #[arg(long)]
        documents: Option<PathBuf>,
        /// Only who opened what was received: each opening with the officer who signed for it.
        #[arg(long, conflicts_with = "documents")]
        access: bool,
        #[command(flatten)]
        opens: access::Opens,
    },
}

impl Case {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::List { filter, page } => list::list(session, filter, page).await,
            Self::Export(export) => export.run(session).await,
            Self::Violation(notice) => notice.run(session).await,
            Self::Show { case, documents, access, opens } => {
                show::case(session, case, documents.as_deref(), opens, *access).await
            }
        }
    }
}

/// What a command prints, and how it ends.
struct Answer {
    value: Value,
    text: String,
    exit: Exit,
}

impl Answer {
    fn new(value: Value, text: impl Into<String>) -> Self {
        Self { value, text: text.into(), exit: Exit::Ok }
    }
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let json_output = cli.output == Output::Json;
    let ended = run(&cli, json_output).and_then(|answer| match answer {
        Some(answer) => print(answer, json_output),
        None => Ok(Exit::Ok),
    });
    let exit = ended.unwrap_or_else(|failure| {
        let mut err = std::io::stderr().lock();
        // Nobody may be listening; the exit code tells it too.
        let _ = if json_output { writeln!(err, "{}", failure.to_json()) } else { writeln!(err, "desk: {failure}") };
        failure.exit()
    });
    ExitCode::from(exit as u8)
}

fn run(cli: &Cli, json_output: bool) -> Result<Option<Answer>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failure, format!("cannot start: {error}")))?;
    runtime.block_on(async {
        if let Command::Serve(serve) = &cli.command {
            return serve::run(&cli.dir, serve.otlp_endpoint.clone(), serve.ops_listen, json_output)
                .await
                .map(|()| None);
        }
        if let Command::Health = &cli.command {
            return health::run(&cli.dir).await.map(Some);
        }
        if let Command::Audit(audit) = &cli.command {
            return audit.run().map(Some);
        }
        if let Command::Certificate(certificate) = &cli.command {
            return certificate.run(&cli.dir).map(Some);
        }
        if let Command::Translation(translation) = &cli.command {
            return translation.run(&cli.dir, json_output).await.map(Some);
        }
        if let Command::Procedure(procedure) = &cli.command {
            return Ok(Some(procedure.run()));
        }
        let session = Session::open(&cli.dir, json_output)?;
        Ok(Some(session.marked(ask(&session, &cli.command).await?)))
    })
}

async fn ask(session: &Session, command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Serve(_)
        | Command::Health
        | Command::Translation(_)
        | Command::Audit(_)
        | Command::Certificate(_)
        | Command::Procedure(_) => Err(Failure::new(Exit::Usage, "it is run by itself")),
        Command::Status => show::status(session).await,
        Command::Request(request) => request.run(session).await,
        Command::Responder(responder) => responder.run(session).await,
        Command::Preflight(preflight) => preflight.run(session).await,
        Command::Inbox(inbox) => inbox.run(session).await,
        Command::Agenda(agenda) => agenda.run(session).await,
        Command::Events(events) => events.run(session).await,
        Command::Statistics(count) => count.run(session).await,
        Command::Webhook(webhook) => webhook.run(session).await,
        Command::Case(case) => case.run(session).await,
        Command::Attachment(attachment) => attachment.run(session).await,
        Command::Receipts { case } => receipts::list(session, case).await,
        Command::Group(group) => group.run(session).await,
        Command::Train(train) => train.run(session).await,
        Command::Share(share) => share.run(session).await.map(Taken::answer),
        Command::Comment(comment) => comment.run(session).await.map(Taken::answer),
        Command::Again(again) => again.run(session).await.map(Taken::answer),
        Command::Acknowledge(plain) => plain.run(session, model::Step::Acknowledge).await.map(Taken::answer),
        Command::Accept(accept) => accept.run(session).await.map(Taken::answer),
        Command::CallBack(call) => call.run(session).await,
        Command::Consult(plain) => plain.consult(session).await.map(Taken::answer),
        Command::SignConsultation(sign) => sign.run(session).await,
        Command::Consulted(consulted) => consulted.run(session).await.map(Taken::answer),
        Command::AskInfo(ask) => ask.run(session).await.map(Taken::answer),
        Command::GiveInfo(give) => give.run(session).await.map(Taken::answer),
        Command::OfferConditions(offer) => offer.run(session).await.map(Taken::answer),
        Command::AcceptConditions(undertake) => undertake.run(session).await.map(Taken::answer),
        Command::DeclineConditions(plain) => {
            plain.run(session, model::Step::DeclineConditions).await.map(Taken::answer)
        }
        Command::Postpone(postpone) => postpone.run(session).await.map(Taken::answer),
        Command::Resume(plain) => plain.run(session, model::Step::Resume).await.map(Taken::answer),
        Command::Return(back) => back.run(session).await.map(Taken::answer),
        Command::Assign(assign) => assign.run(session).await.map(Taken::answer),
        Command::Collected(plain) => plain.run(session, model::Step::Collected).await.map(Taken::answer),
        Command::PartCollected(plain) => plain.part_collected(session).await.map(Taken::answer),
        Command::MoreToCome(plain) => plain.run(session, model::Step::MoreToCome).await.map(Taken::answer),
        Command::Reject(reject) => reject.run(session).await.map(Taken::answer),
        Command::Review(review) => review.run(session).await.map(Taken::answer),
        Command::Forward(forward) => forward.run(session).await.map(Taken::answer),
        Command::Refuse(refuse) => refuse.run(session).await.map(Taken::answer),
        Command::Produce(produce) => produce.run(session).await.map(Taken::answer),
        Command::Confirm(plain) => plain.run(session, model::Step::Confirm).await.map(Taken::answer),
        Command::Report(report) => report.run(session).await.map(Taken::answer),
        Command::TakeOver(take) => take.run(session).await.map(Taken::answer),
        Command::Dispose(dispose) => dispose.run(session).await,
        Command::Remedy(remedy) => remedy.run(session).await.map(Taken::answer),
        Command::Preservation(preservation) => preservation.run(session).await.map(Taken::answer),
        Command::Regularise(regularise) => regularise.run(session).await.map(Taken::answer),
        Command::TellStatus(plain) => plain.run(session, model::Step::TellStatus).await.map(Taken::answer),
        Command::Close(close) => close.run(session).await.map(Taken::answer),
        Command::Withdraw(plain) => plain.run(session, model::Step::Withdraw).await.map(Taken::answer),
        Command::Use(matter) => matter.run(session).await.map(Taken::answer),
        Command::Onward(matter) => matter.run(session).await.map(Taken::answer),
        Command::Breach(matter) => matter.run(session).await,
        Command::Hearing(hearing) => hearing.run(session).await,
        Command::Correct(matter) => matter.run(session).await.map(Taken::answer),
    }
}

fn print(answer: Answer, json_output: bool) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    let written = if json_output {
        let mut value = answer.value;
        if let Value::Object(fields) = &mut value {
            fields.insert("schema_version".to_owned(), json!(1));
        }
        writeln!(out, "{value}")
    } else {
        writeln!(out, "{}", summary::clean(answer.text.trim_end()))
    };
    model::printed(written).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    Ok(answer.exit)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        let cli =
            Cli::try_parse_from(["desk", "refuse", "6b9d", "--as", "central/officer-1", "--ground", "R07"]).unwrap();
        assert!(matches!(cli.command, Command::Refuse(_)));
        assert!(
            Cli::try_parse_from(["desk", "refuse", "6b9d", "--as", "central/officer-1", "--ground", "R99"]).is_err()
        );
    }
}
