use blobs::{FileKey, Opening, Outline, PIECE_BYTES, Piece, Place, Sealing, Whole};
use bytes::Bytes;
use model::{Attached, CaseId, Digest, FileId};
use proptest::prelude::*;

fn place(case: u8, file: u8) -> Place {
    Place { case: CaseId::new([case; 16]), file: FileId::new([file; 16]) }
}

fn key(number: u8) -> FileKey {
    FileKey::new([number; 32])
}

fn clear(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 31 % 251) as u8).collect()
}

/// Seals what comes in portions of `portion` bytes.
fn sealed(bytes: &[u8], portion: usize, place: Place) -> (Vec<Piece>, Whole) {
    let mut sealing = Sealing::new(&key(7), place, bytes.len() as u64).unwrap();
    let mut pieces = Vec::new();
    for portion in bytes.chunks(portion) {
        pieces.extend(sealing.take(portion).unwrap());
    }
    while let Some(piece) = sealing.fill().unwrap() {
        pieces.push(piece);
    }
    (pieces, sealing.finish().unwrap())
}

fn opened(pieces: &[Piece], opening: &Opening) -> Vec<u8> {
    pieces.iter().flat_map(|one| opening.open(one.index, &one.sealed).unwrap().to_vec()).collect()
}

#[test]
fn a_file_of_any_length_opens_to_what_it_was() {
    let piece = PIECE_BYTES;
    for length in [0, 1, 4096, piece - 1, piece, piece + 1, 3 * piece, 3 * piece + 5] {
        let bytes = clear(length);
        let (pieces, whole) = sealed(&bytes, 300_000, place(1, 1));
        let opening = Opening::new(&key(7), place(1, 1), length as u64).unwrap();
        assert_eq!(opened(&pieces, &opening), bytes, "{length}");
        assert_eq!(whole.hash, Digest::of(&[&bytes]));
        assert_eq!(pieces.iter().map(|one| one.sealed.len() as u64).sum::<u64>(), whole.named.bytes);
        let outline = Outline::read(whole.outline.clone().into(), &whole.named).unwrap();
        assert!(pieces.iter().all(|one| outline.check(one.index, &one.sealed).is_ok()));
        let needed = opening.pieces() as usize;
        assert_eq!(opened(&pieces[..needed], &opening), bytes, "what fills up behind it is not needed");
    }
}

#[test]
fn a_file_that_is_sealed_again_is_the_same_to_the_byte() {
    let bytes = clear(2 * PIECE_BYTES + 17);
    let (first, whole) = sealed(&bytes, 1_000_000, place(1, 1));
    assert_eq!(sealed(&bytes, 777, place(1, 1)), (first, whole));
}

#[test]
fn a_file_of_another_length_than_was_said_is_refused() {
    let mut longer = Sealing::new(&key(7), place(1, 1), 10).unwrap();
    assert_eq!(longer.take(&[0; 11]).unwrap_err().reason(), "MALFORMED");
    let mut shorter = Sealing::new(&key(7), place(1, 1), 10).unwrap();
    shorter.take(&[0; 9]).unwrap();
    assert_eq!(shorter.fill().unwrap_err().reason(), "MALFORMED");
}

#[test]
fn a_piece_opens_in_no_other_place_file_or_case_and_with_no_other_key() {
    let bytes = clear(3 * PIECE_BYTES);
    let (pieces, _) = sealed(&bytes, PIECE_BYTES, place(1, 1));
    let length = bytes.len() as u64;
    let own = Opening::new(&key(7), place(1, 1), length).unwrap();
    assert!(own.open(0, &pieces[0].sealed).is_ok());
    assert!(own.open(1, &pieces[0].sealed).is_err(), "in another place");
    for other in [
        Opening::new(&key(7), place(1, 2), length),
        Opening::new(&key(7), place(2, 1), length),
        Opening::new(&key(8), place(1, 1), length),
    ] {
        assert!(pieces.iter().all(|one| other.as_ref().unwrap().open(one.index, &one.sealed).is_err()));
    }
}

#[test]
fn a_file_that_was_cut_off_does_not_open_as_a_whole_one() {
    let bytes = clear(3 * PIECE_BYTES);
    let (pieces, _) = sealed(&bytes, PIECE_BYTES, place(1, 1));
    let shorter = Opening::new(&key(7), place(1, 1), 2 * PIECE_BYTES as u64).unwrap();
    assert!(shorter.open(0, &pieces[0].sealed).is_ok());
    assert!(shorter.open(1, &pieces[1].sealed).is_err(), "the last piece says that it is the last");
}

#[test]
fn an_outline_names_each_piece_and_is_of_one_file() {
    let (pieces, whole) = sealed(&clear(2 * PIECE_BYTES), PIECE_BYTES, place(1, 1));
    let read = |outline: Vec<u8>, named: Attached| Outline::read(Bytes::from(outline), &named);
    let outline = read(whole.outline.clone(), whole.named).unwrap();
    assert!(outline.check(1, &pieces[0].sealed).is_err(), "in another order");
    assert!(outline.check(9, &pieces[0].sealed).is_err(), "behind the end");
    let mut swapped = whole.outline.clone();
    swapped.rotate_left(32);
    assert!(read(swapped, whole.named).is_err());
    assert!(read(whole.outline[32..].to_vec(), whole.named).is_err());
    assert!(read(whole.outline, Attached { bytes: whole.named.bytes - 1, ..whole.named }).is_err(), "another length");
}

#[test]
fn what_a_sealed_file_looks_like_stability() {
    let (_, whole) = sealed(b"a bank statement", 5, place(1, 2));
    assert_eq!(whole.named.bytes, 4112);
    assert_eq!(whole.named.digest.to_string(), "6f8324e8013530463649acac5b65e6864cb41f3b5536953b2c14f415c1cd7ad4");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_flipped_bit_goes_unseen(length in 0..20_000_usize, at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (pieces, whole) = sealed(&clear(length), 9_999, place(1, 1));
        let mut altered = pieces[0].sealed.clone();
        let at = at.index(altered.len());
        altered[at] ^= 1 << bit;
        let outline = Outline::read(whole.outline.into(), &whole.named).unwrap();
        prop_assert!(outline.check(0, &altered).is_err());
        let opening = Opening::new(&key(7), place(1, 1), length as u64).unwrap();
        prop_assert!(opening.open(0, &altered).is_err());
    }

    #[test]
    fn portions_do_not_matter(length in 0..3_000_000_usize, portion in 1_000..2_000_000_usize) {
        let bytes = clear(length);
        let (pieces, _) = sealed(&bytes, portion, place(3, 4));
        let opening = Opening::new(&key(7), place(3, 4), length as u64).unwrap();
        prop_assert_eq!(opened(&pieces, &opening), bytes);
    }
}
