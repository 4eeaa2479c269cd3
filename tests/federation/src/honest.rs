//! What must not be, tried with the honest program: the desk refuses before it seals.

use std::fs;

use jiff::civil::Date;
use model::{CaseId, RefusalCode, Refuser};
use serde_json::Value;

use crate::{
    api::Api,
    attempt::{Attempt, By, Expected},
    documents,
    failure::Failure,
    states::{Seat, World},
    story,
    timeline::Timeline,
    told::Told,
};

/// A request that must not be sent.
struct Forbidden {
    sender: &'static str,
    what: &'static str,
    codes: &'static [RefusalCode],
    article: Option<&'static str>,
    request: Value,
}

/// Tries each forbidden request with the program as it is.
pub(crate) async fn attempts(world: &World, today: Date, timeline: &Timeline) -> Result<Vec<Attempt>, Failure> {
    timeline.chapter("What the system is for, 1: the desk's own program refuses before it seals");
    let folder = world.base.join("forbidden");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let mut attempts = Vec::new();
    for (index, forbidden) in forbidden(today)?.into_iter().enumerate() {
        let seat = world.seat(forbidden.sender)?;
        let outcome = attempt(&seat, &forbidden, &folder.join(format!("request-{index}.json"))).await?;
        let expected = Expected {
            actor: forbidden.sender.to_owned(),
            what: forbidden.what.to_owned(),
            by: By { refuser: Refuser::SendingDesk, party: seat.authority.party() },
            codes: forbidden.codes.to_vec(),
            article: forbidden.article,
            at: None,
        };
        let attempt = expected.hold(outcome);
        timeline.attempt(&attempt);
        attempts.push(attempt);
    }
    Ok(attempts)
}

fn forbidden(today: Date) -> Result<Vec<Forbidden>, Failure> {
    let fresh = || documents::request(CaseId::new(documents::new_uuid()?), today);
    let order = documents::under(fresh()?, "cets-224:8", "order_production", &["subscriber_info", "traffic_data"]);
    let direct = documents::under(fresh()?, "cets-224:7", "provider_direct", &["subscriber_info"]);
    Ok(vec![
        Forbidden {
            sender: "JP:central",
            what: "asks FR about 21 subjects at once",
            codes: &[RefusalCode::R90],
            article: Some("ets-185:31"),
            request: documents::bulk(fresh()?),
        },
        Forbidden {
            sender: "JP:central",
            what: "asks FR about every account of a provider (*@…)",
            codes: &[RefusalCode::R90, RefusalCode::R94],
            article: None,
            request: documents::wildcard(fresh()?),
        },
        Forbidden {
            sender: "JP:central",
            what: "asks FR under the 2nd Additional Protocol, which is not in force",
            codes: &[RefusalCode::R92],
            article: Some("cets-224:8"),
            request: order,
        },
        Forbidden {
            sender: "FR:central",
            what: "asks JP under an article that JP reserved",
            codes: &[RefusalCode::R92],
            article: Some("cets-224:7"),
            request: documents::between(direct, "FR:central", "JP:central"),
        },
        Forbidden {
            sender: "SG:central",
            what: "asks FR under the Convention, to which SG is not a party",
            codes: &[RefusalCode::R92],
            article: Some("ets-185:31"),
            request: documents::between(fresh()?, "SG:central", "FR:central"),
        },
    ])
}

/// Goes the whole way of an officer who does not give up: saves, preflights, has it validated, sends twice.
async fn attempt(seat: &Seat, forbidden: &Forbidden, file: &std::path::Path) -> Result<Result<Told, String>, Failure> {
    let mut api = Api::of(seat);
    let case = story::save(seat, &forbidden.request, file).await?;
    let id = case.to_string();
    let found = api.preflight(case).await?;
    let foreseen = found.findings.iter().filter(|finding| !finding.code.is_empty());
    let foreseen: Vec<Told> = foreseen.map(of_finding).collect();
    let validate = ["request", "validate", &id, "--as", "judicial/officer-1", "--role", "judge"];
    let mut answer = seat.run(&validate).await?;
    for officer in ["central/officer-1", "central/officer-2"] {
        if !answer.is_refused() {
            answer = seat.run(&["request", "send", &id, "--as", officer]).await?;
        }
    }
    let entries = api.case(case).await?.map_or(0, |case| case.timeline.len());
    if entries > 0 {
        return Ok(Err(format!("{entries} entries left the desk")));
    }
    if found.would_pass {
        return Ok(Err("preflight would let it pass".to_owned()));
    }
    if !answer.is_refused() {
        return Ok(Err(answer.ending()));
    }
    let told = answer.told().filter(|told| !told.code.is_empty());
    let fits = |told: &Told| forbidden.codes.iter().any(|code| code.as_str() == told.code);
    match (told, foreseen.into_iter().find(fits)) {
        (Some(told), _) if fits(&told) => Ok(Ok(told)),
        (_, Some(foreseen)) => Ok(Ok(foreseen)),
        (Some(told), None) => Ok(Ok(told)),
        (None, None) => Ok(Err(answer.ending())),
    }
}

fn of_finding(finding: &proto::desk::Finding) -> Told {
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Told {
        code: finding.code.clone(),
        article: filled(&finding.article),
        rule: None,
        field: filled(&finding.field),
        reason: finding.message.clone(),
    }
}
