//! The explanation as a text for people, and as a page.

use model::{PartyId, Refusal};
use treaty::{Barred, Offer};

use super::{Explanation, Verdict};
use crate::{
    command::render::page::{self, Answered, Clause, Reason, Titles},
    terms::{Row, rows},
};

const LABEL: usize = 16;

pub(super) fn text(explanation: &Explanation, titles: &Titles) -> String {
    let rule = &explanation.rule;
    let mut lines = vec![answer(explanation)];
    lines.push(format!("Rule {} of {} and {}.", rule.pin().short(), rule.parties()[0], rule.parties()[1]));
    lines.push("Signatures were not looked at: treaty verify.".to_owned());
    for (offer, verdict) in &explanation.offers {
        lines.push(String::new());
        offered(&mut lines, titles, offer, verdict.as_ref());
    }
    for barred in &explanation.barred {
        lines.push(String::new());
        closed(&mut lines, titles, barred);
    }
    lines.join("\n")
}

/// Yes or no, in one sentence.
fn answer(explanation: &Explanation) -> String {
    let Explanation { requesting, requested, request_type, rule, .. } = explanation;
    let articles: Vec<_> = explanation
        .offers
        .iter()
        .filter(|(_, verdict)| verdict.as_ref().is_none_or(|verdict| verdict.decision.allowed()))
        .map(|(offer, _)| format!("[{}]", offer.article))
        .collect();
    let asked = if explanation.offers.iter().any(|(_, verdict)| verdict.is_some()) { " as described" } else { "" };
    match articles.is_empty() {
        true => {
            format!("NOT ALLOWED: on {}, {requesting} may not ask {requested} for {request_type}{asked}.", rule.on())
        }
        false => format!(
            "ALLOWED: on {}, {requesting} may ask {requested} for {request_type}{asked}, under {}.",
            rule.on(),
            articles.join(" or ")
        ),
    }
}

fn offered(lines: &mut Vec<String>, titles: &Titles, offer: &Offer, verdict: Option<&Verdict>) {
    lines.push(format!("[{}] {}, {}", offer.article, offer.request_type, titles.title(offer.article.instrument())));
    if titles.hypothetical(offer.article.instrument()) {
        lines.push("  HYPOTHETICAL: no such treaty exists; it shows how one would work.".to_owned());
    }
    if !offer.verified {
        lines.push("  UNVERIFIED: not everything here was read in the text of the treaty.".to_owned());
    }
    if let Some(Verdict { decision, assumed }) = verdict {
        if !assumed.is_empty() {
            lines.push(format!("  Assumed: {}.", assumed.join("; ")));
        }
        match decision.refusals.as_slice() {
            [] => lines.push("  Nothing stands against it.".to_owned()),
            refusals => {
                lines.push("  Why not:".to_owned());
                refusals.iter().for_each(|refusal| refused(lines, refusal));
            }
        }
        lines.push("  What the treaty says:".to_owned());
    }
    rows(offer).iter().for_each(|row| said(lines, row));
    lines.push(format!("  {:<LABEL$} {}", "file", offer.file));
}

fn said(lines: &mut Vec<String>, row: &Row) {
    for (index, line) in row.lines.iter().enumerate() {
        let label = if index == 0 { row.label } else { "" };
        lines.push(format!("  {label:<LABEL$} {line}"));
    }
}

fn closed(lines: &mut Vec<String>, titles: &Titles, barred: &Barred) {
    let name = titles.title(barred.article.instrument());
    lines.push(format!("Not under [{}] {}, {name}:", barred.article, barred.request_type));
    barred.reasons.iter().for_each(|refusal| refused(lines, refusal));
}

fn refused(lines: &mut Vec<String>, refusal: &Refusal) {
    lines.push(format!("  {} {}: {}", refusal.code, refusal.code.text(), refusal.reason));
    if let Some(field) = &refusal.field {
        lines.push(format!("      field    {field}"));
    }
    let file = match refusal.rule.contains('/') {
        true => format!("{}, {}", refusal.rule, whose(refusal.owner)),
        false => "a rule of the protocol itself".to_owned(),
    };
    lines.push(format!("      rule     {file}"));
    lines.push(format!("      to do    {}", refusal.remedy));
}

fn whose(owner: Option<PartyId>) -> String {
    owner.map_or_else(|| "of both parties".to_owned(), |owner| format!("of {owner}"))
}

/// The same as a page.
pub(super) fn page(explanation: &Explanation, titles: &Titles) -> page::Explanation {
    let reasons = |article: &str, refusals: &[Refusal]| {
        refusals.iter().map(|one| Reason::of(article, &explanation.request_type, one)).collect::<Vec<_>>()
    };
    let offers = explanation.offers.iter().map(|(offer, verdict)| Answered {
        clause: Clause::of(offer, titles),
        assumed: verdict.as_ref().map(|verdict| verdict.assumed.join("; ")).unwrap_or_default(),
        reasons: verdict
            .as_ref()
            .map(|one| reasons(&offer.article.to_string(), &one.decision.refusals))
            .unwrap_or_default(),
    });
    let barred = explanation.barred.iter().flat_map(|one| reasons(&one.article.to_string(), &one.reasons));
    page::Explanation {
        title: format!("{} asks {} for {}", explanation.requesting, explanation.requested, explanation.request_type),
        on: explanation.rule.on().to_string(),
        allowed: explanation.allowed(),
        answer: answer(explanation),
        pin: explanation.rule.pin().to_string(),
        offers: offers.collect(),
        barred: barred.collect(),
    }
}
