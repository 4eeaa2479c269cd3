//! The text that a pin is the digest of. A change here is a new version of every rule.

use std::fmt::{Display, Write};

use model::{ArticleRef, PartyId, RequestType};

use crate::rule::{Provision, Table};

/// See [`crate::Rule::canonical`].
pub(crate) fn canonical(table: &Table) -> String {
    let mut text = Lines(String::new());
    let [a, b] = table.pair;
    text.line("rogatory rule v1", [""; 0]);
    text.line("pair", [a, b]);
    for (party, languages) in table.pair.iter().zip(&table.languages) {
        for (kind, languages) in languages {
            text.line(format_args!("languages {party} {}", kind.as_str()), languages);
        }
    }
    for (article, kind, provision) in table.effective() {
        write_provision(&mut text, table.pair, article, kind, provision);
    }
    text.0
}

fn write_provision(text: &mut Lines, pair: [PartyId; 2], article: &ArticleRef, kind: &RequestType, p: &Provision) {
    text.line("article", [&article.to_string(), kind.as_str()]);
    for (record, roles) in &p.records {
        text.line(format_args!("record {record}"), roles.iter().map(|role| role.as_str()));
    }
    text.line("selectors", p.selectors.iter().map(|selector| selector.as_str()));
    text.line("subjects", [p.max_subjects]);
    text.line("window", p.max_window_days);
    text.line("purposes", &p.purposes);
    text.line("offence", [u32::from(p.offence_declared), p.min_max_penalty_months]);
    for (party, towards) in pair.iter().zip(&p.towards) {
        text.line(format_args!("senders to {party}"), towards.senders.iter().map(|kind| kind.as_str()));
        text.line(format_args!("dual_criminality to {party}"), [u32::from(towards.dual_criminality.is_some())]);
    }
    text.line("recipients", p.recipients.iter().map(|kind| kind.as_str()));
    for timer in &p.timers {
        let record = timer.record.as_ref().map_or("*", |record| record.as_str());
        let clause = timer.clause.as_ref().map_or_else(|| "policy".to_owned(), ToString::to_string);
        text.line("timer", [timer.kind.as_str(), record, &timer.days.to_string(), &clause]);
    }
    text.line("grounds", &p.grounds);
    text.line("consult", [u32::from(p.consult_before_refusal)]);
    text.line("specialty", [u32::from(p.specialty)]);
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
