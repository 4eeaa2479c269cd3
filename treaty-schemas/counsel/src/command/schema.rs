//! `treaty schema`: the form of a treaty file for editors, as JSON Schema 2020-12.

use std::{fs, path::Path, path::PathBuf};

use clap::{Args, ValueEnum};
use model::Exit;
use serde_json::{Map, Value, json};

use crate::{answer::Answer, failure::Failure};

/// Print the JSON Schema of a kind of treaty file, or write all of them for an editor (taplo, Even Better TOML).
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which kind of file [default: all].
    #[arg(value_enum)]
    kind: Option<Kind>,
    /// Write them into this folder instead, with a .taplo.toml that tells editors which is for which file.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A kind of treaty file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Instrument,
    Party,
    Overlay,
    National,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Instrument => "instrument",
            Self::Party => "party",
            Self::Overlay => "overlay",
            Self::National => "national",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Instrument => include_str!("../../../catalog/schema/instrument.schema.json"),
            Self::Party => include_str!("../../../catalog/schema/party.schema.json"),
            Self::Overlay => include_str!("../../../catalog/schema/overlay.schema.json"),
            Self::National => include_str!("../../../catalog/schema/national.schema.json"),
        }
    }

    /// Which files of a catalogue it is for.
    fn files(self) -> &'static str {
        match self {
            Self::Instrument => "instruments/*/*.toml",
            Self::Party => "parties/*.toml",
            Self::Overlay => "overlays/*/*.toml",
            Self::National => "national/*.toml",
        }
    }
}

impl Schema {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        if let Some(folder) = &self.out {
            let written = write(folder)?;
            let text = format!("written: {}", written.join(", "));
            return Ok(Answer::new(json!({ "written": written }), text));
        }
        let kinds: Vec<_> =
            Kind::value_variants().iter().filter(|kind| self.kind.is_none_or(|one| one == **kind)).collect();
        let mut schemas = Map::new();
        for kind in &kinds {
            let schema: Value = serde_json::from_str(kind.text())
                .map_err(|error| Failure::new(Exit::Failure, format!("the schema of {}: {error}", kind.name())))?;
            schemas.insert(kind.name().to_owned(), schema);
        }
        let text = match kinds.as_slice() {
            [one] => one.text().to_owned(),
            _ => format!("{:#}", Value::Object(schemas.clone())),
        };
        Ok(Answer::new(json!({ "schemas": schemas }), text))
    }
}

/// Writes the schemas into `schema/` below `folder`, and what tells editors of them. Answers with the paths.
pub(crate) fn write(folder: &Path) -> Result<Vec<String>, Failure> {
    let schemas = folder.join("schema");
    fs::create_dir_all(&schemas).map_err(|error| Failure::writing(&schemas, &error))?;
    let mut written = Vec::new();
    let mut rules =
        "# For taplo and Even Better TOML: complete and check treaty files while they are written.\n".to_owned();
    let mut put = |path: PathBuf, text: &str| {
        fs::write(&path, text).map_err(|error| Failure::writing(&path, &error))?;
        written.push(path.display().to_string());
        Ok::<_, Failure>(())
    };
    for kind in Kind::value_variants() {
        let name = format!("{}.schema.json", kind.name());
        put(schemas.join(&name), kind.text())?;
        rules += &format!("\n[[rule]]\ninclude = [\"{}\"]\nschema = {{ path = \"schema/{name}\" }}\n", kind.files());
    }
    put(folder.join(".taplo.toml"), &rules)?;
    Ok(written)
}
