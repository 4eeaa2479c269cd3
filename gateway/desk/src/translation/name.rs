//! Names: those that the request lists in several scripts, and words in capitals.

use std::collections::BTreeSet;

use super::{
    Difference, Kind, Stands, lexicon,
    text::{Text, is_blank, is_latin},
};

/// Names in capitals that are looked for in one text.
const CAPITALS_MAX: usize = 200;

/// What the list of names comes to.
pub(super) struct Listed {
    pub(super) original: usize,
    pub(super) translation: usize,
    pub(super) agreed: usize,
    pub(super) differences: Vec<Difference>,
    pub(super) unseen: Vec<usize>,
}

/// Each listed name that one text gives in any of its forms has to be in the other in any of its forms.
pub(super) fn listed(first: &Text<'_>, second: &Text<'_>, names: &[Vec<String>]) -> Listed {
    let mut listed = Listed { original: 0, translation: 0, agreed: 0, differences: Vec::new(), unseen: Vec::new() };
    let (one, other) = (Words::of(first), Words::of(second));
    for (place, forms) in names.iter().enumerate() {
        let here = forms.iter().find_map(|form| one.place_of(form));
        let there = forms.iter().find_map(|form| other.place_of(form));
        listed.original += usize::from(here.is_some());
        listed.translation += usize::from(there.is_some());
        let shown = forms.first().cloned().unwrap_or_default();
        match (here, there) {
            (Some(_), Some(_)) => listed.agreed += 1,
            (Some((at, end)), None) => {
                listed.differences.push(first.difference(Stands::InOriginal, Kind::Name, shown, at, end));
            }
            (None, Some((at, end))) => {
                listed.differences.push(second.difference(Stands::InTranslation, Kind::Name, shown, at, end));
            }
            (None, None) => listed.unseen.push(place),
        }
    }
    listed
}

/// Words in capitals of one text that the other does not have: names, perhaps. Where the other text is in another script, a name
/// is there in its letters, and only what is written in Latin in the midst of Han is looked for.
pub(super) fn capitals(first: &Text<'_>, second: &Text<'_>, names: &[Vec<String>]) -> Vec<Difference> {
    let known: BTreeSet<String> = names.iter().flatten().flat_map(|form| words_of(form)).collect();
    let mut found = alone(first, second, Stands::InOriginal, &known);
    found.extend(alone(second, first, Stands::InTranslation, &known));
    found
}

fn alone(text: &Text<'_>, other: &Text<'_>, stands: Stands, known: &BTreeSet<String>) -> Vec<Difference> {
    if !text.is_han() && other.is_han() {
        return Vec::new();
    }
    let there: BTreeSet<String> = latin(other).into_iter().map(|word| word.folded).collect();
    let mut found = Vec::new();
    for run in runs(text).into_iter().take(CAPITALS_MAX) {
        let missing: Vec<_> = run.iter().filter(|word| !there.contains(&word.folded)).collect();
        // A name is the same in every word; where a part is there, it was translated in part, as "Bank of Japan" is.
        if missing.len() < run.len() || run.iter().all(|word| known.contains(&word.folded)) {
            continue;
        }
        let (Some(begin), Some(end)) = (run.first(), run.last()) else { continue };
        let value = run.iter().map(|word| word.written.as_str()).collect::<Vec<_>>().join(" ");
        let difference = text.difference(stands, Kind::Name, value, begin.at, end.end);
        found.push(Difference { doubtful: true, ..difference });
    }
    found
}

/// A Latin word.
struct Word {
    written: String,
    folded: String,
    at: usize,
    end: usize,
}

fn latin(text: &Text<'_>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while at < text.chars.len() {
        let begin = at;
        while is_latin(text.at(at)) || (at > begin && text.at(at) == '-' && is_latin(text.at(at + 1))) {
            at += 1;
        }
        if at > begin {
            let written: String = text.chars[begin..at].iter().collect();
            words.push(Word { folded: written.to_lowercase(), written, at: begin, end: at });
        } else {
            at += 1;
        }
    }
    words
}

/// Words with capitals that stand side by side: two at least in a Latin text, where sentences begin with one; one of two letters at
/// least in a text of Han.
fn runs(text: &Text<'_>) -> Vec<Vec<Word>> {
    let months: BTreeSet<&str> = lexicon::months(text.language).iter().map(|names| names[0]).collect();
    let mut runs: Vec<Vec<Word>> = Vec::new();
    let mut last_end = None;
    for word in latin(text) {
        let capital = word.written.starts_with(char::is_uppercase) && !months.contains(word.folded.as_str());
        if !capital {
            last_end = None;
            continue;
        }
        let joined = last_end.is_some_and(|end: usize| end < word.at && (end..word.at).all(|i| is_blank(text.at(i))));
        last_end = Some(word.end);
        match runs.last_mut().filter(|_| joined) {
            Some(run) => run.push(word),
            None => runs.push(vec![word]),
        }
    }
    let enough = |run: &Vec<Word>| {
        let letters: usize = run.iter().map(|word| word.written.chars().count()).sum();
        if text.is_han() { letters >= 2 } else { run.len() >= 2 }
    };
    runs.retain(enough);
    runs
}

fn words_of(form: &str) -> Vec<String> {
    let parts = form.split(|c: char| !c.is_alphanumeric() && c != '-');
    parts.filter(|part| part.chars().count() > 1).map(str::to_lowercase).collect()
}

/// A text for looking names up in.
struct Words<'a> {
    text: &'a Text<'a>,
    latin: Vec<Word>,
}

impl<'a> Words<'a> {
    fn of(text: &'a Text<'a>) -> Self {
        Self { text, latin: latin(text) }
    }

    /// Where the name stands. The words of a Latin one in any order: family names come first or last.
    fn place_of(&self, form: &str) -> Option<(usize, usize)> {
        if form.chars().any(is_latin) {
            let wanted = words_of(form);
            let places: Option<Vec<_>> = wanted
                .iter()
                .map(|name| self.latin.iter().find(|word| word.folded == *name).map(|word| (word.at, word.end)))
                .collect();
            return places.and_then(|places| places.into_iter().min());
        }
        let wanted: Vec<char> = form.chars().filter(|c| is_letter(*c)).collect();
        if wanted.is_empty() {
            return None;
        }
        let letters: Vec<(usize, char)> =
            self.text.chars.iter().copied().enumerate().filter(|(_, c)| is_letter(*c)).collect();
        let found =
            letters.windows(wanted.len()).find(|window| window.iter().map(|(_, c)| *c).eq(wanted.iter().copied()))?;
        Some((found.first()?.0, found.last()?.0 + 1))
    }
}

/// Blanks and points between the parts of a name are not its letters.
fn is_letter(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '・' | '·' | '•' | '=' | '゠')
}
