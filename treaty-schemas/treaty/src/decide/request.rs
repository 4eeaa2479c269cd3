use model::{RefusalCode, limits::MEASURES_MAX};

use super::{At, Bench, Failure};
use crate::{Input, phrase::AnyOf};

impl Bench<'_> {
    /// Which of the two parties is asked: the index into the table's pair.
    pub(super) fn parties(&mut self) -> Option<usize> {
        let (from, to) = (self.query.requesting, self.query.requested);
        let [a, b] = self.table.pair;
        let ours = a != b && ((from, to) == (a, b) || (from, to) == (b, a));
        let failure = (!ours).then(|| Failure {
            code: RefusalCode::R92,
            field: "peer",
            reason: format!("this is the rule between {a} and {b}, not between {from} and {to}"),
            remedy: "ask the rule of the two parties of the case".to_owned(),
        });
        self.protocol("pair", Input::Direction(from, to), failure).then_some(usize::from(to == b))
    }

    /// Whether the list of measures can be judged one by one.
    pub(super) fn countable(&mut self) -> bool {
        let measures = self.query.measures;
        let input = Input::Count(u32::try_from(measures.len()).unwrap_or(u32::MAX), "measure");
        let repeated =
            measures.iter().take(MEASURES_MAX).enumerate().any(|(i, m)| measures[..i].iter().any(|n| n.id == m.id));
        let (reason, remedy) = if measures.is_empty() {
            ("the request has no measure".to_owned(), "ask for at least one measure")
        } else if measures.len() > MEASURES_MAX {
            (format!("{} measures, at most {MEASURES_MAX}", measures.len()), "split the request into several cases")
        } else if repeated {
            ("two measures have the same number".to_owned(), "number the measures 1, 2, 3")
        } else {
            return self.protocol("measures", input, None);
        };
        let failure = Failure { code: RefusalCode::R94, field: "measures", reason, remedy: remedy.to_owned() };
        self.protocol("measures", input, Some(failure))
    }

    /// One of the languages in which it is written must be one that the addressed authority reads, where its party said which.
    pub(super) fn languages(&mut self, direction: usize) {
        let Some(written) = self.query.languages else { return };
        let table = self.table;
        let (party, recipient) = (self.query.requested, self.query.recipient);
        let Some(file) = table.files.get(direction) else { return };
        let read =
            table.languages.get(direction).and_then(|by_kind| by_kind.get(&recipient)).map_or(&[][..], |read| read);
        let known = read.iter().find(|read| written.iter().any(|tag| is_language(tag, read)));
        // A tag that no file names is the sender's own text: it stays out of the trace.
        let input = match known {
            Some(language) => Input::Name(language.clone()),
            None => Input::Word(if written.is_empty() { "none" } else { "another" }),
        };
        let failure = (known.is_none() && !read.is_empty()).then(|| Failure {
            code: RefusalCode::R94,
            field: "languages",
            reason: format!(
                "{party}:{} reads {}, and the request is in none of these",
                recipient.as_str(),
                AnyOf(read)
            ),
            remedy: format!("attach a translation into {}; only {party} can accept other languages", AnyOf(read)),
        });
        let at = At { measure: None, article: None, file, owner: Some(party) };
        self.step("languages", at, input, failure);
    }

    /// A check that rests on no treaty.
    fn protocol(&mut self, check: &'static str, input: Input, failure: Option<Failure>) -> bool {
        let file = &self.table.protocol;
        self.step(check, At { measure: None, article: None, file, owner: None }, input, failure)
    }
}

/// Whether `tag` (BCP 47, as in `fr-CA`) is the language `code` (ISO 639, as in `fr`), in any case.
fn is_language(tag: &str, code: &str) -> bool {
    tag.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(code))
}
