//! The door: every request passes here before a page sees it, and every answer on its way out.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Uri,
        header::{CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, SET_COOKIE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::{Denial, Fault};
use tokio::time::timeout;

use crate::{
    App,
    fields::{BODY_BYTES_MAX, Fields},
    pages::sign_in,
    problem::Problem,
    settings::Origin,
    visit::Visit,
};

/// In this time a form has come in.
const BODY_TIME: Duration = Duration::from_secs(60);

/// Nothing is loaded, sent or framed but from and to the console itself. htmx parses with `parseHTMLUnsafe`, for which the page's own
/// script makes the one policy `default` (it passes HTML, no script and no URL).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
require-trusted-types-for 'script'; trusted-types default";

const HEADERS: [(&str, &str); 8] = [
    ("content-security-policy", POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// Lets a request in, or answers it.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let visit = Visit::of(&app, request.headers(), &path);
    let mut response = match visit {
        Ok(mut visit) => {
            let answer = match admit(&mut visit, request).await {
                Ok(request) => next.run(request).await,
                Err(answer) => *answer,
            };
            dressed(&visit, answer)
        }
        Err(denial) => Problem::from(denial).status().into_response(),
    };
    harden(response.headers_mut(), &app.origin);
    response
}

/// Checks that the request is the console's own, reads what it brings, and finds who it is.
async fn admit(visit: &mut Visit, request: Request) -> Result<Request, Box<Response>> {
    let (mut parts, body) = request.into_parts();
    let problem = |problem: Problem| Box::new(problem.into_response());
    if !is_for(&visit.app.origin, &parts.headers, &parts.uri) {
        return Err(problem(Problem::Misdirected));
    }
    let posts = parts.method == Method::POST;
    if !posts && parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(problem(Problem::Method));
    }
    if parts.uri.path().starts_with("/assets/") {
        return Ok(Request::from_parts(parts, Body::empty()));
    }
    if posts && !is_same_origin(&visit.app.origin, &parts.headers) {
        return Err(problem(Problem::Forged));
    }
    visit.find_session().map_err(|denial| problem(denial.into()))?;
    let open = is_open(parts.uri.path());
    if posts {
        let fields = posted(visit, &parts.headers, body).await.map_err(problem)?;
        if visit.signed_in.is_none() && !open {
            // Nothing is done, and nothing is lost: what was entered goes along to where one signs in.
            return Err(Box::new(sign_in::ended(visit, &fields).unwrap_or_else(IntoResponse::into_response)));
        }
        if !visit.app.sessions.is_marked(&visit.token, fields.one("csrf")) {
            return Err(problem(Problem::Forged));
        }
        parts.extensions.insert(fields);
    } else if visit.signed_in.is_none() && !open {
        let answer = match is_led_here(visit, &parts.headers) {
            true => sign_in::led_here(visit),
            false => sign_in::first(visit),
        };
        return Err(Box::new(answer.unwrap_or_else(IntoResponse::into_response)));
    }
    parts.extensions.insert(visit.clone());
    Ok(Request::from_parts(parts, Body::empty()))
}

/// What anybody may see.
fn is_open(path: &str) -> bool {
    matches!(path, "/sign-in" | "/accessibility" | "/help") || path.starts_with("/language/")
}

/// Whether it was asked for under our own name: a name of others that leads to our address is none [DNS rebinding].
fn is_for(origin: &Origin, headers: &HeaderMap, uri: &Uri) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let named = |name: &str| name.eq_ignore_ascii_case(origin.authority());
    host.is_some_and(named) && hosts.next().is_none() && uri.authority().is_none_or(|one| named(one.as_str()))
}

/// Whether a form was posted by a page of ours. Browsers say so by themselves; what says nothing of it is no browser of today. With
/// `Referrer-Policy: no-referrer` the origin of our own forms is `null` [Fetch §3.2], where Sec-Fetch-Site tells them apart.
fn is_same_origin(origin: &Origin, headers: &HeaderMap) -> bool {
    let one = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (one(HeaderName::from_static("sec-fetch-site")), one(ORIGIN)) {
        (Some("same-origin"), from) => from.is_none_or(|from| from == origin.as_str() || from == "null"),
        (Some(_), _) => false,
        (None, from) => from == Some(origin.as_str()),
    }
}

/// Whether a link of another site led here: then the browser kept the cookie back, and sends it when our own page leads here.
fn is_led_here(visit: &Visit, headers: &HeaderMap) -> bool {
    visit.is_new && headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

async fn posted(visit: &Visit, headers: &HeaderMap, body: Body) -> Result<Fields, Problem> {
    let _place = visit.app.forms.try_acquire().map_err(|_| Problem::Busy)?;
    let declared = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let too_large = || Problem::from(Denial::failed(Fault::TooLarge, "a form brings at most 8 MiB"));
    if declared.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let read = timeout(BODY_TIME, to_bytes(body, BODY_BYTES_MAX)).await.map_err(|_| Problem::Slow)?;
    Ok(Fields::read(headers, &read.map_err(|_| too_large())?)?)
}

/// Makes a page of a problem, and gives who has no token one.
fn dressed(visit: &Visit, mut response: Response) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.page(visit);
    }
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_bare = response.extensions().get::<WithoutToken>().is_some();
    if is_page && visit.is_new && !is_bare && !response.headers().contains_key(SET_COOKIE) {
        set_token(&mut response, &visit.app.origin, &visit.token.text());
    }
    response
}

/// On an answer that gives no token.
#[derive(Clone)]
pub(crate) struct WithoutToken;

/// Gives the browser a token; an empty one takes it away.
pub(crate) fn set_token(response: &mut Response, origin: &Origin, token: &str) {
    let secure = if origin.is_secure() { "; Secure" } else { "" };
    let gone = if token.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{gone}", origin.cookie());
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

fn harden(headers: &mut HeaderMap, origin: &Origin) {
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if origin.is_secure() {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(HeaderName::from_static("strict-transport-security"), value);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::settings::Settings;

    async fn origin() -> Origin {
        let settings = Settings { listen: "127.0.0.1:0".to_owned(), ..Settings::default() };
        settings.bind().await.unwrap().unwrap().origin().clone()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[tokio::test]
    async fn a_request_under_another_name_is_not_ours() {
        let origin = origin().await;
        let own = origin.authority().to_owned();
        let at = |hosts: &[&str], uri: &str| {
            let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            is_for(&origin, &headers(&hosts), &uri.parse().unwrap())
        };
        assert!(at(&[&own], "/") && at(&[&own], &format!("http://{own}/")));
        assert!(!at(&[], "/") && !at(&["evil.example"], "/") && !at(&[&own, "evil.example"], "/"));
        assert!(!at(&[&own], "http://evil.example/") && !at(&["localhost"], "/") && !at(&[&format!("{own}0")], "/"));
    }

    #[tokio::test]
    async fn a_form_of_another_page_is_not_taken() {
        let origin = origin().await;
        let own = origin.as_str().to_owned();
        let from = |pairs: &[(&'static str, &str)]| is_same_origin(&origin, &headers(pairs));
        assert!(from(&[("origin", &own)]) && from(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        for wrong in ["cross-site", "same-site", "none", "?"] {
            assert!(!from(&[("sec-fetch-site", wrong), ("origin", &own)]), "{wrong}");
        }
        assert!(!from(&[]) && !from(&[("origin", "null")]) && !from(&[("origin", "https://evil.example")]));
        assert!(!from(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]));
    }
}
