//! The text that a pin is the digest of. A change here is a new version of every rule.

use std::fmt::{Display, Write};

use model::{ArticleRef, PartyId, RequestType};

use crate::{provision::Provision, rule::Table};

/// See [`crate::Rule::canonical`].
pub(crate) fn canonical(table: &Table) -> String {
    let mut text = Lines(String::new());
    let [a, b] = table.pair;
    text.line("rogatory rule v2", [""; 0]);
    text.line("pair", [a, b]);
    for (party, languages) in table.pair.iter().zip(&table.languages) {
        for (kind, languages) in languages {
            text.line(format_args!("languages {party} {}", kind.as_str()), languages);
        }
    }
    for (article, kind, provisions) in table.effective() {
        for (party, provision) in table.pair.iter().zip(provisions).filter(|(_, one)| one.closed.is_empty()) {
            write_provision(&mut text, *party, article, kind, provision);
        }
    }
    text.0
}

fn write_provision(text: &mut Lines, to: PartyId, article: &ArticleRef, kind: &RequestType, p: &Provision) {
    text.line("article", [&article.to_string(), kind.as_str(), "to", to.as_str()]);
    for (record, roles) in &p.records {
        text.line(format_args!("record {record}"), roles.value.iter().map(|role| role.as_str()));
    }
    text.line("selectors", p.selectors.value.iter().map(|selector| selector.as_str()));
    text.line("subjects", [p.max_subjects.value]);
    text.line("window", p.max_window_days.as_ref().map(|days| days.value));
    text.line("purposes", &p.purposes.value);
    text.line("offence", [u32::from(p.offence.value.declared), p.offence.value.min_max_penalty_months]);
    text.line("senders", p.senders.value.iter().map(|kind| kind.as_str()));
    text.line("dual_criminality", [u32::from(p.dual_criminality.is_some())]);
    text.line("recipients", p.recipients.value.iter().map(|kind| kind.as_str()));
    for timer in &p.timers {
        let record = timer.record.as_ref().map_or("*", |record| record.as_str());
        let clause = timer.clause.as_ref().map_or_else(|| "policy".to_owned(), ToString::to_string);
        text.line("timer", [timer.kind.as_str(), record, &timer.length.to_string(), timer.unit.as_str(), &clause]);
    }
    text.line("grounds", p.grounds.iter().map(|ground| ground.code));
    text.line("consult", [p.consult.as_str()]);
    text.line("specialty", [u32::from(p.usage.specialty)]);
}

struct Lines(String);

impl Lines {
    fn line(&mut self, first: impl Display, rest: impl IntoIterator<Item = impl Display>) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{first}");
        for word in rest {
            let _ = write!(self.0, " {word}");
        }
        self.0.push('\n');
    }
}
