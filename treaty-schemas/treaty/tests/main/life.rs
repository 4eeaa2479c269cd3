//! Where a state stands with a treaty, from its signature to what is left after its end.

use jiff::civil::{Date, date};
use treaty::{Catalog, TeamLife, TreatyLife};

use crate::{
    force::replaced,
    support::{TODAY, builtin, party, world},
};

fn life(catalog: &Catalog, state: &str, text: &str, on: Date) -> Option<TreatyLife> {
    catalog.standings(party(state), on).into_iter().find(|one| one.text == text).map(|one| one.life)
}

#[test]
fn a_treaty_that_was_ratified_by_too_few_is_ratified_and_not_in_force() {
    let catalog = builtin();
    assert_eq!(life(&catalog, "JP", "cets-224", TODAY), Some(TreatyLife::Ratified));
    let convention = catalog.standings(party("JP"), TODAY).into_iter().find(|one| one.text == "ets-185").unwrap();
    assert_eq!((convention.life, convention.since), (TreatyLife::InForce, Some(date(2012, 11, 1))));
    assert_eq!(life(&catalog, "CN", "ets-185", TODAY), None, "never signed");
}

#[test]
fn signature_provisional_application_and_their_days_are_told() {
    let catalog = world(&[]);
    assert_eq!(life(&catalog, "GB", "prot", TODAY), Some(TreatyLife::Signed));
    let memo = |on| life(&catalog, "JP", "memo", on);
    assert_eq!(memo(date(2026, 1, 1)), Some(TreatyLife::Provisional));
    assert_ne!(memo(date(2027, 1, 1)), Some(TreatyLife::Provisional));
}

#[test]
fn a_denunciation_is_a_notice_first_and_leaves_a_residue() {
    let catalog = world(&[replaced("parties/GB.toml", "2003-01-10", "2003-01-10\ndenounced = 2026-02-15")]);
    let days = [date(2026, 2, 14), date(2026, 2, 15), date(2026, 5, 15)];
    let lives = days.map(|day| life(&catalog, "GB", "conv", day).unwrap());
    assert_eq!(lives, [TreatyLife::InForce, TreatyLife::DenounceNotice, TreatyLife::Residual]);
    let notice = catalog.standings(party("GB"), days[1]).into_iter().find(|one| one.text == "conv").unwrap();
    assert_eq!((notice.since, notice.next), (Some(days[1]), Some((days[2], TreatyLife::Residual))));
}

#[test]
fn a_suspension_towards_all_is_told_and_one_towards_a_single_state_is_not_the_treatys_standing() {
    let suspended = |text: &str| {
        let line = format!("instrument = \"conv\"\nsuspended = [{{ {text} }}]");
        world(&[replaced("parties/DE.toml", "instrument = \"conv\"", &line)])
    };
    let general = suspended("from = 2026-01-01, until = 2026-03-31");
    assert_eq!(life(&general, "DE", "conv", date(2026, 3, 31)), Some(TreatyLife::Suspended));
    assert_eq!(life(&general, "DE", "conv", date(2026, 4, 1)), Some(TreatyLife::InForce));
    let one = suspended("from = 2026-01-01, towards = [\"JP\"]");
    assert_eq!(life(&one, "DE", "conv", TODAY), Some(TreatyLife::InForce));
}

#[test]
fn a_joint_team_is_agreed_active_extended_and_ended_by_its_files() {
    let team = |version: u32, to: &str| {
        format!(
            "format = \"overlay/1\"\nid = \"team\"\ntitle = \"Team\"\nparties = [\"FR\", \"JP\"]\nkind = \"jit\"\n\
             purpose = \"Forged bills\"\nmembers = [\"FR:central\", \"JP:central\"]\nversion = {version}\nvalid_from = 2026-06-01\nvalid_to = {to}\narranges = [\"joint_team\"]\nverified = false\n"
        )
    };
    let first = ("overlays/FR-JP/team.toml", team(1, "2026-12-31"));
    let catalog = world(std::slice::from_ref(&first));
    let stands = |catalog: &Catalog, on| catalog.teams(party("JP"), on)[0].life;
    let days = [date(2026, 5, 31), date(2026, 6, 1), date(2027, 1, 1)];
    assert_eq!(days.map(|day| stands(&catalog, day)), [TeamLife::Agreed, TeamLife::Active, TeamLife::Ended]);
    let longer =
        team(2, "2027-12-31").replace("valid_from = 2026-06-01", "valid_from = 2027-01-01\nrecorded = 2026-12-01");
    let longer = longer.replace("[\"FR:central\", ", "[\"FR:central\", \"FR:judicial\", ");
    let catalog = world(&[first, ("overlays/FR-JP/team.2.toml", longer)]);
    let days = [date(2026, 12, 31), date(2027, 1, 1), date(2028, 1, 1)];
    let members = |on| catalog.teams(party("JP"), on)[0].members.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(members(days[0]), ["FR:central", "JP:central"]);
    assert_eq!(members(days[1]), ["FR:central", "FR:judicial", "JP:central"]);
    let told = &catalog.teams(party("JP"), days[1])[0];
    assert_eq!(
        (told.purpose.as_str(), told.from, told.until),
        ("Forged bills", Some(date(2026, 6, 1)), Some(date(2027, 12, 31)))
    );
    assert_eq!(told.files, ["overlays/FR-JP/team.toml", "overlays/FR-JP/team.2.toml"]);
    assert_eq!(days.map(|day| stands(&catalog, day)), [TeamLife::Active, TeamLife::Extended, TeamLife::Ended]);
    assert!(catalog.teams(party("DE"), TODAY).is_empty());
}
