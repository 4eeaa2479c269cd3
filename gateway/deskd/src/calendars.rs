//! The calendars by which this desk counts: the built-in ones, and over them those of the folder that `desk.toml` names.

use std::{fs, path::Path};

use model::Exit;
use workflow::Calendars;

use crate::{
    config::{Config, Folder},
    failure::Failure,
};

/// Reads them. A folder that cannot be read whole is refused: a day that counts wrongly is worse than a desk that does not start.
pub(crate) fn open(folder: &Folder, config: &Config) -> Result<Calendars, Failure> {
    let builtin = Calendars::builtin().map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    let Some(path) = config.calendars.as_ref().map(|path| folder.resolve(path)) else { return Ok(builtin) };
    let files = files(&path)?;
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    builtin.over(files).map_err(|error| {
        Failure::new(Exit::Usage, format!("{}/{error}", path.display()))
            .remedy("Correct the line, or take the file away; its format is told in treaty-schemas/catalog/calendars/README.md.")
    })
}

/// In words, for whoever looks at the desk.
pub(crate) fn told(folder: &Folder, config: &Config) -> String {
    let Some(path) = config.calendars.as_ref().map(|path| folder.resolve(path)) else { return "built-in".to_owned() };
    let names = files(&path).unwrap_or_default();
    let parties: Vec<_> = names.iter().map(|(name, _)| name.trim_end_matches(".toml")).collect();
    let parties = if parties.is_empty() { "none".to_owned() } else { parties.join(", ") };
    format!("built-in, and over them those of {} ({parties})", path.display())
}

/// The files of a folder by their names, in order.
fn files(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| Failure::reading(path, &error))? {
        let entry = entry.map_err(|error| Failure::reading(path, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".toml") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).map_err(|error| Failure::reading(&entry.path(), &error))?;
        files.push((name, text));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use treaty::{Timer, TimerKind, Unit};
    use workflow::{Caveat, Reckoning, due};

    use super::*;

    const DESK: &str = "authority = \"CH:central\"\ngateway = \"127.0.0.1:7002\"\ndatabase = \"sqlite:desk.db\"\n\
                        passphrase_file = \"passphrase\"\n";

    fn desk(keys: &str, calendars: &[(&str, &str)]) -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(crate::config::FILE), format!("{DESK}{keys}")).unwrap();
        fs::create_dir(dir.path().join("days")).unwrap();
        for (name, text) in calendars {
            fs::write(dir.path().join("days").join(name), text).unwrap();
        }
        let folder = Folder::find(dir.path()).unwrap();
        (dir, folder)
    }

    const CH: &str = "format = \"calendar/1\"\nparty = \"CH\"\nzone = \"Europe/Zurich\"\nweekend = [\"saturday\", \"sunday\"]\n\
                      [years.2026]\nverified = true\nholidays = { \"12-25\" = \"Christmas\", \"12-26\" = \"Saint Stephen\" }\n";

    #[test]
    fn a_party_without_a_built_in_calendar_is_counted_by_the_one_in_the_desks_folder() {
        let party = "CH".parse().unwrap();
        let timer = Timer {
            kind: TimerKind::Ack,
            record: None,
            emergency: false,
            length: 2,
            unit: Unit::WorkingDays,
            clause: None,
        };
        // Thursday, 24 December 2026, 10:00 in Bern.
        let start = model::Timestamp(1_798_102_800_000);
        let end = |keys: &str| {
            let (_dir, folder) = desk(keys, &[("CH.toml", CH), ("README.md", "no calendar")]);
            let calendar = open(&folder, &folder.config().unwrap()).unwrap().of(party);
            let due = due(start, &timer, &Reckoning::by(&calendar));
            (due.at.to_string(), due.caveats)
        };
        assert_eq!(end(""), ("2026-12-29T00:00:00.000Z".to_owned(), vec![Caveat::NoCalendar(party)]));
        // Christmas is none, nor is the weekend behind it; days end in Bern.
        assert_eq!(end("calendars = \"days\"\n"), ("2026-12-29T23:00:00.000Z".to_owned(), vec![]));
    }

    #[test]
    fn a_calendar_of_the_folder_stands_in_place_of_the_built_in_one_and_the_others_stay() {
        let fr = CH.replace("\"CH\"", "\"FR\"").replace("Zurich", "Paris");
        let (_dir, folder) = desk("calendars = \"days\"\n", &[("FR.toml", &fr)]);
        let config = folder.config().unwrap();
        let calendars = open(&folder, &config).unwrap();
        let day = jiff::civil::date(2026, 7, 14);
        assert!(calendars.of("FR".parse().unwrap()).is_working(day), "the folder's file knows no 14 July");
        assert!(!calendars.of("JP".parse().unwrap()).is_working(jiff::civil::date(2026, 5, 4)));
        assert!(told(&folder, &config).ends_with("days (FR)"), "{}", told(&folder, &config));
    }

    #[test]
    fn a_calendar_that_is_none_is_a_usage_error_with_its_file_and_line() {
        let wrong = CH.replace("12-26", "26-12");
        let (_dir, folder) = desk("calendars = \"days\"\n", &[("CH.toml", &wrong)]);
        let failure = open(&folder, &folder.config().unwrap()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains("days/CH.toml:7: "), "{failure}");
        let (_dir, folder) = desk("calendars = \"nowhere\"\n", &[]);
        assert!(open(&folder, &folder.config().unwrap()).unwrap_err().to_string().contains("nowhere"));
    }
}
