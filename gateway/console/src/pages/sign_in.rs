//! Signing in and out. Who comes from a form that outlived its session finds it again, with what was entered.

use askama::Template;
use axum::{
    Router,
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use std::sync::Arc;
use telemetry::say;

use crate::{
    App,
    face::{Page, Section, own_path},
    fields::Fields,
    guard::{WithoutToken, set_token},
    officers::{Proof, Unproven},
    problem::{Problem, Told},
    visit::{Answer, Form, Visit, html, html_as, see},
};

/// The fields of a form that was interrupted bear this before their names while somebody signs in.
const KEPT: &str = "kept.";
/// A name of an officer is no longer.
const NAME_BYTES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
struct SignInPage {
    page: Page,
    officer: String,
    /// Where it goes on.
    back: String,
    /// What was entered before the session ended.
    kept: Vec<(String, String)>,
    /// Whether a session has ended.
    ended: bool,
    problem: Option<Told>,
}

#[derive(Template)]
#[template(path = "pages/go_on.html")]
struct GoOnPage {
    page: Page,
    back: String,
    kept: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "pages/led_here.html")]
struct LedHerePage {
    page: Page,
    back: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/sign-in", get(show).post(enter)).route("/sign-out", post(leave))
}

/// To the page where one signs in, and back.
pub(crate) fn first(visit: &Visit) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("back", &visit.path).finish();
    see(&format!("/sign-in?{query}"))
}

/// For who follows a link of another site: the browser shows its cookie when our own page leads on.
pub(crate) fn led_here(visit: &Visit) -> Answer {
    let mut answer = html(&LedHerePage { page: visit.page(Section::None), back: inside(&visit.path) })?;
    answer.extensions_mut().insert(WithoutToken);
    Ok(answer)
}

/// For a form that was posted after its session had ended: nothing was done, and what was entered is kept.
pub(crate) fn ended(visit: &Visit, fields: &Fields) -> Answer {
    let page = SignInPage {
        page: visit.page(Section::None),
        officer: String::new(),
        back: inside(&visit.path),
        kept: fields.carried(),
        ended: true,
        problem: None,
    };
    html_as(StatusCode::FORBIDDEN, &page)
}

async fn show(visit: Visit, RawQuery(query): RawQuery) -> Answer {
    let pairs = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let back = pairs.into_iter().find(|(name, _)| name == "back").map(|(_, value)| inside(&value));
    let back = back.unwrap_or_else(|| "/".to_owned());
    if visit.signed_in.is_some() {
        return see(&back);
    }
    html(&SignInPage {
        page: visit.page(Section::None),
        officer: String::new(),
        back,
        kept: Vec::new(),
        ended: false,
        problem: None,
    })
}

async fn enter(visit: Visit, State(app): State<Arc<App>>, Form(mut fields): Form) -> Answer {
    let name = fields.one("officer").trim().to_owned();
    let kept: Vec<_> = fields
        .carried()
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?.to_owned(), value)))
        .collect();
    let back = inside(fields.one("back"));
    let passphrase = fields.take_passphrase().unwrap_or_default();
    let proven = match app.attempts.begin(&name[..name.floor_char_boundary(NAME_BYTES_MAX)], visit.now) {
        Err(seconds) => Err(Problem::Wait(seconds)),
        Ok(()) => match app.officers.prove(&name, Proof::Passphrase(passphrase)).await {
            Ok(officer) => Ok(officer),
            Err(Unproven::Wrong) => Err(Problem::Wrong),
            Err(Unproven::Denied(denial)) => Err(Problem::from(denial)),
        },
    };
    let officer = match proven {
        Ok(officer) => officer,
        Err(problem) => {
            say!(Warn, "nobody signed in at the console");
            let told = Some(problem.told(&visit));
            let page =
                SignInPage { page: visit.page(Section::None), officer: name, back, ended: false, kept, problem: told };
            return problem.over(html_as(problem.status(), &page)?);
        }
    };
    app.attempts.opened(&name);
    // Another token than before: whoever knew that one knows nothing.
    if let Some(signed_in) = &visit.signed_in {
        app.kept.forget(signed_in.officer.key, visit.now);
    }
    app.sessions.close(&visit.token);
    let token = app.sessions.open(officer, visit.now)?;
    let mut answer = match kept.is_empty() {
        true => see(&back)?,
        false => {
            let mut page = visit.page(Section::None);
            page.csrf = app.sessions.mark(&token);
            html(&GoOnPage { page, back, kept })?
        }
    };
    set_token(&mut answer, &app.origin, &token.text());
    Ok(answer)
}

async fn leave(visit: Visit, State(app): State<Arc<App>>) -> Answer {
    app.sessions.close(&visit.token);
    let mut answer: Response = see("/sign-in")?;
    set_token(&mut answer, &app.origin, "");
    Ok(answer)
}

/// A path of this console, but of no page here; anything else is its first page.
fn inside(path: &str) -> String {
    match own_path(path) {
        path if path.starts_with("/sign-") => "/".to_owned(),
        path => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_out_of_the_console() {
        assert_eq!(inside("/cases/6b9d?tab=a&b=%20"), "/cases/6b9d?tab=a&b=%20");
        for wrong in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: b", "/sign-out"]
        {
            assert_eq!(inside(wrong), "/", "{wrong:?}");
        }
    }
}
