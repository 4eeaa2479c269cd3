//! The pages that people work with in a browser.
//!
//! A page is a client of the desk like the command line: it calls `rogatory.desk.v1` over the desk's own socket and knows nothing else of a case, so
//! that whatever the browser can do, a national system can, and the desk refuses both alike. What an officer signs is checked and signed by who
//! starts the console ([`Officers`]); no key and no passphrase stays here.
//!
//! It must never link a storage, `seal`, `desk`, `relay` or `workflow`, and it keeps nothing on a disk.
//!
//! Begin with `guard` (what every request passes), then `pages`. To add
//! - **a page**: a file in `pages/` with `routes()`, a `#[derive(Template)]` struct with a field `page: Page` and a template in `templates/pages/` that
//!   extends `layout.html`. A handler takes [`Visit`](visit::Visit), makes one or two calls by `Desk`, and answers [`html`](visit::html). It returns
//!   `Problem` by `?`; the guard makes the page of it. An address bears whole ids. GET changes nothing.
//! - **a form**: `<form method="post">` with `csrf` (`page.csrf`) and, where it does something, `once` (`session::once`, new with each showing). The handler takes
//!   `Form(fields)`. What is wrong with it is shown over the same form, filled ([`Told`](problem::Told)), under the status of the problem. After it was done: `see`. Handle the field
//!   `resumed`: it comes back through `sign_in` with what was entered, and must be shown, not done.
//! - **a form of the catalogue** to a step: a line in `forms::of_step`, and a text `field-<name>` for each field that has none yet. The document is
//!   made from the schema; what the desk fills in is left out there.
//! - **a signature**: put the `PrepareStepRequest` together, and let `signing` prepare, show, sign and hand it in. The passphrase is asked for on the page
//!   that shows what is signed, and taken by `Fields::take_passphrase` where it is used.
//! - **a text**: a key `<page>-<what>` in `locales/<tag>/<page>.ftl` of every locale. A text of the desk that people read (a state, a step) is looked up
//!   under `state-…`, `step-…`; reasons and remedies of refusals come in English from who refuses, with the code's meaning in the reader's language.

pub mod assets;
mod attempts;
mod desk;
mod draft;
pub mod face;
mod fields;
mod forms;
pub mod govuk;
mod guard;
mod hearing;
mod kept;
pub mod locale;
mod officers;
mod pages;
mod plot;
mod problem;
mod server;
mod session;
mod settings;
mod shown;
mod signing;
mod visit;
mod words;

use std::{path::PathBuf, sync::Arc};

use axum::{Router, middleware::from_fn_with_state};
use model::{AuthorityId, Denial, Timestamp};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use attempts::Attempts;
use desk::Desk;
use kept::Kept;
use session::Sessions;

pub use officers::{Act, Inside, Officer, Officers, Opening, Proof, Scope, Signature, Unproven};
pub use settings::{Bound, Origin, Settings, SettingsError};

/// Forms that come in at the same time: each may have 8 MiB.
const FORMS_MAX: usize = 32;

/// Whose console it is, and what stands behind it.
pub struct Setup {
    /// Whose desk.
    pub desk: AuthorityId,
    /// Where the desk answers.
    pub socket: PathBuf,
    /// Who signs.
    pub officers: Arc<dyn Officers>,
    /// Whether the own state was made for training.
    pub training: bool,
    /// Where the desk lies, by its IANA time zone.
    pub zone: String,
    /// The one clock of the program.
    pub clock: fn() -> Timestamp,
}

/// All that the pages share.
struct App {
    origin: Origin,
    desk: AuthorityId,
    cases: Desk,
    officers: Arc<dyn Officers>,
    training: bool,
    zone: String,
    clock: fn() -> Timestamp,
    sessions: Sessions,
    attempts: Attempts,
    forms: Semaphore,
    kept: Kept,
}

impl Bound {
    /// Serves until `stop`. Call it within a tokio runtime.
    ///
    /// # Errors
    /// A [`Denial`] where the system gives no randomness.
    pub async fn serve(self, setup: Setup, stop: CancellationToken) -> Result<(), Denial> {
        let app = Arc::new(App {
            origin: self.origin,
            desk: setup.desk,
            cases: Desk::at(&setup.socket),
            officers: setup.officers,
            training: setup.training,
            zone: setup.zone,
            clock: setup.clock,
            sessions: Sessions::new()?,
            attempts: Attempts::default(),
            forms: Semaphore::new(FORMS_MAX),
            kept: Kept::default(),
        });
        server::serve(self.listener, router(&app), stop).await;
        Ok(())
    }
}

fn router(app: &Arc<App>) -> Router {
    pages::routes().merge(assets::routes()).layer(from_fn_with_state(app.clone(), guard::guard)).with_state(app.clone())
}
