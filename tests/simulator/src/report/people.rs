//! People, machines, and who learned what.

use std::collections::BTreeMap;

use super::page::{Page, Table, count, days};
use crate::{
    Outcome, Queue, Results,
    chart::{self, Series, Shade},
    histogram::Durations,
};

/// Lines in a chart.
const LINES_MAX: usize = 6;
/// Rows of the table of states.
const STATES_MAX: usize = 193;

struct Summed {
    people: u32,
    came: u64,
    waits: Durations,
    longest: u64,
    busy: f64,
    weekly: Vec<f64>,
}

fn summed(outcomes: &[Outcome]) -> BTreeMap<(String, String), Summed> {
    let mut all: BTreeMap<(String, String), Summed> = BTreeMap::new();
    let seeds = outcomes.len().max(1) as f64;
    for queue in outcomes.iter().flat_map(|outcome| &outcome.queues) {
        let Queue { party, staff, people, came, waits, longest, busy_permille, weekly } = queue;
        let fresh = || Summed {
            people: *people,
            came: 0,
            waits: Durations::default(),
            longest: 0,
            busy: 0.0,
            weekly: Vec::new(),
        };
        let sum = all.entry((party.clone(), staff.clone())).or_insert_with(fresh);
        sum.came += came;
        sum.waits.add(waits);
        sum.longest = sum.longest.max(*longest);
        sum.busy += f64::from(*busy_permille) / 1000.0 / seeds;
        sum.weekly.resize(sum.weekly.len().max(weekly.len()), 0.0);
        sum.weekly.iter_mut().zip(weekly).for_each(|(mean, waiting)| *mean += f64::from(*waiting) / seeds);
    }
    all
}

pub(super) fn queues(page: &mut Page, results: &Results) {
    page.section("Where requests pile up", "queues");
    let all = summed(&results.outcomes);
    let mut order: Vec<_> = all.iter().collect();
    let most = |one: &Summed| one.weekly.iter().copied().fold(0.0, f64::max);
    order.sort_by(|(a, one), (b, other)| most(other).total_cmp(&most(one)).then_with(|| a.cmp(b)));
    let series: Vec<Series> = order
        .iter()
        .take(LINES_MAX)
        .map(|((party, staff), one)| Series {
            name: format!("{party} {staff}"),
            points: one.weekly.iter().enumerate().map(|(week, waiting)| ((week + 1) as f64, *waiting)).collect(),
        })
        .collect();
    let shade = |held: &crate::Held| Shade {
        from: f64::from(held.from_day) / 7.0,
        to: f64::from(held.to_day) / 7.0,
        name: held.title.clone(),
    };
    let shades: Vec<Shade> =
        results.outcomes.first().map(|outcome| outcome.held.iter().map(shade).collect()).unwrap_or_default();
    let note = if shades.is_empty() { "" } else { " Shaded: while something was out of order." };
    if series.iter().any(|one| one.points.len() > 1) {
        page.figure(
            &chart::lines(
                "Requests that wait",
                ("week", "pieces of work that wait, mean over seeds"),
                &series,
                &shades,
            ),
            &format!("The longest queues, at the end of each week.{note} Full table below."),
        );
    }
    let columns = ["state", "who", "people", "busy", "came, a seed", "wait: mean days", "p90", "most waiting"];
    let mut table = Table::new("queues", &columns);
    let seeds = results.outcomes.len().max(1) as u64;
    for ((party, staff), one) in &order {
        table.row([
            party.clone(),
            staff.clone(),
            one.people.to_string(),
            format!("{:.0}%", one.busy * 100.0),
            count(one.came / seeds),
            days(one.waits.mean_days()),
            days(one.waits.quantile_days(0.9)),
            count(one.longest),
        ]);
    }
    page.table(&table);
    page.say("Busy is the share of all office hours that was worked, the days before the count included. Above nine tenths a queue grows without an end in sight.");
}

pub(super) fn traffic(page: &mut Page, results: &Results) {
    page.section("Traffic, storage, and the machine it needs", "traffic");
    let columns = [
        "state",
        "entries sent",
        "entries received",
        "busiest hour",
        "open requests, most",
        "GB a year at the gateway",
        "machine",
    ];
    let mut table = Table::new("traffic", &columns);
    let Some(first) = results.outcomes.first() else { return };
    let per_year = 365.0 / f64::from(first.days.max(1));
    let mut order: Vec<_> = first.traffic.keys().collect();
    let of = |party: &str| -> Vec<crate::Traffic> {
        results.outcomes.iter().filter_map(|outcome| outcome.traffic.get(party).copied()).collect()
    };
    let seeds = results.outcomes.len().max(1) as f64;
    let entries = |party: &String| of(party).iter().map(|one| one.sent + one.received).sum::<u64>();
    order.sort_by(|a, b| entries(b).cmp(&entries(a)).then_with(|| a.cmp(b)));
    for party in order.into_iter().take(STATES_MAX) {
        let sum = |field: &dyn Fn(&crate::Traffic) -> u64| of(party).iter().map(field).sum::<u64>() as f64 / seeds;
        let gb = sum(&|one| one.bytes_sent + one.bytes_received) * per_year / 1e9;
        let hour = of(party).iter().map(|one| one.busiest_hour).max().unwrap_or_default();
        table.row([
            party.clone(),
            count(sum(&|one| one.sent) as u64),
            count(sum(&|one| one.received) as u64),
            hour.to_string(),
            count(of(party).iter().map(|one| u64::from(one.open_most)).max().unwrap_or_default()),
            crate::compare::number(gb),
            machine(f64::from(hour) / 3600.0).to_owned(),
        ]);
    }
    page.table(&table);
    page.say("A machine is named for the busiest hour, with entries that come ten times as fast as that hour's mean within it. A gateway of two cores takes 50 entries a second for as long as one likes: the bench of this project measures that on the machine at hand. Sealed bodies stay as long as the treaty lets them; what is given here is one year of them.");
}

/// The machine for so many entries a second, in the mean of the busiest hour.
fn machine(per_second: f64) -> &'static str {
    match per_second * 10.0 {
        peak if peak < 1.0 => "the smallest there is: 1 core, 1 GB",
        peak if peak < 50.0 => "2 cores, 2 GB",
        peak if peak < 200.0 => "4 cores, 4 GB",
        _ => "16 cores, 16 GB",
    }
}

pub(super) fn privacy(page: &mut Page, results: &Results) {
    page.section("Who learned what", "privacy");
    let Some(first) = results.outcomes.first() else { return };
    page.say("Each entry is known to four: the two desks and the two gateways of its case. By construction nobody else takes part in it.");
    let columns = [
        "state",
        "its gateway: requests known, of and to it",
        "headers seen",
        "sealed bodies carried",
        "bodies it can open",
        "requests of other states known",
    ];
    let mut table = Table::new("privacy", &columns);
    for (party, traffic) in &first.traffic {
        let entries = traffic.sent + traffic.received;
        table.row([
            party.clone(),
            count(traffic.known),
            count(entries),
            count(entries),
            "0".to_owned(),
            "0".to_owned(),
        ]);
    }
    page.table(&table);
    page.say(&format!(
        "All {} requests of this seed are known to both of their own gateways; a third state learns neither that there is a request, nor between whom, nor how many. \
         What this table takes from the design, `federation audit blindness` proves on running gateways, with all of their keys and memory given away.",
        count(first.begun)
    ));
}
