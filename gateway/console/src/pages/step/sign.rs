//! What is going to be signed, and the signature. What the form said is kept for the officer, so that the page that shows it is a page by
//! itself; and a session signs in the case that it has shown last.

use std::sync::Arc;

use askama::Template;
use axum::{extract::Path, http::StatusCode};
use model::Role;
use zeroize::Zeroizing;

use super::{Place, accept, form::asked};
use crate::{
    desk::key_of,
    face::{Page, Section},
    fields::Fields,
    pages::taken,
    problem::{Problem, Told},
    shown::{DocumentShown, Row},
    signing::{self, Prepared},
    visit::{Answer, Visit, html_as, key, see},
};

/// What is going to be signed.
#[derive(Template)]
#[template(path = "pages/check.html")]
struct CheckPage {
    page: Page,
    case: String,
    reference: String,
    step: String,
    title: String,
    once: String,
    digest: String,
    header: Vec<Row>,
    inside: Vec<DocumentShown>,
    /// What is signed behind it with the same passphrase.
    then: Vec<Row>,
    needed: u32,
    given: u32,
    /// In which role it is signed, in words.
    role: String,
    /// Whether the officer can sign it in no role.
    is_not_for: bool,
    officer: String,
    /// What the form said, for the signature and for the way back.
    carried: Vec<(String, String)>,
    problem: Option<Told>,
}

/// What is going to be signed, as a page by itself: of the form that was kept, or that form again where nobody knows it any more.
pub(super) async fn checked(visit: Visit, Path((case, step, key)): Path<(String, String, String)>) -> Answer {
    let place = Place::find(&visit, &case, &step).await?;
    let officer = visit.officer()?.officer.key;
    let Some(fields) = visit.app.kept.find(officer, &place.path(), &key, visit.now) else {
        return see(&place.path());
    };
    let mut acts = visit.officer()?.session.acts.lock().await;
    let prepared = match acts.shown(&key) {
        Some(prepared) => prepared,
        None => {
            let asked = asked(&place, &fields, &visit)?;
            let asked = accept::before(&place, &asked).unwrap_or(asked);
            // Asked for again under the key of its form it changes nothing.
            let prepared = Arc::new(signing::prepare(&visit, asked, fields.one("once")).await?);
            acts.show(key, prepared.clone());
            prepared
        }
    };
    acts.bind(place.case);
    check_page(&visit, &place, &fields, &prepared, None)
}

/// Prepares what is going to be signed, and leads to the page that shows it.
pub(super) async fn check(visit: &Visit, place: &Place, fields: &Fields) -> Answer {
    let signed_in = visit.officer()?;
    let mut acts = signed_in.session.acts.lock().await;
    let asked = asked(place, fields, visit)?;
    let key = key_of(fields.one("once"), &asked);
    let asked = accept::before(place, &asked).unwrap_or(asked);
    let prepared = Arc::new(signing::prepare(visit, asked, fields.one("once")).await?);
    acts.show(key.clone(), prepared);
    visit.app.kept.keep(signed_in.officer.key, &place.path(), &key, fields.clone(), visit.now);
    see(&format!("{}/check/{key}", place.path()))
}

/// Signs what was shown. Once it was signed, the same form shows what came of it.
pub(super) async fn sign(visit: &Visit, place: &Place, fields: &Fields, passphrase: Zeroizing<String>) -> Answer {
    let once = fields.one("once");
    let asked = asked(place, fields, visit)?;
    let done = key_of(once, &asked);
    let case = place.case.to_string();
    let mut acts = visit.officer()?.session.acts.lock().await;
    if acts.find(&done).is_some() {
        return see(&taken::address(&case, &done));
    }
    let before = accept::before(place, &asked);
    let prepared = match acts.shown(&done) {
        Some(prepared) => prepared,
        None => Arc::new(signing::prepare(visit, before.clone().unwrap_or_else(|| asked.clone()), once).await?),
    };
    if !acts.is_bound_to(place.case) {
        acts.show(done, prepared.clone());
        acts.bind(place.case);
        return check_page(visit, place, fields, &prepared, Some(&Problem::Bound));
    }
    if prepared.digest() != fields.one("digest") {
        acts.show(done, prepared.clone());
        return check_page(visit, place, fields, &prepared, Some(&signing::is_another()));
    }
    let role = fields.one("role").parse::<Role>().ok();
    let signed = match signing::sign(visit, &prepared, role, passphrase.clone(), once).await {
        Ok(opened) if before.is_some() => accept::after(visit, place, asked, opened, (role, passphrase, once)).await,
        signed => signed,
    };
    match signed {
        Ok(taken) => {
            acts.note(done.clone(), taken);
            visit.app.kept.done(visit.officer()?.officer.key, &place.path(), visit.now);
            see(&taken::address(&case, &done))
        }
        Err(problem @ (Problem::Wrong | Problem::Wait(_))) => {
            let page = check_page(visit, place, fields, &prepared, Some(&problem))?;
            problem.over(page)
        }
        Err(problem) => Err(problem),
    }
}

fn check_page(visit: &Visit, place: &Place, fields: &Fields, prepared: &Prepared, problem: Option<&Problem>) -> Answer {
    let officer = &visit.officer()?.officer;
    let roles = prepared.roles(visit)?;
    let chosen = fields.one("role").parse::<Role>().ok().filter(|role| roles.contains(role));
    let role = chosen.or(roles.first().copied());
    let of_page = ["act", "digest", "once", "resumed"];
    let page = CheckPage {
        page: visit.page(Section::Inbox),
        case: place.case.to_string(),
        reference: place.summary().reference,
        step: place.step.as_str().to_owned(),
        title: visit.text(&key("step", place.step.as_str())),
        once: fields.one("once").to_owned(),
        digest: prepared.digest(),
        header: prepared.rows(visit),
        inside: prepared.inside().to_vec(),
        then: match asked(place, fields, visit) {
            Ok(asked) if accept::before(place, &asked).is_some() => accept::then(&asked, visit),
            _ => Vec::new(),
        },
        needed: prepared.needed(),
        given: prepared.given(),
        is_not_for: roles.is_empty(),
        role: role.map(|role| visit.text(&key("role", role.as_str()))).unwrap_or_default(),
        officer: officer.name.clone(),
        carried: fields.carried().into_iter().filter(|(name, _)| !of_page.contains(&name.as_str())).collect(),
        problem: problem.map(|problem| problem.told(visit)),
    };
    html_as(problem.map_or(StatusCode::OK, Problem::status), &page)
}
