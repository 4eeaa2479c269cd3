use std::fmt::{self, Display, Write};

use model::{Language, Refusal};

use super::{Label, text::outcome};
use crate::{Decision, Permit, TraceStep};

pub(super) fn decision(decision: &Decision, language: Language) -> String {
    let mut html = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut html, decision, language);
    html
}

fn write(out: &mut String, decision: &Decision, language: Language) -> fmt::Result {
    let word = if decision.allowed() { Label::Allowed } else { Label::Refused };
    let Decision { requesting, requested, on, pin, .. } = decision;
    writeln!(out, "<section lang=\"{}\">", language.tag())?;
    let heading = format!("{requesting} → {requested}: {}", word.text(language));
    writeln!(out, "<h2>{}</h2>", Escaped(heading))?;
    writeln!(out, "<p><time datetime=\"{on}\">{on}</time> {} <code>{pin}</code></p>", Label::Rule.text(language))?;
    if !decision.refusals.is_empty() {
        writeln!(out, "<ul>")?;
        decision.refusals.iter().try_for_each(|refusal| refused(out, refusal, language))?;
        writeln!(out, "</ul>")?;
    }
    decision.permits.iter().try_for_each(|permit| permitted(out, permit, language))?;
    trace(out, &decision.trace, language)?;
    writeln!(out, "</section>")
}

fn refused(out: &mut String, refusal: &Refusal, language: Language) -> fmt::Result {
    let Refusal { code, article, rule, field, reason, remedy, owner } = refusal;
    writeln!(out, "<li><strong>{code} {}</strong>", Escaped(code.text_in(language)))?;
    writeln!(out, "<p lang=\"en\">{}</p>", Escaped(reason))?;
    writeln!(out, "<dl>")?;
    entry(out, Label::Remedy, remedy, true, language)?;
    if let Some(article) = article {
        entry(out, Label::Basis, article, false, language)?;
    }
    entry(out, Label::Rule, rule, false, language)?;
    match owner {
        Some(party) => entry(out, Label::Owner, party, false, language)?,
        None => entry(out, Label::Owner, Label::BothParties.text(language), false, language)?,
    }
    if let Some(field) = field {
        entry(out, Label::Field, field, false, language)?;
    }
    writeln!(out, "</dl></li>")
}

fn permitted(out: &mut String, permit: &Permit, language: Language) -> fmt::Result {
    writeln!(out, "<h3>{}: {}</h3>", permit.measure, Label::Allowed.text(language))?;
    writeln!(out, "<dl>")?;
    for fact in permit.explain(language) {
        entry(out, fact.label, fact.value, false, language)?;
    }
    writeln!(out, "</dl>")
}

fn entry(out: &mut String, label: Label, value: impl Display, english: bool, language: Language) -> fmt::Result {
    let lang = if english { " lang=\"en\"" } else { "" };
    writeln!(out, "<dt>{}</dt><dd{lang}>{}</dd>", Escaped(label.text(language)), Escaped(value))
}

fn trace(out: &mut String, steps: &[TraceStep], language: Language) -> fmt::Result {
    writeln!(out, "<table><caption>{}</caption>", Label::Trace.text(language))?;
    write!(out, "<thead><tr>")?;
    for label in [Label::Outcome, Label::Measure, Label::Check, Label::Input, Label::Basis, Label::Rule] {
        write!(out, "<th scope=\"col\">{}</th>", Escaped(label.text(language)))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for step in steps {
        let TraceStep { check, measure, article, file, input, outcome: ended } = step;
        write!(out, "<tr><td>{}</td>", outcome(*ended).text(language))?;
        write!(out, "<td>{}</td>", measure.map_or_else(String::new, |measure| measure.to_string()))?;
        write!(out, "<th scope=\"row\" lang=\"en\">{}</th>", Escaped(check))?;
        write!(out, "<td lang=\"en\">{}</td>", Escaped(input))?;
        write!(out, "<td>{}</td>", Escaped(article.as_ref().map_or_else(String::new, ToString::to_string)))?;
        writeln!(out, "<td>{}</td></tr>", Escaped(file))?;
    }
    writeln!(out, "</tbody></table>")
}

/// A text that cannot become markup, in an element as in a quoted attribute.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape(f), "{}", self.0)
    }
}

struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            // No control character is of use in a page.
            c if c.is_control() && c != '\n' => self.0.write_char('\u{fffd}'),
            c => self.0.write_char(c),
        })
    }
}
