//! To accept is one act for an officer. Where the review is not open yet, the same passphrase opens it first, and the acceptance is signed as
//! soon as both gateways have admitted that.

use std::time::Duration;

use model::{Role, Step};
use proto::desk as wire;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::Place;
use crate::{
    problem::Problem,
    shown::Row,
    signing::{self, Taken},
    visit::{Visit, key},
};

/// How long the other gateway is waited for, while the officer waits.
const WAIT: Duration = Duration::from_secs(20);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(250);

/// The review that has to be opened before this is accepted, where it is not open yet.
pub(super) fn before(place: &Place, asked: &wire::PrepareStepRequest) -> Option<wire::PrepareStepRequest> {
    let possible = place.summary().possible_steps;
    let is_possible = |step: Step| possible.iter().any(|one| one == step.as_str());
    let needed = place.step == Step::Recognise && !is_possible(Step::Recognise) && is_possible(Step::OpenReview);
    needed.then(|| wire::PrepareStepRequest {
        case_id: asked.case_id.clone(),
        step: Step::OpenReview.as_str().to_owned(),
        concerns: asked.concerns.clone(),
        role: asked.role.clone(),
        ..wire::PrepareStepRequest::default()
    })
}

/// What is signed behind it, in words.
pub(super) fn then(asked: &wire::PrepareStepRequest, visit: &Visit) -> Vec<Row> {
    let row = |label: &str, value: String| Row { label: visit.text(label), value };
    let mut rows = vec![row("header-step", visit.text(&key("step", &asked.step)))];
    let concerns: Vec<_> = asked.concerns.iter().map(ToString::to_string).collect();
    if !concerns.is_empty() {
        rows.push(row("header-concerns", concerns.join(", ")));
    }
    for code in &asked.conditions {
        let text = code.parse::<model::ConditionCode>().map(|known| known.text_in(visit.language()).to_owned());
        rows.push(row("header-condition", format!("{code} {}", text.unwrap_or_default())));
    }
    if !asked.text.is_empty() {
        rows.push(row("step-text", asked.text.clone()));
    }
    rows
}

/// Accepts, once the review is open. Where that takes longer than an officer waits, what was done is told, and the rest is done later.
pub(super) async fn after(
    visit: &Visit,
    place: &Place,
    asked: wire::PrepareStepRequest,
    opened: Taken,
    (role, passphrase, once): (Option<Role>, Zeroizing<String>, &str),
) -> Result<Taken, Problem> {
    if opened.missing > 0 {
        return Ok(opened);
    }
    match timeout(WAIT, offered(visit, place)).await {
        Ok(offered) => offered?,
        Err(_) => return Ok(opened),
    }
    let prepared = signing::prepare(visit, asked, once).await?;
    signing::sign(visit, &prepared, role, passphrase, once).await
}

/// Waits until the desk offers the step.
async fn offered(visit: &Visit, place: &Place) -> Result<(), Problem> {
    loop {
        let summary = visit.app.cases.case(place.case).await?.summary.unwrap_or_default();
        if summary.possible_steps.iter().any(|step| step == place.step.as_str()) {
            return Ok(());
        }
        sleep(LOOK).await;
    }
}
