use bytes::Bytes;
use model::{Attached, Denial, Digest, Fault};

use crate::Shape;

/// The SHA-256 of each piece of a sealed file, in order. It was held against the digest that a header names, so that each piece can be held
/// against it as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    shape: Shape,
    digests: Bytes,
}

impl Outline {
    /// What somebody shows as the outline of the file that `named` is.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where it is the outline of another one.
    pub fn read(digests: Bytes, named: &Attached) -> Result<Self, Denial> {
        let shape = Shape::of_sealed(named.bytes)?;
        if digests.len() != shape.outline_bytes() || digest_of(shape, &digests) != named.digest {
            return Err(Denial::failed(Fault::Malformed, "the outline is not that of the file that the header names"));
        }
        Ok(Self { shape, digests })
    }

    /// The outline of a file of this shape, and how a header names that file.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where it is not as long as the shape wants it.
    pub fn of(shape: Shape, digests: Bytes) -> Result<(Self, Attached), Denial> {
        let named = Attached { digest: digest_of(shape, &digests), bytes: shape.sealed_bytes() };
        Self::read(digests, &named).map(|outline| (outline, named))
    }

    /// Holds a piece against it.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where the piece is another one.
    pub fn check(&self, index: u32, sealed: &[u8]) -> Result<(), Denial> {
        if self.piece(index) == Some(Digest::of(&[sealed])) {
            return Ok(());
        }
        Err(Denial::failed(Fault::Malformed, format!("piece {index} is not the one that the outline names")))
    }

    /// The digest of a piece.
    pub fn piece(&self, index: u32) -> Option<Digest> {
        let start = index as usize * 32;
        self.digests.get(start..start + 32).and_then(|bytes| Digest::try_from(bytes).ok())
    }

    /// What it is the outline of.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.digests
    }
}

/// The digest by which a header names a file of this outline.
pub(crate) fn digest_of(shape: Shape, digests: &[u8]) -> Digest {
    Digest::of(&[b"rogatory outline v1\0", &shape.sealed_bytes().to_be_bytes(), digests])
}
