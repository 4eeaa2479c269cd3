use std::{collections::BTreeSet, fs, path::Path};

use jiff::{
    Span,
    civil::{Date, Weekday, date},
};

use super::{at, calendar, party};
use crate::clock::{Calendar, Calendars, Caveat, Day, calendar::FILES};

#[test]
fn every_calendar_of_the_catalogue_is_built_in_and_reads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/calendars");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|name| name.ends_with(".toml")).collect();
    assert_eq!(files, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
    assert_eq!(Calendars::builtin().unwrap().parties().count(), FILES.len());
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    let text = "format = \"calendar/1\"\nparty = \"FR\"\nzone = \"Europe/Paris\"\nweekend = [\"saturday\", \"sunday\"]\n\n\
                [years.2026]\nverified = true\nworking = []\n\n[years.2026.holidays]\n07-14 = \"National Day\"\n";
    Calendar::read("FR.toml", text).unwrap();
    let cases = [
        ("calendar/1", "calendar/2", 1, "the format"),
        ("\"FR\"", "\"JP\"", 2, "is called JP.toml"),
        ("\"FR\"", "\"fr\"", 2, "party"),
        ("Europe/Paris", "Europe/Lutetia", 3, "no time zone"),
        ("Europe/Paris", "europe/paris", 3, "no time zone"),
        ("zone =", "zona =", 3, "zona"),
        ("\"sunday\"]", "\"sontag\"]", 4, "sontag"),
        (
            "[\"saturday\", \"sunday\"]",
            "[\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\", \"saturday\", \"sunday\"]",
            4,
            "at least one day",
        ),
        ("\"sunday\"]\n", "\"sunday\"]\nhours = { from = \"9:30\", to = \"18:00\" }\n", 5, "no time of the day"),
        ("\"sunday\"]\n", "\"sunday\"]\nhours = { from = \"18:30\", to = \"18:00\" }\n", 5, "closes after"),
        ("years.2026", "years.26", 6, "as in 2026"),
        ("verified = true", "verified = false", 7, "note"),
        ("verified = true", "verified = \"yes\"", 7, "boolean"),
        ("working = []", "working = [\"07-11\", \"07-13\"]", 8, "2026-07-13"),
        ("07-14", "02-29", 11, "no month and day of 2026"),
        ("07-14", "2026-07-14", 11, "no month and day"),
        ("07-14 = \"National Day\"", "07-14 = \"a\"\n07-14 = \"b\"", 12, "duplicate"),
    ];
    for (from, to, line, message) in cases {
        let wrong = Calendar::read("FR.toml", &text.replace(from, to)).unwrap_err();
        assert_eq!((wrong.line, wrong.message.contains(message)), (line, true), "{to}: {wrong}");
    }
    assert_eq!(Calendar::read("FR.toml", &"#".repeat(300_000)).unwrap_err().line, 1);
}

/// Easter by the algorithm of Gauss, in the form for 1900 to 2099: another than that which made the lists.
fn easter(year: i16) -> Date {
    let (a, b, c) = (year % 19, year % 4, year % 7);
    let d = (19 * a + 24) % 30;
    let e = (2 * b + 4 * c + 6 * d + 5) % 7;
    let days = match (d, e, a) {
        (29, 6, _) => 28,
        (28, 6, 11..) => 27,
        _ => d + e,
    };
    date(year, 3, 22).checked_add(Span::new().days(days)).unwrap()
}

#[test]
fn movable_feasts_stand_where_easter_puts_them() {
    assert_eq!((easter(2025), easter(2026)), (date(2025, 4, 20), date(2026, 4, 5)));
    let feasts: [(&str, &[i64]); 8] = [
        ("FR", &[1, 39, 50]),
        ("DE", &[-2, 1, 39, 50]),
        ("NO", &[-3, -2, 0, 1, 39, 49, 50]),
        ("GB", &[-2, 1]),
        ("IT", &[0, 1]),
        ("BR", &[-2]),
        ("SG", &[-2]),
        ("KE", &[-2, 1]),
    ];
    for (code, offsets) in feasts {
        let calendar = calendar(code);
        for (year, offset) in (2025..=2028).flat_map(|year| offsets.iter().map(move |offset| (year, *offset))) {
            let day = easter(year).checked_add(Span::new().days(offset)).unwrap();
            assert!(matches!(calendar.day(day), Day::Holiday(_)), "{code} {day}");
        }
    }
}

#[test]
fn mondays_and_thursdays_of_a_month_are_counted_right() {
    use Weekday::{Monday, Thursday};
    let counted: [(&str, i8, i8, Weekday); 13] = [
        ("US", 1, 3, Monday),
        ("US", 2, 3, Monday),
        ("US", 5, -1, Monday),
        ("US", 9, 1, Monday),
        ("US", 10, 2, Monday),
        ("US", 11, 4, Thursday),
        ("JP", 1, 2, Monday),
        ("JP", 7, 3, Monday),
        ("JP", 9, 3, Monday),
        ("JP", 10, 2, Monday),
        ("GB", 5, 1, Monday),
        ("GB", 5, -1, Monday),
        ("GB", 8, -1, Monday),
    ];
    for (year, (code, month, nth, weekday)) in (2025..=2028).flat_map(|year| counted.map(|one| (year, one))) {
        let day = date(year, month, 1).nth_weekday_of_month(nth, weekday).unwrap();
        assert!(matches!(calendar(code).day(day), Day::Holiday(_)), "{code} {day}");
    }
}

#[test]
fn a_weekend_that_is_worked_in_exchange_is_a_working_day() {
    let china = calendar("CN");
    assert_eq!(china.day(date(2025, 1, 26)), Day::Working);
    assert_eq!(china.day(date(2025, 2, 3)), Day::Holiday("In exchange for 2025-01-26"));
    assert_eq!(china.day(date(2025, 3, 1)), Day::Weekend);
}

#[test]
fn a_party_without_a_calendar_has_weekends_and_says_so() {
    let none = calendar("XX");
    assert_eq!((none.day(date(2026, 12, 25)), none.day(date(2026, 12, 26))), (Day::Working, Day::Weekend));
    assert_eq!(none.caveat(2026).unwrap().to_string(), "no calendar for XX: weekends only, days of UTC");
    assert_eq!(calendar("JP").caveat(2026), None);
    assert_eq!(calendar("JP").caveat(2027), Some(Caveat::Unverified(party("JP"), 2027)));
    assert_eq!(calendar("JP").caveat(2029), Some(Caveat::NoYear(party("JP"), 2029)));
}

#[test]
fn an_office_is_open_in_its_hours_on_working_days_where_they_are_known() {
    let japan = calendar("JP");
    let open = |moment| japan.is_open(at(moment), japan.zone());
    assert_eq!(open("2026-11-20T00:30:00Z"), Some(true)); // 09:30 on a Friday
    assert_eq!(open("2026-11-20T09:15:00Z"), Some(false)); // 18:15
    assert_eq!(open("2026-11-23T01:00:00Z"), Some(false)); // Labor Thanksgiving Day
    assert_eq!(calendar("FR").is_open(at("2026-11-20T09:00:00Z"), calendar("FR").zone()), None);
}

#[test]
fn an_authority_may_lie_in_another_zone_than_its_party() {
    let text = "format = \"calendar/1\"\nparty = \"BR\"\nzone = \"America/Sao_Paulo\"\nzones = { manaus = \"America/Manaus\" }\n\
                weekend = [\"sunday\"]\n";
    let brazil = Calendar::read("BR.toml", text).unwrap();
    let zone = |authority: &str| brazil.zone_of(&authority.parse().unwrap()).iana_name();
    assert_eq!(zone("BR:manaus"), Some("America/Manaus"));
    assert_eq!(zone("BR:central"), Some("America/Sao_Paulo"));
    assert_eq!(zone("FR:manaus"), Some("America/Sao_Paulo"));
}
