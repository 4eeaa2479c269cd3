use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{Context, SHA256},
};
use model::{Attached, Denial, Digest, Fault};
use zeroize::Zeroizing;

use crate::{PIECE_BYTES, Place, Shape, outline::digest_of};

/// The key of one file: 32 random bytes that seal nothing else.
pub struct FileKey(Zeroizing<[u8; 32]>);

impl FileKey {
    /// From 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn cipher(&self) -> Result<LessSafeKey, Denial> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, self.0.as_slice());
        key.map(LessSafeKey::new).map_err(|_| Denial::failed(Fault::Internal, "a file's key has no 32 bytes"))
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(…)")
    }
}

/// A sealed piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Which, from 0 on.
    pub index: u32,
    /// Its bytes, sealed.
    pub sealed: Vec<u8>,
}

/// What is known of a file that was sealed whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// SHA-256 in clear.
    pub hash: Digest,
    /// As a header names it.
    pub named: Attached,
    /// The SHA-256 of each sealed piece, one after the other.
    pub outline: Vec<u8>,
}

/// Seals a file as its bytes come. It holds one piece at most.
pub struct Sealing {
    cipher: LessSafeKey,
    place: Place,
    shape: Shape,
    clear: u64,
    taken: u64,
    buffer: Vec<u8>,
    next: u32,
    hash: Context,
    outline: Vec<u8>,
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({} of {} bytes)", self.taken, self.clear)
    }
}

impl Sealing {
    /// Begins a file of `clear` bytes.
    ///
    /// # Errors
    /// [`Fault::TooLarge`] where a file may not be so long.
    pub fn new(key: &FileKey, place: Place, clear: u64) -> Result<Self, Denial> {
        Ok(Self {
            cipher: key.cipher()?,
            place,
            shape: Shape::of_clear(clear)?,
            clear,
            taken: 0,
            buffer: Vec::with_capacity(PIECE_BYTES + 16),
            next: 0,
            hash: Context::new(&SHA256),
            outline: Vec::new(),
        })
    }

    /// Its shape when it is sealed.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Takes the next bytes, and gives the pieces that they complete.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where the file is longer than was said.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<Vec<Piece>, Denial> {
        self.taken = self.taken.saturating_add(bytes.len() as u64);
        if self.taken > self.clear {
            return Err(Denial::failed(Fault::Malformed, "the file is longer than was said"));
        }
        self.hash.update(bytes);
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            // The last piece may be full before it is known to be the last: its place tells.
            if self.buffer.len() == PIECE_BYTES {
                pieces.push(self.seal()?);
            }
        }
        Ok(pieces)
    }

    /// When all bytes were taken: the next piece of what fills the file up, until there is none.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where the file is shorter than was said.
    pub fn fill(&mut self) -> Result<Option<Piece>, Denial> {
        if self.taken != self.clear {
            return Err(Denial::failed(Fault::Malformed, "the file is shorter than was said"));
        }
        if self.next == self.shape.pieces() {
            return Ok(None);
        }
        let tag = self.cipher.algorithm().tag_len();
        let whole = self.shape.piece_bytes(self.next).unwrap_or_default().saturating_sub(tag);
        self.buffer.resize(whole, 0);
        self.seal().map(Some)
    }

    /// What is known of the file when all pieces were given.
    ///
    /// # Errors
    /// [`Fault::Internal`] where they were not.
    pub fn finish(self) -> Result<Whole, Denial> {
        if self.next != self.shape.pieces() {
            return Err(Denial::failed(Fault::Internal, "a file is finished before it is filled up"));
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(self.hash.finish().as_ref());
        let named = Attached { digest: digest_of(self.shape, &self.outline), bytes: self.shape.sealed_bytes() };
        Ok(Whole { hash: Digest::new(hash), named, outline: self.outline })
    }

    fn seal(&mut self) -> Result<Piece, Denial> {
        let index = self.next;
        let mut sealed = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE_BYTES + 16));
        let (nonce, aad) = (nonce(index, self.shape.is_last(index)), associated(self.place, index));
        let done = self.cipher.seal_in_place_append_tag(nonce, Aad::from(aad), &mut sealed);
        done.map_err(|_| Denial::failed(Fault::Internal, "a piece cannot be sealed"))?;
        self.outline.extend_from_slice(Digest::of(&[&sealed]).as_bytes());
        self.next += 1;
        Ok(Piece { index, sealed })
    }
}

/// Opens a file piece by piece, in any order.
pub struct Opening {
    cipher: LessSafeKey,
    place: Place,
    shape: Shape,
    clear: u64,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({} bytes)", self.clear)
    }
}

impl Opening {
    /// Begins to open a file that has `clear` bytes in clear.
    ///
    /// # Errors
    /// [`Fault::TooLarge`] where a file may not be so long.
    pub fn new(key: &FileKey, place: Place, clear: u64) -> Result<Self, Denial> {
        Ok(Self { cipher: key.cipher()?, place, shape: Shape::of_clear(clear)?, clear })
    }

    /// The shape that its sealed bytes have to have.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many pieces hold something else than what fills the file up: with them the file is whole. At least one.
    pub fn pieces(&self) -> u32 {
        u32::try_from(self.clear.div_ceil(PIECE_BYTES as u64)).unwrap_or(u32::MAX).max(1)
    }

    /// The clear bytes of a piece, without what fills the file up.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where it is not that piece of that file, sealed with that key.
    pub fn open(&self, index: u32, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Denial> {
        let wrong = |what: &str| Denial::failed(Fault::Malformed, format!("piece {index} of the file {what}"));
        if self.shape.piece_bytes(index) != Some(sealed.len()) {
            return Err(wrong("has another length"));
        }
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let (nonce, aad) = (nonce(index, self.shape.is_last(index)), associated(self.place, index));
        let opened = self.cipher.open_in_place(nonce, Aad::from(aad), &mut bytes);
        let length = opened.map_err(|_| wrong("does not open"))?.len();
        bytes.truncate(length);
        let rest = self.clear.saturating_sub(u64::from(index) * PIECE_BYTES as u64);
        let clear = usize::try_from(rest).unwrap_or(usize::MAX).min(length);
        if bytes[clear..].iter().any(|byte| *byte != 0) {
            return Err(wrong("is filled up with something else than zero bytes"));
        }
        bytes.truncate(clear);
        Ok(bytes)
    }
}

fn nonce(index: u32, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[7..11].copy_from_slice(&index.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}

fn associated(place: Place, index: u32) -> Vec<u8> {
    [b"rogatory file v1\0".as_slice(), place.case.as_bytes(), place.file.as_bytes(), &index.to_be_bytes()].concat()
}
