//! What somebody should look at before, or because, a day has passed.

use jiff::{Span, civil::Date};

use super::Catalog;
use crate::{
    Diagnostic, Severity,
    version::{Selected, Series, Versioned},
};

/// So many days before its last one a file is told.
const AHEAD_DAYS: i64 = 30;

impl Catalog {
    /// Files that somebody should look at on `today`: a treaty file whose day of review has come, and every file that has ended, or
    /// ends within 30 days, while no version follows it. What a layer took away is free again when it ends: that is a warning for
    /// as long as nothing follows. What gives nothing any more is a warning until it ends, and a note from then on.
    pub fn overdue(&self, today: Date) -> Vec<Diagnostic> {
        let files = &self.0;
        let newest = files.instruments.values().filter_map(Series::newest);
        let due = newest.filter_map(|file| Some((file, file.review.filter(|day| *day <= today)?)));
        let reviews = due.map(|(file, day)| {
            let message = format!("this file was to be reviewed on {day}");
            file.head.source.whole().says(message).graded(Severity::Warning)
        });
        let mut told: Vec<_> = reviews.collect();
        let texts = files.instruments.values();
        told.extend(texts.filter_map(|series| lapse(series, today, false, "nothing can be asked under it")));
        for series in files.overlay_series() {
            let words = |(restricts, arranges)| match (restricts, arranges) {
                (true, true) => "what it restricts is free again, and what it arranges is closed",
                (true, false) => "what it restricts is free again",
                _ => "what it arranges is closed",
            };
            let says = |overlay: &crate::overlay::OverlayFile| {
                (!overlay.restrictions.is_empty(), !overlay.arranges.is_empty())
            };
            let says = series.newest().map_or((true, true), says);
            told.extend(lapse(series, today, says.0, words(says)));
        }
        let national = files.national.values();
        told.extend(national.filter_map(|series| lapse(series, today, true, "what it restricts is free again")));
        told.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        told
    }
}

/// That a file has ended or soon will, and no version holds on the day after its last one.
fn lapse<T: Versioned>(series: &Series<T>, today: Date, widens: bool, what: &str) -> Option<Diagnostic> {
    let (file, over) = match series.select(today, None, |_| true)? {
        Selected::Valid(file) => (file, false),
        Selected::Ended(file) => (file, true),
        Selected::NotYet(_) => return None,
    };
    let head = file.head();
    let last = head.valid_to?;
    let soon = last.checked_sub(Span::new().days(AHEAD_DAYS)).unwrap_or(Date::MIN) <= today;
    let next = last.tomorrow().ok()?;
    let follows = series.select(next, None, |_| true).and_then(Selected::valid).is_some();
    if follows || !soon {
        return None;
    }
    let message = match over {
        true => format!("its last day was {last}: since {next} {what}"),
        false => format!("its last day is {last}: from {next} on {what}"),
    };
    let grade = if over && !widens { Severity::Note } else { Severity::Warning };
    let help = "record the next version where it is to go on; else tell those who rely on it";
    Some(head.valid_to_place.says(message).with_help(help).graded(grade))
}
