use model::{Denial, Fault, limits::FILE_BYTES_MAX};

/// Clear bytes in a piece. The last one may have less.
pub const PIECE_BYTES: usize = 1024 * 1024;
/// What sealing adds to a piece.
pub(crate) const TAG_BYTES: usize = 16;
/// A piece, sealed.
pub const SEALED_PIECE_BYTES: usize = PIECE_BYTES + TAG_BYTES;
/// Files below this size look alike.
const PADDED_MIN: u64 = 4096;

/// How long a file of `bytes` is when it is filled up: to the next length of which all but the first few digits are zero, at most 12 %
/// more, so that its length tells little [Padmé, Nikitin et al. 2019, §4].
pub fn padded(bytes: u64) -> u64 {
    let bytes = bytes.max(PADDED_MIN);
    let exponent = u64::from(bytes.ilog2());
    let kept = u64::from(exponent.ilog2()) + 1;
    let mask = (1_u64 << (exponent - kept)) - 1;
    bytes.saturating_add(mask) & !mask
}

/// How many pieces a sealed file has, and how long each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pieces: u32,
    sealed: u64,
}

impl Shape {
    /// The shape of a file that has so many bytes in clear.
    ///
    /// # Errors
    /// [`Fault::TooLarge`] over [`FILE_BYTES_MAX`].
    pub fn of_clear(bytes: u64) -> Result<Self, Denial> {
        let too_large = || {
            let detail =
                "a file has 128 GiB at most; what is larger travels on a medium (record type out_of_band_media)";
            Denial::failed(Fault::TooLarge, detail)
        };
        if bytes > FILE_BYTES_MAX {
            return Err(too_large());
        }
        let padded = padded(bytes);
        let sealed = padded + padded.div_ceil(PIECE_BYTES as u64) * TAG_BYTES as u64;
        if sealed > FILE_BYTES_MAX { Err(too_large()) } else { Self::of_sealed(sealed) }
    }

    /// The shape of a file that has so many bytes sealed.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where no sealed file has that length, or none may have it.
    pub fn of_sealed(bytes: u64) -> Result<Self, Denial> {
        let malformed = || Denial::failed(Fault::Malformed, "no sealed file has this length");
        let pieces = u32::try_from(bytes.div_ceil(SEALED_PIECE_BYTES as u64)).map_err(|_| malformed())?;
        let last = bytes.checked_sub(u64::from(pieces.saturating_sub(1)) * SEALED_PIECE_BYTES as u64);
        let fits = last.is_some_and(|last| last > TAG_BYTES as u64) && bytes <= FILE_BYTES_MAX;
        if fits { Ok(Self { pieces, sealed: bytes }) } else { Err(malformed()) }
    }

    /// How many pieces there are.
    pub fn pieces(&self) -> u32 {
        self.pieces
    }

    /// How many bytes it has, sealed.
    pub fn sealed_bytes(&self) -> u64 {
        self.sealed
    }

    /// How many bytes the outline has.
    pub fn outline_bytes(&self) -> usize {
        self.pieces as usize * 32
    }

    /// Whether it is the last piece.
    pub fn is_last(&self, index: u32) -> bool {
        index.checked_add(1) == Some(self.pieces)
    }

    /// How many bytes a piece has, sealed; `None` where there is no such piece.
    pub fn piece_bytes(&self, index: u32) -> Option<usize> {
        let before = u64::from(index) * SEALED_PIECE_BYTES as u64;
        let rest = self.sealed.checked_sub(before).filter(|_| index < self.pieces)?;
        usize::try_from(rest.min(SEALED_PIECE_BYTES as u64)).ok()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn lengths_are_hidden_among_others_and_cost_an_eighth_at_most() {
        assert_eq!([0, 1, 4096].map(padded), [4096; 3]);
        for bytes in [4097, 10_000, 123_456_789, FILE_BYTES_MAX - 1] {
            let filled = padded(bytes);
            assert!(filled >= bytes && (filled - bytes) * 8 < bytes, "{bytes} becomes {filled}");
            assert_eq!(padded(filled), filled);
        }
        assert_eq!(padded(1_000_001), padded(1_000_002));
    }

    #[test]
    fn a_shape_adds_up_to_its_length() {
        for clear in [0, 1, PIECE_BYTES as u64 - 1, PIECE_BYTES as u64, PIECE_BYTES as u64 + 1, 5_000_000] {
            let shape = Shape::of_clear(clear).unwrap();
            let sum: usize = (0..shape.pieces()).map(|index| shape.piece_bytes(index).unwrap()).sum();
            assert_eq!(sum as u64, shape.sealed_bytes());
            assert_eq!(Shape::of_sealed(shape.sealed_bytes()).unwrap(), shape);
            assert_eq!(shape.piece_bytes(shape.pieces()), None);
        }
    }

    #[test]
    fn a_length_that_no_sealed_file_has_is_refused() {
        let piece = SEALED_PIECE_BYTES as u64;
        for bytes in [0, 1, 16, piece + 1, piece + 16, FILE_BYTES_MAX + 1, u64::MAX] {
            assert_eq!(Shape::of_sealed(bytes).unwrap_err().reason(), "MALFORMED", "{bytes}");
        }
        assert!(Shape::of_sealed(17).is_ok() && Shape::of_sealed(piece + 17).is_ok());
        for bytes in [FILE_BYTES_MAX, FILE_BYTES_MAX + 1, u64::MAX] {
            assert_eq!(Shape::of_clear(bytes).unwrap_err().reason(), "TOO_LARGE", "{bytes}");
        }
    }
}
