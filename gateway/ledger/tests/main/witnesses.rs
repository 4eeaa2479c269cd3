//! A witness of a log of heads, and what it proves of one channel.

use ledger::{
    Checkpoint, ConsistencyProof, Cosignature, Fork, InclusionProof, LeafSalt, Muster, Origin, Rebuff, SignBytes as _,
    SignedCheckpoint, Tile, TimedHead, WITNESS_REQUEST_BYTES_MAX, WitnessName, WitnessRequest,
};
use model::{Digest, PartyId, Timestamp};

use crate::{Home, Signer, leaves, origin};

const NOON: Timestamp = Timestamp(1_790_000_000_999);

fn jp() -> PartyId {
    "JP".parse().unwrap()
}

fn heads() -> Origin {
    Origin::heads(jp())
}

fn third() -> WitnessName {
    WitnessName("SG".parse().unwrap())
}

fn signed(home: &Home) -> SignedCheckpoint {
    home.log.head(heads()).sign(&Signer::new(1)).unwrap()
}

fn request(home: &Home, old_size: u64) -> WitnessRequest {
    let path = ConsistencyProof::prove(old_size, home.log.size(), &home.rows).unwrap().path;
    WitnessRequest { old_size, path, note: signed(home).note().to_vec() }
}

fn judge(request: &WitnessRequest, last: Option<&Checkpoint>) -> Result<SignedCheckpoint, Rebuff> {
    request.judge(heads(), &Signer::new(1).public_key(), last)
}

#[test]
fn a_witness_follows_a_log_from_its_first_head_to_the_same_again() {
    let home = Home::of(leaves(0..5));
    let first = judge(&request(&home, 0), None).unwrap();
    assert_eq!(*first.checkpoint(), home.log.head(heads()));
    let longer = Home::of(leaves(0..12));
    let second = judge(&request(&longer, 5), Some(first.checkpoint())).unwrap();
    assert_eq!(judge(&request(&longer, 12), Some(second.checkpoint())).unwrap(), second);
}

#[test]
fn a_rollback_a_fork_and_a_wrong_size_are_answered_as_the_specification_says() {
    let home = Home::of(leaves(0..12));
    let last = home.log.head(heads());
    let shorter = Home::of(leaves(0..5));
    assert_eq!(judge(&request(&shorter, 0), Some(&last)), Err(Rebuff::Size(12)), "a rollback");
    assert_eq!(judge(&request(&shorter, 5), Some(&last)), Err(Rebuff::Size(12)));
    let too_old = WitnessRequest { old_size: 12, ..request(&shorter, 5) };
    assert_eq!(judge(&too_old, Some(&last)), Err(Rebuff::Malformed), "the old size is the larger one");
    let fork = Home::of(leaves(100..120));
    assert_eq!(judge(&request(&fork, 12), Some(&last)), Err(Rebuff::Inconsistent), "another past");
    let same_size = Home::of(leaves(100..112));
    assert_eq!(judge(&request(&same_size, 12), Some(&last)), Err(Rebuff::Inconsistent), "another root");
    assert_eq!(judge(&request(&Home::of(leaves(0..20)), 12), None), Err(Rebuff::Size(0)));
    let surplus = WitnessRequest { path: vec![Digest::of(&[b"surplus"])], ..request(&home, 0) };
    assert_eq!(judge(&surplus, None), Err(Rebuff::Inconsistent));
    assert_eq!((Rebuff::Size(12).status(), Rebuff::Size(12).body().as_str()), (409, "12\n"));
    assert_eq!((Rebuff::Inconsistent.status(), Rebuff::Inconsistent.body().as_str()), (422, ""));
}

#[test]
fn a_request_that_leads_from_another_past_convicts_its_home_and_one_that_hides_it_is_exposed_by_its_tiles() {
    let key = [Signer::new(1).public_key()];
    for (held, shown) in [(12, 20), (12, 12), (5, 9), (7, 8), (3, 64), (6, 200), (100, 1000)] {
        let (past, other) = (Home::of(leaves(0..held)), Home::of(leaves(5000..5000 + shown)));
        let (last, head) = (signed(&past), signed(&other));
        let asked = request(&other, held);
        assert_eq!(judge(&asked, Some(last.checkpoint())), Err(Rebuff::Inconsistent));
        let fork = asked.expose(&head, &last).unwrap();
        assert_eq!(fork.verify(heads(), &key), Ok([shown, held]), "{held} and {shown}");
        let silent = WitnessRequest { path: Vec::new(), ..asked };
        assert_eq!(silent.expose(&head, &last).is_some(), held == shown, "without a path two sizes prove nothing");
    }
    for (held, shown) in [(1, 2), (4, 9), (64, 70), (12, 20), (255, 256), (256, 700), (300, 1000)] {
        let (past, other) = (Home::of(leaves(0..held)), Home::of(leaves(500_000..500_000 + shown)));
        let (last, head) = (signed(&past), signed(&other));
        assert_eq!(request(&other, held).expose(&head, &last).is_none(), held.is_power_of_two());
        let needed = head.checkpoint().tiles_needed(held).unwrap();
        let read = |tile: Tile| needed.contains(&tile).then(|| tile.encode(&other.rows).unwrap());
        let fork = Fork::in_tiles(&head, &last, read).unwrap();
        assert_eq!(fork.verify(heads(), &key), Ok([shown, held]), "{held} and {shown}");
        assert_eq!(Fork::in_tiles(&head, &last, |_| None), None, "tiles that are not shown");
        let of_another = Home::of(leaves(900_000..900_000 + shown));
        assert_eq!(
            Fork::in_tiles(&head, &last, |tile| tile.encode(&of_another.rows).ok()),
            None,
            "tiles of another head"
        );
    }
}

#[test]
fn a_home_whose_heads_follow_from_each_other_is_convicted_by_nothing_that_it_shows() {
    for (held, shown) in [(1, 2), (5, 9), (7, 8), (12, 20), (64, 70), (100, 1000)] {
        let (past, now) = (Home::of(leaves(0..held)), Home::of(leaves(0..shown)));
        let (last, head) = (signed(&past), signed(&now));
        assert_eq!(request(&now, held).expose(&head, &last), None);
        assert_eq!(Fork::in_tiles(&head, &last, |tile| tile.encode(&now.rows).ok()), None);
        let mut invented = request(&now, held);
        invented.path.iter_mut().for_each(|hash| *hash = Digest::of(&[hash.as_bytes()]));
        assert_eq!(invented.expose(&head, &last), None, "{held} and {shown}");
    }
    let home = Home::of(leaves(0..12));
    assert_eq!(request(&home, 12).expose(&signed(&home), &signed(&home)), None);
}

#[test]
fn an_unknown_log_and_an_unknown_key_are_told_apart() {
    let home = Home::of(leaves(0..5));
    let key = Signer::new(1).public_key();
    let other = Origin::heads("FR".parse().unwrap());
    assert_eq!(request(&home, 0).judge(other, &key, None), Err(Rebuff::UnknownOrigin));
    assert_eq!(request(&home, 0).judge(heads(), &Signer::new(2).public_key(), None), Err(Rebuff::NotSigned));
    let channel = WitnessRequest { note: home.head().note().to_vec(), ..request(&home, 0) };
    assert_eq!(judge(&channel, None), Err(Rebuff::UnknownOrigin), "a channel's log is none to witness");
    let odd = WitnessRequest { note: b"jp.rogatory.internal/heads\nodd".to_vec(), ..request(&home, 0) };
    assert_eq!(judge(&odd, None), Err(Rebuff::Malformed));
}

#[test]
fn a_request_is_read_back_and_no_other_spelling_is_taken() {
    let request = request(&Home::of(leaves(0..12)), 5);
    let bytes = request.encode();
    assert_eq!(WitnessRequest::decode(&bytes), Ok(request));
    let text = String::from_utf8(bytes).unwrap();
    let note = text.split_once("\n\n").unwrap().1;
    for odd in [
        text.replacen("old 5", "old 05", 1),
        text.replacen("old 5", "old +5", 1),
        text.replacen("old 5", "size 5", 1),
        text.replacen("old 5\n", "old 5\nAAAA\n", 1),
        format!("old 5\n{}\n{note}", format!("{}=\n", "A".repeat(43)).repeat(64)),
        format!("{text}{}", "x".repeat(WITNESS_REQUEST_BYTES_MAX)),
        String::new(),
    ] {
        assert!(WitnessRequest::decode(odd.as_bytes()).is_err(), "{odd}");
    }
}

/// A channel's head in a log of heads that a third state cosigned.
fn timed() -> TimedHead {
    let channel = Home::of(leaves(0..7)).log.head(origin());
    let muster = Muster::new(jp(), NOON, LeafSalt([3; 32]), None, [channel]).unwrap();
    let (tick, salt) = (muster.tick().unwrap(), LeafSalt([4; 32]));
    let mut log = Home::of(leaves(0..3));
    log.append(&[tick.leaf(&salt)]);
    log.append(&leaves(4..6));
    let head = signed(&log);
    let cosignature = head.cosign(third(), &Signer::new(3), NOON).unwrap();
    TimedHead {
        place: muster.open(origin()).unwrap(),
        tick,
        salt,
        inclusion: InclusionProof::prove(6, 3, &log.rows).unwrap(),
        note: head.with(&cosignature),
    }
}

#[test]
fn a_third_states_word_proves_the_time_of_a_channels_head() {
    let timed = timed();
    let (home, key) = (Signer::new(1).public_key(), Signer::new(3).public_key());
    let cosignature = timed.verify(&home, third(), &key).unwrap();
    assert_eq!((cosignature.witness(), cosignature.time_s()), (third(), 1_790_000_000));
    assert_eq!(TimedHead::decode(&timed.encode()), Ok(timed));
}

#[test]
fn a_timed_head_with_any_byte_changed_proves_nothing() {
    let (home, key) = (Signer::new(1).public_key(), Signer::new(3).public_key());
    let good = timed().encode();
    for position in 0..good.len() {
        let mut bad = good.clone();
        bad[position] ^= 1;
        let verified = TimedHead::decode(&bad).and_then(|timed| timed.verify(&home, third(), &key));
        assert!(verified.is_err(), "byte {position}");
    }
    let timed = timed();
    assert!(timed.verify(&key, third(), &key).is_err());
    assert!(timed.verify(&home, third(), &home).is_err());
    assert!(timed.verify(&home, WitnessName(jp()), &home).is_err());
    assert!(Cosignature::find(&timed.note, &timed.head().unwrap(), third(), &key).is_err());
}
