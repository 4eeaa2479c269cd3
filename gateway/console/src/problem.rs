//! What went wrong, as a page: what, by which rule, whose rule, and what to do next. Nothing of the inside of the program.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use model::{Blame, Denial, Fault, RefusalCode};

use crate::{
    face::{Page, Section},
    forms::Unfit,
    visit::{Visit, html_as, key},
};

/// Why a request got no page of its own.
#[derive(Debug, Clone)]
pub(crate) enum Problem {
    /// The desk, a gateway or a rule said no.
    Denied(Denial),
    /// The desk does not answer.
    Away,
    /// It was not asked by a page of this console.
    Forged,
    /// It was asked for under another name than the console's own.
    Misdirected,
    /// Neither looked at nor posted.
    Method,
    /// There is no such page.
    NoPage,
    /// The form came too slowly.
    Slow,
    /// The name is no officer's, or the passphrase does not open the key.
    Wrong,
    /// Too many passphrases were tried: wait so many seconds.
    Wait(u64),
    /// The desk does not offer the step now.
    NotOffered,
    /// A field of the form, by its name, is not filled in, or wrong.
    Incomplete(&'static str),
    /// Fields of a form of the catalogue are not filled in, or wrong.
    Unfit(Vec<Unfit>),
    /// More forms come in at once than the console takes.
    Busy,
    /// Another officer has changed the same.
    Stale,
    /// What is to be signed in another case was shown since, in this session.
    Bound,
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<tonic::Status> for Problem {
    fn from(status: tonic::Status) -> Self {
        match link::cause(&status) {
            Some(_) => Self::Away,
            None => Self::Denied(proto::status::to_denial(&status)),
        }
    }
}

impl From<model::Malformed> for Problem {
    fn from(error: model::Malformed) -> Self {
        Self::Denied(Denial::failed(Fault::Malformed, error.to_string()))
    }
}

impl IntoResponse for Problem {
    /// The guard makes a page of it, in the language of the visit.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem in words, for a page of its own or over a form.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// A few words.
    pub(crate) title: String,
    /// What happened.
    pub(crate) what: String,
    /// What the code means, for a case officer.
    pub(crate) meaning: String,
    /// R01 to R95, or empty.
    pub(crate) code: String,
    /// The clause, or empty.
    pub(crate) article: String,
    /// The file of the rule, or empty.
    pub(crate) rule: String,
    /// Whose rule it is, or empty.
    pub(crate) owner: String,
    /// The field that fails, or empty.
    pub(crate) field: String,
    /// What to do next.
    pub(crate) next: String,
}

#[derive(Template)]
#[template(path = "pages/problem.html")]
struct ProblemPage {
    page: Page,
    told: Told,
}

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Denied(Denial::Refused(refusal)) => match refusal.code {
                RefusalCode::R91 => StatusCode::TOO_MANY_REQUESTS,
                RefusalCode::R93 | RefusalCode::R95 => StatusCode::FORBIDDEN,
                RefusalCode::R94 => StatusCode::BAD_REQUEST,
                _ => StatusCode::CONFLICT,
            },
            Self::Denied(Denial::Failed { fault, .. }) => of_fault(*fault),
            Self::Away | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Forged | Self::Wrong => StatusCode::FORBIDDEN,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotOffered | Self::Stale | Self::Bound => StatusCode::CONFLICT,
            Self::Incomplete(_) | Self::Unfit(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether somebody was faster, and it may be tried again.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self, Self::Denied(Denial::Failed { fault: Fault::StaleCase, .. }))
    }

    /// The problem in words.
    pub(crate) fn told(&self, visit: &Visit) -> Told {
        let name = match self {
            Self::Denied(Denial::Refused(refusal)) => return of_refusal(refusal, visit),
            Self::Denied(Denial::Failed { fault, detail }) => return of_failure(*fault, detail, visit),
            Self::Away => "away",
            Self::Forged => "forged",
            Self::Wrong => "wrong",
            Self::Misdirected => "misdirected",
            Self::Method => "method",
            Self::NoPage => "no-page",
            Self::Slow => "slow",
            Self::Busy => "busy",
            Self::Stale => "stale",
            Self::Bound => "bound",
            Self::NotOffered => "not-offered",
            Self::Incomplete(_) | Self::Unfit(_) => "incomplete",
            Self::Wait(seconds) => {
                let mut told = plain("wait", visit);
                told.what = visit.locale.with("problem-wait-what", &[("seconds", &seconds.to_string())]);
                return told;
            }
        };
        plain(name, visit)
    }

    /// The page of it.
    pub(crate) fn page(&self, visit: &Visit) -> Response {
        let shown = ProblemPage { page: visit.page(Section::None), told: self.told(visit) };
        let response = html_as(self.status(), &shown).unwrap_or_else(|_| self.status().into_response());
        self.over(response).unwrap_or_else(|_| self.status().into_response())
    }

    /// Says in the headers of a page what programs have to know of the problem on it.
    pub(crate) fn over(&self, mut response: Response) -> Result<Response, Self> {
        if let Self::Wait(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        Ok(response)
    }
}

fn of_fault(fault: Fault) -> StatusCode {
    match fault {
        Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Fault::Unknown => StatusCode::NOT_FOUND,
        Fault::EntryIdReused | Fault::IdempotencyKeyReused | Fault::Expired => StatusCode::CONFLICT,
        Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        other => match other.blame() {
            Blame::Caller => StatusCode::BAD_REQUEST,
            Blame::Race => StatusCode::CONFLICT,
            Blame::Peer | Blame::Us => StatusCode::SERVICE_UNAVAILABLE,
        },
    }
}

fn plain(name: &str, visit: &Visit) -> Told {
    let text = |part: &str| visit.text(&format!("problem-{name}-{part}"));
    Told {
        title: text("title"),
        what: text("what"),
        meaning: String::new(),
        code: String::new(),
        article: String::new(),
        rule: String::new(),
        owner: String::new(),
        field: String::new(),
        next: text("next"),
    }
}

fn of_refusal(refusal: &model::Refusal, visit: &Visit) -> Told {
    Told {
        title: refusal.code.text_in(visit.language()).to_owned(),
        what: refusal.reason.clone(),
        meaning: refusal.code.explanation_in(visit.language()).to_owned(),
        code: refusal.code.to_string(),
        article: refusal.article.as_ref().map(ToString::to_string).unwrap_or_default(),
        rule: refusal.rule.clone(),
        owner: refusal.owner.map(|owner| owner.to_string()).unwrap_or_default(),
        field: refusal.field.clone().unwrap_or_default(),
        next: refusal.remedy.clone(),
    }
}

fn of_failure(fault: Fault, detail: &str, visit: &Visit) -> Told {
    let mut told = plain(&key("fault", fault.as_str()), visit);
    // What failed inside of us is told to the operator, by the log.
    if fault.blame() != Blame::Us {
        told.meaning = std::mem::replace(&mut told.what, detail.to_owned());
    }
    told
}
