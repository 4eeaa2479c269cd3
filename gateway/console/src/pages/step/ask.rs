//! Templates of questions about a request, in the language of the interface or in English.

use crate::{locale::Locale, visit::Visit};

/// What is asked most.
const TEMPLATES: [&str; 6] = ["facts", "identity", "offence", "custodian", "translation", "decision"];

/// Links that put a template into the form: address and words.
pub(super) fn templates(path: &str, visit: &Visit) -> Vec<(String, String)> {
    let locales = if visit.locale == Locale::En { vec![Locale::En] } else { vec![visit.locale, Locale::En] };
    let link = |locale: Locale, name: &&str| {
        let href = format!("{path}?template={name}&lang={}", locale.tag());
        let text = visit.text(&format!("ask-{name}"));
        (href, if locale == visit.locale { text } else { format!("{text} ({})", locale.name()) })
    };
    locales.into_iter().flat_map(|locale| TEMPLATES.iter().map(move |name| link(locale, name))).collect()
}

/// The text of a template, in its language.
pub(super) fn text(name: &str, lang: &str) -> Option<String> {
    let known = TEMPLATES.iter().find(|one| **one == name)?;
    Some(Locale::of(lang)?.text(&format!("ask-text-{known}")))
}
