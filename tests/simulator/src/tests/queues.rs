//! Queues against what is known of them in closed form.

use crate::{
    chance::Lot,
    office::{Hours, Pool},
};

/// The mean length of a piece of work.
const WORK_MS: f64 = 3_600_000.0;
const JOBS: u64 = 2_000_000;

/// What was measured of a pool of `servers` to which `load` pieces of work come in the time that one takes.
struct Measured {
    /// The mean wait, in pieces of work.
    wait: f64,
    /// How many waited, in the mean over time.
    waiting: f64,
    /// How many were inside, in the mean over time.
    inside: f64,
    /// How much of the time a server was busy.
    busy: f64,
}

fn measured(servers: usize, load: f64) -> Measured {
    let mut pool = Pool::new(servers, Hours::always(0, 4_000_000_000_000_000));
    let (mut gaps, mut works) = (Lot::of(1, "gaps").at(0), Lot::of(1, "works").at(0));
    let mut now = 0.0;
    let (mut looks, mut waiting, mut inside) = (0_u64, 0, 0);
    for _ in 0..JOBS {
        let next = now + WORK_MS / load * gaps.exponential();
        // Looks at moments that have nothing to do with who comes.
        let mut look = (now / WORK_MS).ceil();
        while look * WORK_MS < next {
            looks += 1;
            waiting += pool.waiting((look * WORK_MS) as i64);
            inside += pool.inside((look * WORK_MS) as i64);
            look += 1.0;
        }
        now = next;
        pool.serve(now as i64, (WORK_MS * works.exponential()) as i64);
    }
    let minutes = pool.seen.waits.minutes as f64 / pool.seen.waits.over as f64;
    Measured {
        // A wait is counted in whole minutes: half of one is lost in the mean by those that wait at all.
        wait: minutes / 60.0,
        waiting: waiting as f64 / looks as f64,
        inside: inside as f64 / looks as f64,
        busy: pool.seen.work as f64 / now / servers as f64,
    }
}

/// The share of those that come who must wait (Erlang 1917).
fn erlang_c(servers: u32, load: f64) -> f64 {
    let term = |n: u32| (1..=n).fold(1.0, |product, k| product * load / f64::from(k));
    let last = term(servers) * f64::from(servers) / (f64::from(servers) - load);
    last / ((0..servers).map(term).sum::<f64>() + last)
}

fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 0.05, "{found} instead of {expected}");
}

#[test]
fn one_officer_is_an_m_m_1_queue() {
    let found = measured(1, 0.8);
    near(found.wait, 0.8 / (1.0 - 0.8));
    near(found.inside, 0.8 / (1.0 - 0.8));
    near(found.busy, 0.8);
}

#[test]
fn three_officers_are_an_m_m_3_queue() {
    let found = measured(3, 2.4);
    near(found.wait, erlang_c(3, 2.4) / (3.0 - 2.4));
    near(found.busy, 0.8);
}

#[test]
fn what_waits_is_what_comes_times_how_long_it_waits() {
    // Little's law, for those who wait and for all who are inside.
    for (servers, load) in [(1, 0.7), (4, 3.4)] {
        let found = measured(servers, load);
        near(found.waiting, load * found.wait);
        near(found.inside, load * (found.wait + 1.0));
    }
}

#[test]
fn an_office_that_is_open_eight_hours_of_a_working_day_does_no_work_at_night() {
    use jiff::civil::{date, time};
    let calendar = workflow::Calendar::weekends_only("JP".parse().unwrap());
    let week = (date(2026, 1, 5), date(2026, 1, 12));
    let hours = Hours::office(&calendar, week, (time(9, 0, 0, 0), time(17, 0, 0, 0)), &[]);
    let monday = 1_767_571_200_000_i64;
    let hour = 3_600_000;
    assert_eq!(hours.work_at(monday + 9 * hour), 0);
    assert_eq!(hours.work_at(monday + 20 * hour), 8 * hour);
    assert_eq!(hours.work_at(monday + 7 * 24 * hour), 40 * hour, "five days");
    let mut pool = Pool::new(1, hours);
    let served = pool.serve(monday + 16 * hour, 2 * hour);
    assert_eq!((served.from, served.to), (monday + 16 * hour, monday + (24 + 10) * hour), "the rest on Tuesday");
    let night = pool.serve(monday + 30 * hour, hour);
    assert_eq!((night.from, night.to), (monday + (24 + 10) * hour, monday + (24 + 11) * hour));
    let friday = pool.serve(monday + (4 * 24 + 18) * hour, hour);
    assert_eq!(friday.from, i64::MAX, "the hours of this week are over");
}

#[test]
fn a_shortage_makes_the_same_work_last_longer() {
    use crate::office::Shortage;
    use jiff::civil::{date, time};
    let calendar = workflow::Calendar::weekends_only("JP".parse().unwrap());
    let week = (date(2026, 1, 5), date(2026, 1, 10));
    let monday = 1_767_571_200_000_i64;
    let hour = 3_600_000;
    let short = Shortage { from: monday, to: monday + 24 * hour, left: 250 };
    let hours = Hours::office(&calendar, week, (time(9, 0, 0, 0), time(17, 0, 0, 0)), &[short]);
    let mut pool = Pool::new(1, hours);
    assert_eq!(pool.serve(monday + 9 * hour, hour).to, monday + 13 * hour);
}
