//! `desk procedure`: the tables by which every gateway and desk decides, as pages and pictures.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use workflow::Page;

use super::Answer;

/// Which page.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    /// How a measure moves, from the draft to its end.
    Case,
    /// How consents, incidents, errors and hearings move.
    Matters,
    /// Which clocks run, and what their end does.
    Clocks,
}

/// `desk procedure`.
#[derive(Debug, Args)]
pub(super) struct Procedure {
    /// Which part of it.
    #[arg(value_enum, default_value = "case")]
    of: Of,
    /// The pictures alone, in Mermaid. There is none of the clocks.
    #[arg(long)]
    picture: bool,
}

impl Procedure {
    pub(super) fn run(&self) -> Answer {
        let page = match self.of {
            Of::Case => Page::Case,
            Of::Matters => Page::Matters,
            Of::Clocks => Page::Clocks,
        };
        let pictures = page.pictures();
        let drawn: Vec<Value> = pictures.iter().map(|(of, mermaid)| json!({ "of": of, "mermaid": mermaid })).collect();
        let markdown = page.markdown();
        let text = match self.picture {
            true => pictures.into_iter().map(|(_, mermaid)| mermaid).collect::<Vec<_>>().join("\n"),
            false => markdown.clone(),
        };
        Answer::new(json!({ "markdown": markdown, "pictures": drawn }), text.trim_end())
    }
}
