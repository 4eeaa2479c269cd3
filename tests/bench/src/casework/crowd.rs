//! Fifty thousand open cases: how long a desk and its gateways need to be ready again, what an entry costs them beside a hundred cases, and
//! how long an officer waits for what a screen shows.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use model::Timestamp;
use proto::desk::{
    GetAgendaRequest, GetCaseRequest, GetDeskStatusRequest, ListCasesRequest, case_service_client::CaseServiceClient,
};
use records::RecordTypes;
use tokio::time::{Instant, sleep, timeout};
use treaty::Rule;

use super::filled::{self, Held};
use crate::{
    Casework,
    cpu::Cpu,
    desks::Desks,
    exchange::{now, prepare_for_real, rule},
    failure::Failure,
    play::{Play, Stage},
    states::{RealDesk, States},
};

/// So few open cases cost what a case costs by itself.
const FEW: usize = 100;
/// Entries of each played case: its opening and its request.
const ENTRIES: usize = 2;
/// Cases that are played before anything is timed.
const WARM_UP: usize = 5;
/// In how many turns the cases are played.
const TURNS: usize = 10;
const SETTLED_MAX: Duration = Duration::from_secs(60);
/// How often each question of a screen is asked.
const ASKED: usize = 5;

/// With few and with many open cases.
pub(crate) struct Crowd {
    pub(crate) few: Standing,
    pub(crate) many: Standing,
    /// How long the databases took to fill.
    pub(crate) filled_s: f64,
}

/// What so many open cases cost.
pub(crate) struct Standing {
    pub(crate) held: Held,
    /// From the start of the process until it can be called: both gateways, the desk. Milliseconds.
    pub(crate) ready_ms: [f64; 3],
    /// Resident memory after that, in MiB.
    pub(crate) resident_mib: [f64; 3],
    /// Processor time per entry, in microseconds: requesting gateway, requested gateway, requested desk.
    pub(crate) entry_us: [f64; 3],
    pub(crate) entries: usize,
    pub(crate) screens: Vec<Screen>,
}

/// What an officer's program asks, and how long the desk takes.
pub(crate) struct Screen {
    pub(crate) what: &'static str,
    /// The middle of the times, in milliseconds; `None` where there was no answer.
    pub(crate) ms: Option<f64>,
    /// How many items came, or why none did.
    pub(crate) items: String,
}

pub(crate) async fn measure(options: &Casework) -> Result<Crowd, Failure> {
    let (mut few, mut many) = (States::start().await?, States::start().await?);
    let measured = beside_each_other([&mut few, &mut many], options).await;
    few.stop().await;
    many.stop().await;
    measured
}

/// Plays with few cases and with many by turns: what else changes on the machine meets both.
async fn beside_each_other([few, many]: [&mut States; 2], options: &Casework) -> Result<Crowd, Failure> {
    let mut few = Crew::gather(few, FEW, options).await?;
    let started = Instant::now();
    let mut many = Crew::gather(many, options.open_cases, options).await?;
    let filled_s = started.elapsed().as_secs_f64();
    let each = options.played.div_ceil(TURNS);
    for turn in 0..TURNS {
        let order = if turn % 2 == 0 { [&mut few, &mut many] } else { [&mut many, &mut few] };
        for crew in order {
            crew.play(each).await?;
        }
    }
    let (few, many) = (few.leave().await?, many.leave().await?);
    Ok(Crowd { few, many, filled_s })
}

/// Two states with their cases, and a desk, all running.
struct Crew<'a> {
    states: &'a mut States,
    desk: RealDesk,
    caller: Caller,
    held: Held,
    ready_ms: [f64; 3],
    resident_mib: [f64; 3],
    /// So far: entries, and what they took of each process.
    entries: usize,
    spent_us: [f64; 3],
}

impl<'a> Crew<'a> {
    /// Fills the databases and starts everything.
    async fn gather(states: &'a mut States, open: usize, options: &Casework) -> Result<Self, Failure> {
        let desk = RealDesk::start(states, 1).await?;
        Caller::connect(states).await?.play(&desk, WARM_UP).await?;
        desk.stop().await;
        states.halt().await;
        let held = fill(states, open, options.clocks).await?;
        let gateways = states.resume().await?;
        let desk = RealDesk::start(states, 1).await?;
        let ready_ms = [gateways[0], gateways[1], desk.ready].map(|time| time.as_secs_f64() * 1e3);
        let caller = Caller::connect(states).await?;
        caller.play(&desk, WARM_UP).await?;
        let mut crew =
            Self { states, desk, caller, held, ready_ms, resident_mib: [0.0; 3], entries: 0, spent_us: [0.0; 3] };
        crew.resident_mib = crew.pids().map(resident);
        Ok(crew)
    }

    fn pids(&self) -> [u32; 3] {
        [self.states.states[0].pid, self.states.states[1].pid, self.desk.pid]
    }

    async fn play(&mut self, cases: usize) -> Result<(), Failure> {
        let before = self.pids().map(Cpu::of);
        self.caller.play(&self.desk, cases).await?;
        let after = self.pids().map(Cpu::of);
        for (at, spent) in self.spent_us.iter_mut().enumerate() {
            *spent += (after[at] - before[at]).all;
        }
        self.entries += cases * ENTRIES;
        Ok(())
    }

    async fn leave(self) -> Result<Standing, Failure> {
        let entry_us = self.spent_us.map(|spent| spent / self.entries.max(1) as f64);
        let screens = screens(&self.desk).await?;
        self.desk.stop().await;
        let Self { held, ready_ms, resident_mib, entries, .. } = self;
        Ok(Standing { held, ready_ms, resident_mib, entry_us, entries, screens })
    }
}

/// While nobody has the databases open.
async fn fill(states: &States, open: usize, clocks: usize) -> Result<Held, Failure> {
    for state in &states.states {
        filled::gateway(&state.dir, open).await?;
    }
    filled::desk(&desk_folder(states), open, clocks, now()).await
}

fn desk_folder(states: &States) -> PathBuf {
    states.states[1].dir.join("desks/central")
}

/// Who sends the real desk requests. It keeps its connections: a gateway holds few of one desk.
struct Caller {
    stage: Arc<Stage>,
    rule: Rule,
}

impl Caller {
    async fn connect(states: &States) -> Result<Self, Failure> {
        let at: Timestamp = now();
        let types = RecordTypes::builtin().map_err(|defect| Failure::new(defect.to_string()))?;
        let stage = Arc::new(Stage::new(Desks::connect_home(states, at).await?, types, at));
        Ok(Self { stage, rule: rule(at)? })
    }

    /// Opens cases with the real desk and sends it requests, one after the other; waits until it has taken all of them.
    async fn play(&self, desk: &RealDesk, count: usize) -> Result<(), Failure> {
        let before = cursor(desk).await?;
        for _ in 0..count {
            let case = prepare_for_real(&self.stage, &self.rule).await?;
            Play::new(self.stage.clone(), case).send_first(ENTRIES).await?;
        }
        let wanted = before + (count * ENTRIES) as u64;
        timeout(SETTLED_MAX, async {
            while cursor(desk).await? < wanted {
                sleep(Duration::from_millis(50)).await;
            }
            Ok::<_, Failure>(())
        })
        .await
        .map_err(|_| Failure::new("the desk did not take all entries in time"))?
    }
}

async fn cursor(desk: &RealDesk) -> Result<u64, Failure> {
    let status = client(desk).get_desk_status(GetDeskStatusRequest {}).await?;
    Ok(status.into_inner().last_cursor)
}

fn client(desk: &RealDesk) -> CaseServiceClient<link::Channel> {
    CaseServiceClient::new(link::connect_local(&desk.socket)).max_decoding_message_size(64 << 20)
}

async fn screens(desk: &RealDesk) -> Result<Vec<Screen>, Failure> {
    let all = client(desk).list_cases(ListCasesRequest { filter: "all".to_owned(), ..Default::default() }).await;
    let one = all.ok().and_then(|all| all.into_inner().cases.into_iter().next()).map(|case| case.case_id);
    let list = |filter: &'static str| async move {
        let request = ListCasesRequest { filter: filter.to_owned(), ..Default::default() };
        client(desk).list_cases(request).await.map(|answer| answer.into_inner().cases.len())
    };
    let agenda = |days: u32| async move {
        let request = GetAgendaRequest { days, acting: "all".to_owned(), ..Default::default() };
        client(desk).get_agenda(request).await.map(|answer| answer.into_inner().clocks.len())
    };
    let mut screens = vec![
        timed("inbox", || list("inbox")).await,
        timed("agenda, 7 days", || agenda(7)).await,
        timed("agenda, 30 days", || agenda(30)).await,
    ];
    if let Some(case_id) = one {
        let show = || async {
            let request = GetCaseRequest { case_id: case_id.clone(), traced: false };
            client(desk).get_case(request).await.map(|answer| answer.into_inner().clocks.len())
        };
        screens.push(timed("case show", show).await);
    }
    Ok(screens)
}

async fn timed<F>(what: &'static str, ask: impl Fn() -> F) -> Screen
where
    F: Future<Output = Result<usize, tonic::Status>>,
{
    let mut times = Vec::with_capacity(ASKED);
    let mut items = 0;
    for _ in 0..ASKED {
        let started = Instant::now();
        match ask().await {
            Ok(count) => items = count,
            Err(status) => return Screen { what, ms: None, items: status.message().to_owned() },
        }
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Screen { what, ms: times.get(ASKED / 2).copied(), items: items.to_string() }
}

/// In MiB; 0 where the process is gone.
fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
