//! Days, months and times of day, as five languages write them.

use model::Language;

use super::{
    Kind, lexicon,
    number::{figures, number},
    scan::Found,
    text::Text,
};

/// The day at `at`: `2026-03-03`, `3 March 2026`, `1er mars 2026`, `March 3, 2026`, `2026年3月3日`, `令和8年3月3日`.
pub(super) fn date(text: &Text<'_>, at: usize) -> Option<Found> {
    iso(text, at).or_else(|| slashed(text, at)).or_else(|| han_date(text, at)).or_else(|| worded(text, at))
}

fn run(text: &Text<'_>, at: usize, digits: std::ops::RangeInclusive<usize>) -> Option<(u32, usize)> {
    let count = (at..).take_while(|i| text.at(*i).is_ascii_digit()).take(10).count();
    let digits = Some(count).filter(|count| digits.contains(count))?;
    let value: String = text.chars.get(at..at + digits)?.iter().collect();
    Some((value.parse().ok()?, at + digits))
}

fn is_day(month: u32, day: u32) -> bool {
    let last = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(month).ok().and_then(|month| last.get(month.wrapping_sub(1)));
    month.is_some_and(|last| (1..=*last).contains(&day))
}

fn whole(year: u32, month: u32, day: u32) -> Option<String> {
    is_day(month, day).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn iso(text: &Text<'_>, at: usize) -> Option<Found> {
    let (year, mark) = run(text, at, 4..=4)?;
    let separator = Some(text.at(mark)).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (month, mark) = run(text, mark + 1, 1..=2)?;
    let (day, end) = run(text, Some(mark).filter(|at| text.at(*at) == separator)? + 1, 1..=2)?;
    // The moment of RFC 3339 goes on with its time.
    let end = if text.at(end) == 'T' && text.at(end + 1).is_ascii_digit() { end + 1 } else { end };
    Some(Found::new(Kind::Date, whole(year, month, day)?, at, end))
}

/// `3/4/2026`: the day first; in English perhaps the month.
fn slashed(text: &Text<'_>, at: usize) -> Option<Found> {
    let (first, mark) = run(text, at, 1..=2)?;
    let separator = Some(text.at(mark)).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (second, mark) = run(text, mark + 1, 1..=2)?;
    let (year, end) = run(text, Some(mark).filter(|at| text.at(*at) == separator)? + 1, 4..=4)?;
    let day_first = whole(year, second, first);
    let month_first = whole(year, first, second).filter(|_| text.language == Language::English);
    let other = month_first.clone().filter(|other| day_first.as_ref().is_some_and(|day_first| day_first != other));
    Some(Found { other, ..Found::new(Kind::Date, day_first.or(month_first)?, at, end) })
}

fn han_date(text: &Text<'_>, at: usize) -> Option<Found> {
    if !text.is_han() {
        return None;
    }
    let (year, month_at) = match han_year(text, at) {
        Some((year, next)) => (Some(year), next),
        None => (None, at),
    };
    let Some((month, day_at)) = counted(text, text.past_blanks(month_at), &["月"]).filter(|(month, _)| *month <= 12)
    else {
        let (year, end) = (year?, month_at);
        return Some(Found::new(Kind::Number, year.to_string(), at, end));
    };
    let day = counted(text, text.past_blanks(day_at), &["日", "号"]);
    match (year, day) {
        (Some(year), Some((day, end))) => Some(Found::new(Kind::Date, whole(year, month, day)?, at, end)),
        (None, Some((day, end))) if is_day(month, day) => {
            Some(Found::new(Kind::Date, format!("--{month:02}-{day:02}"), at, end))
        }
        (Some(year), None) => Some(Found::new(Kind::Date, format!("{year:04}-{month:02}"), at, day_at)),
        // 3月間 counts months.
        (None, None) if text.at(day_at) != '間' && text.at(day_at) != '间' => {
            Some(Found::new(Kind::Month, month.to_string(), at, day_at))
        }
        _ => None,
    }
}

/// A year of the common era or of one of Japan's. A number of years (`3年間`) is none.
fn han_year(text: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    let era = lexicon::ERAS.iter().find_map(|(era, before)| Some((*before, text.says(at, era)?)));
    let Some((before, number_at)) = era else {
        return counted(text, at, &["年"])
            .filter(|(year, end)| (1000..3000).contains(year) && text.at(*end) != '間' && text.at(*end) != '间');
    };
    if let Some(end) = text.says(number_at, "元年") {
        return Some((before + 1, end));
    }
    counted(text, number_at, &["年"]).map(|(year, end)| (before + year, end))
}

fn counted(text: &Text<'_>, at: usize, marks: &[&str]) -> Option<(u32, usize)> {
    let read = number(text, at)?;
    let mark = text.past_blanks(read.end);
    let end = marks.iter().find_map(|word| text.says(mark, word))?;
    Some((read.value.to_whole()?, end))
}

/// `3 March 2026`, `3rd of March`, `March 2026`, `March 3, 2026`, `March`.
fn worded(text: &Text<'_>, at: usize) -> Option<Found> {
    if text.is_han() {
        return None;
    }
    if let Some((day, next)) = run(text, at, 1..=2) {
        let next = ordinal(text, next);
        let next = text.past_blanks(next);
        let next = ["of ", "de "].iter().find_map(|of| text.says(next, of)).unwrap_or(next);
        let (month, next, _) = month(text, next)?;
        let (year, end) = year_after(text, next);
        return Some(Found::new(Kind::Date, dated(year, month, Some(day).filter(|day| is_day(month, *day))?), at, end));
    }
    let (month, next, doubtful) = month(text, at)?;
    let day = run(text, text.past_blanks(next), 1..=2).filter(|(day, _)| is_day(month, *day));
    if let Some((day, next)) = day {
        let (year, end) = year_after(text, ordinal(text, next));
        return Some(Found::new(Kind::Date, dated(year, month, day), at, end));
    }
    match year_after(text, next) {
        (Some(year), end) => Some(Found::new(Kind::Date, format!("{year:04}-{month:02}"), at, end)),
        (None, _) => Some(Found { weak: doubtful, ..Found::new(Kind::Month, month.to_string(), at, next) }),
    }
}

fn dated(year: Option<u32>, month: u32, day: u32) -> String {
    match year {
        Some(year) => format!("{year:04}-{month:02}-{day:02}"),
        None => format!("--{month:02}-{day:02}"),
    }
}

/// Behind `st`, `er`, `º` and the like.
pub(super) fn ordinal(text: &Text<'_>, at: usize) -> usize {
    let marks = ["st", "nd", "rd", "th", "er", "re", "ère", "ème", "e", "º", "°", "ª"];
    marks.iter().find_map(|mark| text.says(at, mark)).unwrap_or(at)
}

/// The month at `at`, its end, and whether the word may be no month.
fn month(text: &Text<'_>, at: usize) -> Option<(u32, usize, bool)> {
    for (number, names) in (1..).zip(lexicon::months(text.language)) {
        for (place, name) in names.iter().enumerate() {
            let Some(end) = text.says(at, name) else { continue };
            // In English a month has a capital; `mar` and `may` are parts of other words too.
            let capital = text.at(at).is_uppercase();
            let dotted = text.at(end) == '.';
            if (text.language == Language::English && !capital)
                || (place == 1 && names[0] != names[1] && !capital && !dotted)
            {
                continue;
            }
            let end = if place == 1 && dotted { end + 1 } else { end };
            return Some((number, end, lexicon::DOUBTFUL_MONTHS.contains(name) || place == 1));
        }
    }
    None
}

fn year_after(text: &Text<'_>, at: usize) -> (Option<u32>, usize) {
    let mut next = text.past_blanks(at);
    if text.at(next) == ',' {
        next = text.past_blanks(next + 1);
    }
    match run(text, next, 4..=4).filter(|(year, _)| (1000..3000).contains(year)) {
        Some((year, end)) => (Some(year), end),
        None => (None, at),
    }
}

/// The time of day at `at`: `10:15`, `10h15`, `3 p.m.`, `午後3時15分`, `下午3点`.
pub(super) fn time(text: &Text<'_>, at: usize) -> Option<Found> {
    if text.is_han()
        && let Some(found) = han_time(text, at)
    {
        return Some(found);
    }
    let (hour, mark) = run(text, at, 1..=2).filter(|(hour, _)| *hour <= 24)?;
    let minutes = |at: usize| run(text, at, 2..=2).filter(|(minute, _)| *minute < 60);
    if text.at(mark) == ':'
        && let Some((minute, end)) = minutes(mark + 1)
    {
        let second = Some(end).filter(|end| text.at(*end) == ':').and_then(|end| minutes(end + 1));
        let (second, end) = second.map_or((0, end), |(second, end)| (second, end));
        return half_day(text, end, hour).map(|(hour, end)| timed(hour, minute, second, at, end));
    }
    if text.language == Language::French {
        let mark = text.past_blanks(mark);
        let hours = ["heures", "heure", "h"].iter().find_map(|word| {
            // `10h15` goes on with figures, not with letters.
            text.says(mark, word)
        })?;
        let after = text.past_blanks(hours);
        let minute = minutes(after).filter(|(_, end)| !text.at(*end).is_ascii_digit());
        return match minute {
            Some((minute, end)) => Some(timed(hour, minute, 0, at, end)),
            None if text.at(mark) == 'h' && text.at(mark + 1) != 'e' => Some(timed(hour, 0, 0, at, hours)),
            None => None,
        };
    }
    half_day(text, mark, hour).filter(|(_, end)| *end > mark).map(|(hour, end)| timed(hour, 0, 0, at, end))
}

/// The hour by `a.m.` and `p.m.`, where one stands there.
fn half_day(text: &Text<'_>, at: usize, hour: u32) -> Option<(u32, usize)> {
    let word = text.past_blanks(at);
    let found = |words: [&str; 2]| words.iter().find_map(|half| text.says(word, half));
    if hour > 12 || text.language != Language::English {
        return Some((hour, at));
    }
    if let Some(end) = found(["p.m.", "pm"]) {
        return Some((if hour == 12 { 12 } else { hour + 12 }, end));
    }
    Some(found(["a.m.", "am"]).map_or((hour, at), |end| (if hour == 12 { 0 } else { hour }, end)))
}

fn timed(hour: u32, minute: u32, second: u32, at: usize, end: usize) -> Found {
    let seconds = if second == 0 { String::new() } else { format!(":{second:02}") };
    Found::new(Kind::Time, format!("{hour:02}:{minute:02}{seconds}"), at, end)
}

fn han_time(text: &Text<'_>, at: usize) -> Option<Found> {
    let halves = [("午後", 12), ("午前", 0), ("下午", 12), ("晚上", 12), ("上午", 0), ("凌晨", 0)];
    let half = halves.iter().find_map(|(word, add)| Some((*add, text.says(at, word)?)));
    let hour_at = half.map_or(at, |(_, end)| text.past_blanks(end));
    let marks: &[&str] = if half.is_some() || text.language == Language::SimplifiedChinese {
        &["時", "时", "点钟", "点"]
    } else {
        &["時"]
    };
    if let Some((add, after)) = half.filter(|_| figures(text, hour_at).is_some())
        && let Some(found) = clock_time(text, text.past_blanks(after), add, at)
    {
        return Some(found);
    }
    let (hour, mut end) = counted(text, hour_at, marks).filter(|(hour, _)| *hour <= 24)?;
    let point = text.at(end.saturating_sub(1)) == '点';
    if matches!(text.at(end), '間' | '间') {
        return None;
    }
    let (mut minute, mut second) = (0, 0);
    if text.at(end) == '半' {
        (minute, end) = (30, end + 1);
    } else if let Some((found, next)) = counted(text, end, &["分"]).filter(|(found, _)| *found < 60) {
        (minute, end) = (found, next);
        if let Some((found, next)) = counted(text, end, &["秒"]).filter(|(found, _)| *found < 60) {
            (second, end) = (found, next);
        }
    } else if point && half.is_none() {
        // 3点 counts points.
        return None;
    }
    let add = half.map_or(0, |(add, _)| if hour >= 12 { 0 } else { add });
    Some(timed(hour + add, minute, second, at, end))
}

/// `午後3:15`.
fn clock_time(text: &Text<'_>, at: usize, add: u32, from: usize) -> Option<Found> {
    let (hour, mark) = run(text, at, 1..=2).filter(|(hour, _)| *hour <= 24)?;
    let (minute, end) = run(text, Some(mark).filter(|mark| text.at(*mark) == ':')? + 1, 2..=2)?;
    let add = if hour >= 12 { 0 } else { add };
    (minute < 60).then(|| timed(hour + add, minute, 0, from, end))
}
