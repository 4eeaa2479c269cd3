//! The procedure as pages for people, made from the tables that decide.

use crate::{MatterKind, clock_table, matter_picture, matter_table, picture, table};

const HELD: &str =
    "`desk procedure` prints it; a test holds what is kept beside the tables to that (`ROGATORY_ACCEPT=1 cargo test -p
rogatory-workflow` writes it anew).";

/// A page of the procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// How a measure moves.
    Case,
    /// How the matters of a case move.
    Matters,
    /// Which clocks run.
    Clocks,
}

impl Page {
    /// The page in Markdown, with its pictures in Mermaid.
    pub fn markdown(self) -> String {
        match self {
            Self::Case => format!(
                "# How a measure moves\n\nA request has measures, and each moves by itself. This page is made from the table that the \
                 gateways and desks decide by:\n{HELD} \"home\" is the requesting party, \"peer\" the requested one; \"2 ×\"\n\
                 are two different officers.\n\n{}\n{}",
                drawn(&picture()),
                table()
            ),
            Self::Matters => {
                let chapter = |kind: MatterKind| {
                    format!("\n## {kind}\n\n{}\n{}", drawn(&matter_picture(kind)), matter_table(kind))
                };
                let chapters: String = MatterKind::ALL.into_iter().map(chapter).collect();
                format!(
                    "# How the matters of a case move\n\nBeside its request a case may have matters: a consent to another use or reader, \
                     an incident, an error in what was given, a hearing by video\nlink. Each moves by itself, in the same chain of \
                     entries as the measures. This page is made from the table that the gateways and desks decide by:\n{HELD} \
                     \"peer\" is the requested party; \"2 ×\" are two\ndifferent officers.\n{chapters}"
                )
            }
            Self::Clocks => format!(
                "# Which clocks run\n\nA treaty file says how long each lasts and by which clause; where it says nothing, the programs' \
                 own policy does, and is called so everywhere.\nThis page is made from the table that the desks count by:\n{HELD} \
                 \"late\" is told to people and moves nothing; what lapses ends what it\nguards.\n\n{}",
                clock_table()
            ),
        }
    }

    /// The pictures alone, in Mermaid: each state machine under the name of what it moves. There is none of the clocks.
    pub fn pictures(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Case => vec![("measure", picture())],
            Self::Matters => MatterKind::ALL.into_iter().map(|kind| (kind.as_str(), matter_picture(kind))).collect(),
            Self::Clocks => Vec::new(),
        }
    }
}

fn drawn(picture: &str) -> String {
    format!("```mermaid\n{picture}```\n")
}
