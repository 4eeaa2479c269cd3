//! What is being signed, in words, from the very bytes that are signed.

mod hearing;
mod inside;

use model::{Header, MeasureScope, Pin, Step};

pub(crate) use inside::{difference, of_body};

/// A header for the eyes of who signs it.
pub(crate) fn of_header(header: &Header) -> String {
    let mut lines = vec![
        format!("step       {}", header.step),
        format!("case       {}", header.case),
        format!("from       {}", header.sender),
        format!("to         {}", header.recipient),
        format!("rule       {} ({} and {})", header.pin.short(), header.home, header.peer),
    ];
    if header.step == Step::SealSend {
        lines.extend(header.measures.iter().map(measure));
        lines.extend(header.purpose.iter().map(|purpose| format!("purpose    {purpose}")));
        if let Some(offence) = header.offence {
            let dual = if offence.dual_criminality { "declared" } else { "not declared" };
            lines.push(format!("offence    up to {} months; dual criminality {dual}", offence.max_penalty_months));
        }
        if let Some(validation) = &header.validation {
            lines.push(format!("validated  by a {} of {}", validation.role.as_str(), validation.authority));
        }
    }
    lines.extend(header.declared.matter.map(|matter| format!("matter     {matter}")));
    if header.step != Step::SealSend {
        lines.extend(header.purpose.iter().map(|purpose| format!("purpose    {purpose}")));
    }
    lines.extend(header.declared.about.map(|entry| format!("about      {entry}")));
    lines.extend(header.declared.flaw.map(|flaw| format!("wrong      {}", flaw.as_str())));
    lines.extend(header.declared.until.map(|until| format!("until      {until}")));
    if !header.concerns.is_empty() {
        let concerns: Vec<_> = header.concerns.iter().map(ToString::to_string).collect();
        lines.push(format!("concerns   {}", concerns.join(", ")));
    }
    lines.extend(header.ground.iter().map(|ground| format!("ground     {ground} {}", ground.text())));
    lines.extend(header.declared.postponement.iter().map(|code| format!("postponed  {code} {}", code.text())));
    if !header.records.is_empty() {
        let records: Vec<_> = header.records.iter().map(|record| record.as_str()).collect();
        lines.push(format!("records    {}", records.join(", ")));
    }
    let absent = |one: &model::LeftOut| format!("left out   {} of {}: {}", one.record, one.measure, one.why.as_str());
    lines.extend(header.declared.left_out.iter().map(absent));
    if !header.declared.attached.is_empty() {
        let (files, bytes) = (header.declared.attached.len(), header.declared.attached_bytes());
        lines.push(format!("files      {files}, {bytes} bytes sealed"));
    }
    lines.extend(header.declared.order.map(|day| format!("order      of {day}")));
    lines.extend(header.declared.widens.then(|| "widens     asks for more than was validated".to_owned()));
    lines.extend(header.conditions.iter().map(|one| format!("condition  {one} {}", one.text())));
    lines.push(format!("expires    {}", header.expires));
    lines.join("\n")
}

/// A document of a hearing, in words.
pub(crate) fn of_hearing(document: &serde_json::Value) -> Vec<String> {
    document.as_object().map(hearing::lines).unwrap_or_default()
}

/// Text for a terminal: without control characters but line ends, and without those that turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !(c.is_control() || turns(*c))).collect()
}

/// The same in one line, for what others wrote where one line is meant.
pub(crate) fn line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A scope for the eyes of a validator.
pub(crate) fn of_scope(measures: &[MeasureScope], pin: Pin) -> String {
    let mut lines = vec![format!("rule       {}", pin.short())];
    lines.extend(measures.iter().map(measure));
    lines.join("\n")
}

/// The days of a window, as on screens.
pub(crate) fn window(scope: &MeasureScope) -> String {
    scope.window.map_or_else(String::new, |window| format!("{} to {}", window.from, window.to))
}

fn measure(scope: &MeasureScope) -> String {
    let records: Vec<_> = scope.records.iter().map(|record| record.as_str()).collect();
    let selectors: Vec<_> = scope.selectors.iter().map(|selector| selector.as_str()).collect();
    let days =
        scope.window.map_or_else(|| "no window".to_owned(), |one| format!("{} ({} days)", window(scope), one.days()));
    format!(
        "measure    {} [{}] {}: {}; {} by {}; {days}",
        scope.id,
        scope.article,
        scope.request_type,
        records.join(", "),
        if scope.subjects == 1 { "1 subject".to_owned() } else { format!("{} subjects", scope.subjects) },
        selectors.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_turns_the_writing_is_not_printed() {
        assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{9b}1m\u{202e}d\u{2066}e\u{7f}"), "a[2Jb\nc1mde");
        assert_eq!(line("a\nnext: b"), "a next: b");
        assert_eq!(clean("日本 é"), "日本 é");
    }
}
