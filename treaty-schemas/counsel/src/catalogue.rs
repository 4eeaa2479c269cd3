//! Reading a folder of treaty files: the four layers, and nothing else that lies there.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use model::Exit;
use treaty::Catalog;

use crate::{failure::Failure, finding::Finding};

/// The folders of the layers.
pub(crate) const LAYERS: [&str; 4] = ["instruments", "parties", "overlays", "national"];
/// Treaty files in a catalogue: 193 states in every pair would have fewer.
const FILES_MAX: usize = 50_000;
/// Bytes of a file that are looked at; the library reads far fewer, and says so.
const BYTES_MAX: u64 = 1024 * 1024;

/// The treaty files of a folder, as text.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Path within the catalogue, with `/`, and text; sorted by path.
    pub(crate) files: Vec<(String, String)>,
    /// Files that are no text that can be read.
    pub(crate) unreadable: Vec<Finding>,
}

impl Sources {
    /// The files of `folder`, or those that this program was built with.
    pub(crate) fn of(folder: Option<&Path>) -> Result<Self, Failure> {
        match folder {
            Some(folder) => Self::read(folder),
            None => Ok(Self::builtin()),
        }
    }

    /// The files that this program was built with.
    pub(crate) fn builtin() -> Self {
        let mut files: Vec<_> = Catalog::builtin_files().collect();
        files.sort();
        Self { files, unreadable: Vec::new() }
    }

    /// Every TOML file of the four layers below `folder`. A folder without any of them is no catalogue.
    fn read(folder: &Path) -> Result<Self, Failure> {
        let mut sources = Self::default();
        list(folder)?;
        let layers: Vec<_> = LAYERS.into_iter().filter(|layer| folder.join(layer).is_dir()).collect();
        if layers.is_empty() {
            let what = format!("{} is no catalogue: it has no folder {}", folder.display(), LAYERS.join(", "));
            return Err(Failure::new(Exit::NotFound, what).remedy("Begin one: treaty new catalogue DIR"));
        }
        for layer in layers {
            for path in list(&folder.join(layer))? {
                let below = if path.is_dir() { list(&path)? } else { vec![path] };
                for path in below {
                    if path.extension().is_some_and(|extension| extension == "toml") && !path.is_dir() {
                        sources.add(folder, &path)?;
                    }
                }
            }
        }
        Ok(sources)
    }

    fn add(&mut self, root: &Path, path: &Path) -> Result<(), Failure> {
        if self.files.len() + self.unreadable.len() >= FILES_MAX {
            return Err(Failure::new(Exit::Usage, format!("{} has more than {FILES_MAX} files", root.display())));
        }
        let name = name_of(root, path);
        match read_text(path)? {
            Ok(text) => self.files.push((name, text)),
            Err(reason) => self.unreadable.push(Finding::of_file(&name, reason)),
        }
        Ok(())
    }

    /// The catalogue, whole.
    ///
    /// # Errors
    /// A failure that shows every mistake in the files.
    pub(crate) fn catalog(self) -> Result<Catalog, Failure> {
        let mut wrong: Vec<String> = self.unreadable.iter().map(ToString::to_string).collect();
        if wrong.is_empty() {
            match Catalog::load(self.files) {
                Ok(catalog) => return Ok(catalog),
                Err(diagnostics) => wrong.extend(diagnostics.iter().map(ToString::to_string)),
            }
        }
        let what = format!("the catalogue has errors, so nothing can be said of it\n{}", wrong.join("\n"));
        Err(Failure::new(Exit::Usage, what).remedy("Mend the files, then look again: treaty lint"))
    }
}

/// The catalogue that a file of a layer lies in, and the file's path in it: `parties/JP.toml`.
pub(crate) fn home_of(file: &Path) -> Result<(PathBuf, String), Failure> {
    let whole = fs::canonicalize(file).map_err(|error| Failure::reading(file, &error))?;
    let layer =
        whole.ancestors().skip(1).take(2).find(|folder| {
            folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| LAYERS.contains(&name))
        });
    match layer.and_then(Path::parent) {
        Some(root) => Ok((root.to_owned(), name_of(root, &whole))),
        None => {
            let what = format!("{} lies in no catalogue, so nobody can tell what it is", file.display());
            Err(Failure::new(Exit::Usage, what).remedy(
                "Put it where it belongs: instruments/<id>/instrument.toml, parties/<XX>.toml, overlays/<FR-JP>/<id>.toml or \
                 national/<XX>.toml. A folder to start with: treaty new catalogue DIR",
            ))
        }
    }
}

fn name_of(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts.join("/")
}

/// What lies in a folder, sorted.
fn list(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::reading(folder, &error))? {
        paths.push(entry.map_err(|error| Failure::reading(folder, &error))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The text of a file, or why it is none.
fn read_text(path: &Path) -> Result<Result<String, String>, Failure> {
    let failed = |error| Failure::reading(path, &error);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > BYTES_MAX {
        return Ok(Err(format!("the file has {size} bytes: this is no treaty file")));
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count() + 1;
        format!("the file is not UTF-8: line {line} holds a byte that is no letter of it")
    }))
}
