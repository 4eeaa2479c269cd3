use std::{
    collections::BTreeMap,
    fmt,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use model::{CaseId, Denial, Digest, Fault};
use object_store::{Error, ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};

use crate::Place;

/// Where a gateway keeps sealed files: `<case>/<file>/<piece>-<its SHA-256>`, and `outline` beside them once the file is complete. Each piece is
/// written whole and durable before it is named, and is what its name says or is not given out.
#[derive(Clone)]
pub struct Depot {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

impl fmt::Debug for Depot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Depot")
    }
}

impl Depot {
    /// Opens the depot in a local folder, which it makes where it is not there, for its owner alone.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub fn open(folder: &FilePath) -> Result<Self, Denial> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| Denial::failed(Fault::Storage, format!("the folder of sealed files: {error}")))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| trouble(&error))?;
        Ok(Self { store: Arc::new(store.with_fsync(true)), folder: folder.to_path_buf() })
    }

    /// Keeps a piece. The same again changes nothing.
    ///
    /// # Errors
    /// [`Fault::Storage`]; nothing is kept then.
    pub async fn put_piece(&self, place: Place, index: u32, sealed: Bytes) -> Result<Digest, Denial> {
        let digest = Digest::of(&[&sealed]);
        self.store.put(&piece_path(place, index, digest), sealed.into()).await.map_err(|error| trouble(&error))?;
        Ok(digest)
    }

    /// The piece of this digest, where it is kept.
    ///
    /// # Errors
    /// [`Fault::Storage`], also where the disk gives other bytes than it was given.
    pub async fn piece(&self, place: Place, index: u32, digest: Digest) -> Result<Option<Bytes>, Denial> {
        let Some(bytes) = self.get(&piece_path(place, index, digest)).await? else { return Ok(None) };
        if Digest::of(&[&bytes]) == digest {
            return Ok(Some(bytes));
        }
        Err(Denial::failed(Fault::Storage, "a piece of a sealed file is damaged where it is kept"))
    }

    /// The pieces that are kept of a file, with their lengths.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn held(&self, place: Place) -> Result<BTreeMap<(u32, Digest), u64>, Denial> {
        let listed = self.store.list_with_delimiter(Some(&folder_of(place))).await.map_err(|error| trouble(&error))?;
        let one = |name: &str| {
            let (index, digest) = name.split_once('-')?;
            Some((index.parse().ok()?, digest.parse().ok()?))
        };
        let found = listed.objects.iter().filter_map(|object| Some((one(object.location.filename()?)?, object.size)));
        Ok(found.collect())
    }

    /// Keeps the outline of a file that is complete, or is being fetched.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn put_outline(&self, place: Place, outline: Bytes) -> Result<(), Denial> {
        let path = folder_of(place).join(OUTLINE);
        self.store.put(&path, outline.into()).await.map(drop).map_err(|error| trouble(&error))
    }

    /// The outline as it is kept. It is to be held against the digest again.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn outline(&self, place: Place) -> Result<Option<Bytes>, Denial> {
        self.get(&folder_of(place).join(OUTLINE)).await
    }

    /// Destroys a file, with what a kill left half-written.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn remove(&self, place: Place) -> Result<(), Denial> {
        let case = self.folder.join(case_name(place.case));
        match tokio::fs::remove_dir_all(case.join(place.file.to_string())).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let detail = format!("a sealed file cannot be destroyed: {}", error.kind());
                return Err(Denial::failed(Fault::Storage, detail));
            }
        }
        // Another file of the case may be there: then its folder stays.
        let _ = tokio::fs::remove_dir(case).await;
        Ok(())
    }

    async fn get(&self, path: &Path) -> Result<Option<Bytes>, Denial> {
        match self.store.get(path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|error| trouble(&error)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(trouble(&error)),
        }
    }
}

const OUTLINE: &str = "outline";

fn case_name(case: CaseId) -> String {
    case.to_string()
}

fn folder_of(place: Place) -> Path {
    Path::from(format!("{}/{}", case_name(place.case), place.file))
}

fn piece_path(place: Place, index: u32, digest: Digest) -> Path {
    folder_of(place).join(format!("{index:08}-{digest}"))
}

/// Without the path: it names a case.
fn trouble(error: &Error) -> Denial {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    let mut kind = None;
    while let Some(one) = source {
        kind = one.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(kind);
        source = one.source();
    }
    let why = kind.map_or_else(|| "it does not answer".to_owned(), |kind| kind.to_string());
    Denial::failed(Fault::Storage, format!("where sealed files are kept: {why}"))
}
