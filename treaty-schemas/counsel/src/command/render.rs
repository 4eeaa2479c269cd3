//! `treaty render`: fact sheets as files for browsers and printers. Each stands alone: no script, no font, no request to anywhere.
//!
//! The same catalogue and the same day give the same bytes: no clock, no chance.

pub(crate) mod page;
mod sheet;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use jiff::civil::Date;
use model::{Exit, PartyId};
use serde_json::json;
use treaty::Catalog;

use page::Titles;

use super::explain::{known, pair};
use crate::{answer::Answer, answer::clean, cli::Session, failure::Failure};

/// Write fact sheets: self-contained HTML for browsers and printers.
#[derive(Debug, Args)]
pub(crate) struct Render {
    #[command(subcommand)]
    what: What,
    /// The folder for the files; those of an earlier run are replaced.
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// As it stands on which day, as in 2026-04-01 [default: today].
    #[arg(long, value_parser = crate::clock::date, global = true)]
    on: Option<Date>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One party: party-JP.html.
    Party {
        /// Which, as in JP.
        party: PartyId,
    },
    /// Two parties: pair-FR-JP.html.
    Pair {
        /// One, as in JP.
        a: PartyId,
        /// The other.
        b: PartyId,
    },
    /// Every party, every two between which something is in force, and an index.html.
    All,
}

impl Render {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let catalog = session.catalog()?;
        let titles = Titles::of(&catalog);
        let on = self.on.unwrap_or_else(|| session.today());
        fs::create_dir_all(&self.out).map_err(|error| Failure::writing(&self.out, &error))?;
        let mut written = Vec::new();
        let mut put = |name: String, html: String| {
            write(&self.out, &name, &html)?;
            written.push(name);
            Ok::<_, Failure>(())
        };
        match self.what {
            What::Party { party } => {
                known(&catalog, party)?;
                put(format!("party-{party}.html"), sheet::party(&catalog, &titles, party, on, false)?)?;
            }
            What::Pair { a, b } => {
                pair(&catalog, a, b)?;
                put(sheet::pair_name(a, b), sheet::pair(&catalog, &titles, a, b, on, false)?)?;
            }
            What::All => all(&catalog, &titles, on, &mut put)?,
        }
        let text = match written.as_slice() {
            [one] => self.out.join(one).display().to_string(),
            many => format!("{} files in {}, begin with index.html", many.len(), self.out.display()),
        };
        Ok(Answer::new(
            json!({ "folder": self.out.display().to_string(), "files": written, "on": on.to_string() }),
            text,
        ))
    }
}

fn all(
    catalog: &Catalog,
    titles: &Titles,
    on: Date,
    put: &mut impl FnMut(String, String) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let parties: Vec<_> = catalog.parties().map(|(id, _)| id).collect();
    put("index.html".to_owned(), sheet::index(catalog, on)?)?;
    for (index, a) in parties.iter().enumerate() {
        put(format!("party-{a}.html"), sheet::party(catalog, titles, *a, on, true)?)?;
        for b in parties.iter().skip(index + 1) {
            if !catalog.rule(*a, *b, on).is_empty() {
                put(sheet::pair_name(*a, *b), sheet::pair(catalog, titles, *a, *b, on, true)?)?;
            }
        }
    }
    Ok(())
}

fn write(folder: &Path, name: &str, html: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    fs::write(&path, clean(html)).map_err(|error| Failure::writing(&path, &error))
}

/// A page as HTML. Every text is escaped where it is put in.
pub(crate) fn html(page: &impl askama::Template) -> Result<String, Failure> {
    page.render().map_err(|error| Failure::new(Exit::Failure, format!("cannot render: {error}")))
}
