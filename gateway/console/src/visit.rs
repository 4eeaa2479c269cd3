//! One request of a browser: who it is, in which language, and what every page of it needs.

use std::{convert::Infallible, sync::Arc};

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, StatusCode,
        header::{COOKIE, LOCATION},
        request::Parts,
    },
    response::{Html, IntoResponse, Response},
};
use model::{Denial, Fault, Language, Timestamp};

use crate::{
    App,
    face::{self, Page, Section},
    fields::Fields,
    locale::Locale,
    officers::Officer,
    problem::Problem,
    session::{Session, Token},
};

/// What a page answers.
pub(crate) type Answer = Result<Response, Problem>;

/// A request that the guard let in.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) app: Arc<App>,
    pub(crate) locale: Locale,
    pub(crate) now: Timestamp,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) token: Token,
    /// Whether the browser showed no token.
    pub(crate) is_new: bool,
    pub(crate) signed_in: Option<SignedIn>,
}

/// Who signed in.
#[derive(Clone)]
pub(crate) struct SignedIn {
    /// As the directory lists the officer now.
    pub(crate) officer: Officer,
    pub(crate) session: Arc<Session>,
}

impl Visit {
    pub(crate) fn of(app: &Arc<App>, headers: &HeaderMap, path: &str) -> Result<Self, Denial> {
        let token = cookie(headers, &app.origin.cookie()).and_then(Token::read);
        Ok(Self {
            app: app.clone(),
            locale: face::locale(headers),
            now: (app.clock)(),
            path: path.to_owned(),
            is_new: token.is_none(),
            token: token.map_or_else(Token::draw, Ok)?,
            signed_in: None,
        })
    }

    /// Looks for the session of the token. An officer whom the directory does not list any more has none.
    pub(crate) fn find_session(&mut self) -> Result<(), Denial> {
        let Some(session) = self.app.sessions.find(&self.token, self.now) else { return Ok(()) };
        match self.app.officers.now(&session.officer)? {
            Some(officer) => self.signed_in = Some(SignedIn { officer, session }),
            None => self.app.sessions.close(&self.token),
        }
        Ok(())
    }

    /// The officer who is signed in.
    ///
    /// # Errors
    /// 403 where nobody is: the guard lets nobody in to a page that asks this.
    pub(crate) fn officer(&self) -> Result<&SignedIn, Problem> {
        self.signed_in.as_ref().ok_or(Problem::Forged)
    }

    /// What every page shows.
    pub(crate) fn page(&self, section: Section) -> Page {
        let officer = |one: &SignedIn| face::Officer {
            name: one.officer.name.clone(),
            roles: one
                .officer
                .roles
                .iter()
                .map(|role| self.text(&key("role", role.as_str())))
                .collect::<Vec<_>>()
                .join(", "),
        };
        Page {
            locale: self.locale,
            officer: self.signed_in.as_ref().map(officer),
            desk: self.app.desk.to_string(),
            training: self.app.training,
            path: self.path.clone(),
            csrf: self.app.sessions.mark(&self.token),
            notice: None,
            section,
        }
    }

    /// The language in which the codes of the treaties are explained.
    pub(crate) fn language(&self) -> Language {
        language(self.locale)
    }

    /// A text of the page.
    pub(crate) fn text(&self, id: &str) -> String {
        self.locale.text(id)
    }

    /// A moment where this desk lies.
    pub(crate) fn moment(&self, ms: i64) -> String {
        self.locale.moment(ms, &self.app.zone)
    }
}

/// The key of the text for a name of the desk's: `state-info-wait` for `INFO_WAIT`.
pub(crate) fn key(of: &str, name: &str) -> String {
    format!("{of}-{}", name.to_ascii_lowercase().replace('_', "-"))
}

/// The language of the catalogue's own texts that is nearest to a locale.
pub(crate) fn language(locale: Locale) -> Language {
    locale.tag().parse().unwrap_or(Language::English)
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Self>().cloned();
        visit.ok_or_else(|| Problem::from(Denial::failed(Fault::Internal, "a page stands outside of the guard")))
    }
}

/// What a form brought; nothing on a page that no form led to.
pub(crate) struct Form(pub(crate) Fields);

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.remove::<Fields>().unwrap_or_default()))
    }
}

/// A page.
pub(crate) fn html(template: &impl Template) -> Answer {
    html_as(StatusCode::OK, template)
}

/// A page under another status than 200.
pub(crate) fn html_as(status: StatusCode, template: &impl Template) -> Answer {
    let text = template.render();
    let text = text.map_err(|_| Problem::from(Denial::failed(Fault::Internal, "a page cannot be written")))?;
    Ok((status, Html(text)).into_response())
}

/// To another page of the console, by GET.
pub(crate) fn see(path: &str) -> Answer {
    Ok((StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response())
}

fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use model::{Fault, Role, Step};

    use super::*;

    #[test]
    fn whatever_the_vocabulary_names_has_a_text() {
        let steps = Step::ALL.map(|step| key("step", step.as_str()));
        let roles = Role::ALL.map(|role| key("role", role.as_str()));
        let faults = Fault::ALL.map(|fault| format!("problem-{}-title", key("fault", fault.as_str())));
        for id in steps.into_iter().chain(roles).chain(faults) {
            assert_ne!(Locale::En.text(&id), id);
        }
        assert_eq!(key("state", "INFO_WAIT"), "state-info-wait");
    }

    #[test]
    fn the_catalogue_speaks_the_languages_of_the_interface() {
        for locale in Locale::ALL {
            assert_eq!(language(locale).to_string(), locale.tag());
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, axum::http::HeaderValue::from_static("a=1; wanted=2"));
        headers.append(COOKIE, axum::http::HeaderValue::from_static("b=3"));
        assert_eq!(cookie(&headers, "wanted"), Some("2"));
        assert_eq!((cookie(&headers, "b"), cookie(&headers, "want")), (Some("3"), None));
    }
}
