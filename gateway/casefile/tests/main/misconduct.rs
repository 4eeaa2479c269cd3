//! A file of misconduct, before a stranger who has pinned the accused's root and trusts nobody.

use casefile::{CannotProve, Contradicted, Evidence, Opposed, Unshown, check_misconduct, opposed_in};
use identity::{Directory, HeadSigner, SecondSigningKey, SignedDirectory, sign_receipts};
use ledger::{
    ConsistencyProof, Fork, LeafHash, Log, Origin, Prefix, Retreat, Row, SignBytes, SignedCheckpoint, StoredHashes,
    WitnessName,
};
use model::{Denial, Digest, EpochCertificate, Receipt, ReceiptKind, SignedReceipt, Timestamp};

use crate::{
    misstated::unopened,
    tampering::bit,
    world::{State, Story, party},
};

/// A log of `size` leaves, with its rows.
fn log(past: &[u8], size: u32) -> (Log, StoredHashes) {
    let leaves: Vec<_> = (0..size).map(|n| LeafHash(Digest::of(&[past, &n.to_be_bytes()]))).collect();
    let (log, rows): (Log, Vec<Row>) = Log::default().append(&leaves).unwrap();
    (log, rows.into_iter().collect())
}

fn origin() -> Origin {
    Origin::new(party("JP"), party("FR")).unwrap()
}

fn head(home: &State, past: &[u8], size: u32) -> SignedCheckpoint {
    log(past, size).0.head(origin()).sign(&home.ledger).unwrap()
}

/// JP says that it had another past.
fn fork(story: &Story) -> Evidence {
    forked_by(&story.jp.ledger)
}

fn forked_by(signer: &impl SignBytes) -> Evidence {
    let (larger, rows) = log(b"true", 12);
    let prefix = Prefix { root: log(b"true", 7).0.root(), proof: ConsistencyProof::prove(7, 12, &rows).unwrap() };
    let [larger, smaller] =
        [larger, log(b"false", 7).0].map(|log| log.head(origin()).sign(signer).unwrap().note().to_vec());
    Evidence::Fork(origin(), Fork { larger, smaller, prefix: Some(prefix) })
}

/// FR cosigns less than before.
fn retreat(story: &Story) -> Evidence {
    retreat_by(story, &story.fr.ledger)
}

fn retreat_by(story: &Story, signer: &impl SignBytes) -> Evidence {
    let cosigned = |size, at: Timestamp| {
        let head = head(&story.jp, b"true", size);
        head.with(&head.cosign(WitnessName(party("FR")), signer, at).unwrap())
    };
    let (first, then) = (cosigned(12, story.start), cosigned(7, story.start.plus_ms(5000)));
    let retreat = Retreat::of(origin(), WitnessName(party("FR")), &first, &then).unwrap();
    Evidence::Retreat(origin(), retreat)
}

/// FR accepts the first entry of JP, with a receipt that `change` has spoilt.
fn receipt(story: &Story, change: impl FnOnce(&mut Receipt)) -> Evidence {
    receipt_on(story, 0, change)
}

fn receipt_on(story: &Story, entry: usize, change: impl FnOnce(&mut Receipt)) -> Evidence {
    let wire = proto::convert::entry_from_bytes(story.entries[entry].wire.clone()).unwrap();
    let received = proto::convert::receive_entry(wire).unwrap();
    let ((digest, envelope), (header, payload)) = (received.digests(), received.parts());
    let claimed = received.claimed();
    let mut receipt = Receipt {
        kind: ReceiptKind::RelayAcceptance,
        by: party("FR"),
        entry: claimed.entry,
        case: claimed.case,
        header: digest,
        envelope,
        at: claimed.created.plus_ms(2000),
        leaf: None,
        refusal: None,
        epoch: None,
        authenticator: None,
    };
    change(&mut receipt);
    let bytes = proto::encode_receipt(&receipt);
    let mut signed = sign_receipts(&story.fr.ledger.0, party("FR"), party("JP"), vec![(receipt, bytes)]).unwrap();
    let signed = signed.remove(0);
    Evidence::Receipt(Box::new(Contradicted { signed, header: header.to_vec(), payload }))
}

/// FR's word on the first entry of JP.
fn word(story: &Story, change: impl FnOnce(&mut Receipt)) -> SignedReceipt {
    let Evidence::Receipt(one) = receipt(story, change) else { panic!("a receipt") };
    one.signed
}

fn refuse(receipt: &mut Receipt) {
    (receipt.kind, receipt.at) = (ReceiptKind::RelayRejection, receipt.at.plus_ms(60_000));
}

fn epoch(tree: u8) -> Option<EpochCertificate> {
    let digest = |part: u8| Digest::new([part; 32]);
    let (tree_hash, transcript_hash) = (vec![tree; 32], vec![3; 32]);
    Some(EpochCertificate {
        group: vec![1; 16],
        epoch: 1,
        commit: digest(2),
        tree_hash,
        transcript_hash,
        confirmation: digest(4),
    })
}

/// FR takes an entry, and refuses it.
fn verdicts(story: &Story) -> Evidence {
    let two = Opposed::of(&word(story, refuse), &word(story, |_| {})).unwrap();
    assert_eq!(
        two.first.receipt.kind,
        ReceiptKind::RelayAcceptance,
        "the earlier one first, whichever was heard first"
    );
    Evidence::Verdicts(Box::new(two))
}

/// FR certifies two epochs behind one handshake.
fn epochs(story: &Story) -> Evidence {
    let [one, other] = [5, 6].map(|tree| word(story, |receipt| receipt.epoch = epoch(tree)));
    Evidence::Verdicts(Box::new(Opposed::of(&one, &other).unwrap()))
}

/// The file as the other gateway exports it.
fn file(story: &Story, evidence: &Evidence) -> Vec<u8> {
    let state = if evidence.accused() == party("JP") { &story.jp } else { &story.fr };
    evidence.to_file(state.root.certificate().der(), std::slice::from_ref(&state.directory)).into_bytes()
}

fn proves(story: &Story, evidence: &Evidence) -> bool {
    assert_eq!(Evidence::parse(&evidence.to_text()).as_ref(), Ok(evidence), "it is kept as it was");
    match check_misconduct(&file(story, evidence), &story.pins()) {
        Ok(proved) => proved.accused == evidence.accused() && proved.kind == evidence.kind(),
        Err(CannotProve::Nothing(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn two_pasts_two_cosignatures_and_a_false_receipt_convict_with_the_accuseds_root_alone() {
    let story = Story::small();
    let backdated = |receipt: &mut Receipt| receipt.at = receipt.at.plus_ms(-24 * 3600 * 1000);
    let late = |receipt: &mut Receipt| receipt.at = receipt.at.plus_ms(400 * 24 * 3600 * 1000);
    for evidence in [
        fork(&story),
        retreat(&story),
        receipt(&story, |receipt| receipt.case = model::CaseId::new([7; 16])),
        receipt(&story, |receipt| receipt.entry = model::EntryId::new([7; 16])),
        receipt(&story, |receipt| receipt.header = model::HeaderDigest(Digest::of(&[b"another"]))),
        receipt(&story, backdated),
        receipt(&story, late),
        verdicts(&story),
        epochs(&story),
    ] {
        assert!(evidence.convicts() && evidence.stops(), "{}", evidence.told());
        assert!(proves(&story, &evidence), "{}", evidence.told());
        let of_accused: Vec<_> = story.pins().into_iter().filter(|pin| pin.party() == evidence.accused()).collect();
        assert!(check_misconduct(&file(&story, &evidence), &of_accused).is_ok(), "no other root is asked for");
        let without = check_misconduct(&file(&story, &evidence), &[]).unwrap_err();
        assert_eq!(without, CannotProve::RootMissing(evidence.accused()));
        let stranger = Story::small();
        assert!(matches!(check_misconduct(&file(&story, &evidence), &stranger.pins()), Err(CannotProve::Nothing(_))));
    }
}

#[test]
fn two_pasts_of_a_log_of_heads_convict_and_its_witnesses_are_convicted_of_no_retreat() {
    let story = Story::small();
    let heads = Origin::heads(party("JP"));
    let note = |past: &[u8], size| log(past, size).0.head(heads).sign(&story.jp.ledger).unwrap().note().to_vec();
    let (_, rows) = log(b"true", 12);
    let prefix = Prefix { root: log(b"true", 7).0.root(), proof: ConsistencyProof::prove(7, 12, &rows).unwrap() };
    let forked = Fork { larger: note(b"true", 12), smaller: note(b"false", 7), prefix: Some(prefix) };
    let at_once = Fork { larger: note(b"true", 7), smaller: note(b"false", 7), prefix: None };
    for fork in [forked, at_once] {
        let evidence = Evidence::Fork(heads, fork);
        assert!(evidence.stops() && proves(&story, &evidence), "{}", evidence.told());
    }
    let hidden = Evidence::Unreconciled(heads, Unshown { held: note(b"false", 7), shown: note(b"true", 12) });
    assert!(hidden.stops() && !proves(&story, &hidden), "it may be made up");
    let Evidence::Retreat(_, retreat) = retreat(&story) else { panic!("a retreat") };
    assert!(Evidence::parse(&Evidence::Retreat(heads, retreat).to_text()).is_err(), "a witness keeps no order of time");
}

#[test]
fn what_an_honest_gateway_signed_convicts_nobody() {
    let story = Story::small();
    let note = |size| head(&story.jp, b"true", size).note().to_vec();
    let (_, rows) = log(b"true", 12);
    let proof = ConsistencyProof::prove(7, 12, &rows).unwrap();
    let prefix = |root| Some(Prefix { root, proof: proof.clone() });
    let forked = |prefix| Evidence::Fork(origin(), Fork { larger: note(12), smaller: note(7), prefix });
    let unshown = Unshown { held: note(7), shown: note(12) };
    for evidence in [
        forked(prefix(log(b"true", 7).0.root())),
        forked(prefix(Digest::of(&[b"invented"]))),
        forked(None),
        receipt(&story, |_| {}),
        // On another envelope: it is not a receipt on this entry at all.
        receipt(&story, |receipt| {
            receipt.envelope = model::EnvelopeDigest(Digest::of(&[b"another"]));
            receipt.case = model::CaseId::new([7; 16]);
        }),
        Evidence::Unreconciled(origin(), unshown.clone()),
        Evidence::Backdated(origin(), unshown),
    ] {
        assert!(!proves(&story, &evidence), "{}", evidence.told());
    }
    // What somebody else signed in its name.
    let Evidence::Retreat(log, retreat) = retreat(&story) else { panic!("a retreat") };
    let other = Story::small();
    let Evidence::Retreat(_, forged) = self::retreat(&other) else { panic!("a retreat") };
    let mixed = Evidence::Retreat(log, Retreat { first: retreat.first, then: forged.then });
    assert!(!proves(&story, &mixed));
    let directory = SignedDirectory { signature: other.fr.directory.signature, ..story.fr.directory.clone() };
    let unsigned = mixed.to_file(story.fr.root.certificate().der(), &[directory]);
    let refused: Result<_, CannotProve> = check_misconduct(unsigned.as_bytes(), &story.pins());
    assert!(matches!(refused, Err(CannotProve::Nothing(_))));
}

#[test]
fn an_epoch_that_is_certified_of_an_entry_that_changes_no_group_convicts_its_gateway() {
    let story = Story::small();
    let certified = |entry| receipt_on(&story, entry, |receipt| receipt.epoch = epoch(5));
    assert!(certified(1).convicts() && proves(&story, &certified(1)), "a request leads to no epoch");
    assert!(
        !certified(0).convicts() && !proves(&story, &certified(0)),
        "which one a handshake leads to is not in the file"
    );
}

#[test]
fn who_gives_an_entry_up_before_its_time_was_over_is_convicted_by_the_entry_and_who_waits_for_it_is_not() {
    let story = Story::small();
    let expires = |receipt: &Receipt| receipt.at.plus_ms(24 * 3_600_000 - 2000);
    let early = receipt(&story, |receipt| unopened(receipt, expires(receipt)));
    assert!(early.convicts() && early.stops() && proves(&story, &early), "{}", early.told());
    let late = receipt(&story, |receipt| unopened(receipt, expires(receipt).plus_ms(1)));
    assert!(!late.convicts() && !proves(&story, &late), "{}", late.told());
}

#[test]
fn who_says_of_one_entry_that_it_was_opened_and_was_not_is_convicted_by_both_words() {
    use ReceiptKind::{Delivery, NonDelivery, NonRetrieval, Retrieval};
    let story = Story::small();
    for [one, other] in [[Retrieval, NonRetrieval], [NonRetrieval, Retrieval], [Delivery, NonDelivery]] {
        let [first, then] = [one, other].map(|kind| word(&story, |receipt| receipt.kind = kind));
        let evidence = Evidence::Verdicts(Box::new(Opposed::of(&first, &then).unwrap()));
        assert!(evidence.convicts() && proves(&story, &evidence), "{}", evidence.told());
    }
    let [laid, opened] = [Delivery, Retrieval].map(|kind| word(&story, |receipt| receipt.kind = kind));
    assert_eq!(Opposed::of(&laid, &opened), None);
}

#[test]
fn two_words_of_a_gateway_that_can_both_be_true_convict_nobody() {
    let story = Story::small();
    let taken = word(&story, |_| {});
    let others: [fn(&mut Receipt); 4] = [
        |_| {},
        // What its desk sealed again in a newer epoch is another payload.
        |receipt| {
            receipt.envelope = model::EnvelopeDigest(Digest::of(&[b"sealed again"]));
            refuse(receipt);
        },
        |receipt| receipt.kind = ReceiptKind::Retrieval,
        |receipt| receipt.epoch = epoch(5),
    ];
    for change in others {
        let other = word(&story, change);
        assert_eq!(Opposed::of(&taken, &other), None);
        let evidence = Evidence::Verdicts(Box::new(Opposed { first: taken.clone(), then: other }));
        assert!(!evidence.convicts() && !proves(&story, &evidence), "{}", evidence.told());
    }
    // One of the two is somebody else's, with this gateway's name in it.
    let forged = Opposed::of(&taken, &word(&story, refuse)).unwrap();
    let Evidence::Receipt(stranger) = receipt(&Story::small(), refuse) else { panic!("a receipt") };
    let then = SignedReceipt { proof: stranger.signed.proof, ..forged.then };
    assert!(!proves(&story, &Evidence::Verdicts(Box::new(Opposed { then, ..forged }))));
}

#[test]
fn a_gateway_that_tells_each_state_another_verdict_is_convicted_by_their_two_case_files() {
    let mut story = Story::small();
    let ours = story.export(&story.material());
    story.states(1, |receipt| receipt.kind = ReceiptKind::RelayRejection);
    // In its own state's file it refused what it took.
    story.entries[1].receipts.remove(1);
    let theirs = story.export(&story.material_of_peer());
    let pins = story.pins();
    for alone in [&ours, &theirs] {
        assert_eq!(opposed_in(&[alone], &pins), Ok(Vec::new()), "one file alone shows one word");
    }
    let found = opposed_in(&[&ours, &theirs], &pins).unwrap();
    let [(proved, file)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((proved.accused, proved.kind), (party("FR"), "verdicts"));
    let of_accused: Vec<_> = pins.iter().filter(|pin| pin.party() == party("FR")).cloned().collect();
    assert_eq!(check_misconduct(file.as_bytes(), &of_accused).as_ref(), Ok(proved));
    assert_eq!(opposed_in(&[&ours, &theirs], &[]), Err(CannotProve::RootMissing(party("FR"))));
    assert!(matches!(opposed_in(&[b"no case file"], &pins), Err(CannotProve::Unreadable(_))));
    let stranger = Story::small();
    assert_eq!(opposed_in(&[&ours, &theirs], &stranger.pins()), Ok(Vec::new()), "by other roots nobody signed it");
}

#[test]
fn a_gateway_that_states_one_event_at_two_moments_is_convicted_by_both_and_by_two_case_files() {
    let mut story = Story::small();
    let later: fn(&mut Receipt) = |receipt| receipt.at = receipt.at.plus_ms(1);
    for kind in [ReceiptKind::RelayAcceptance, ReceiptKind::Delivery, ReceiptKind::Retrieval] {
        let first = word(&story, |receipt| receipt.kind = kind);
        let then = word(&story, |receipt| {
            receipt.kind = kind;
            later(receipt);
        });
        let evidence = Evidence::Verdicts(Box::new(Opposed::of(&first, &then).unwrap()));
        assert!(evidence.convicts() && proves(&story, &evidence), "{}", evidence.told());
    }
    let [first, then] = [0, 60_000].map(|ms| {
        word(&story, |receipt| {
            refuse(receipt);
            receipt.at = receipt.at.plus_ms(ms);
        })
    });
    assert_eq!(Opposed::of(&first, &then), None, "what was refused may be refused again");

    let ours = story.export(&story.material());
    story.states(1, later);
    story.entries[1].receipts.remove(1);
    let theirs = story.export(&story.material_of_peer());
    let found = opposed_in(&[&ours, &theirs], &story.pins()).unwrap();
    let [(proved, _)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((proved.accused, proved.kind), (party("FR"), "verdicts"));
}

#[test]
fn a_rejection_of_an_entry_that_claims_to_be_from_the_future_convicts_nobody() {
    let story = Story::small();
    let dated = |kind| {
        receipt(&story, |receipt| (receipt.kind, receipt.at) = (kind, receipt.at.plus_ms(-10 * 24 * 3600 * 1000)))
    };
    for kind in [ReceiptKind::RelayRejection, ReceiptKind::SubmissionRejection, ReceiptKind::RelayFailure] {
        let evidence = dated(kind);
        assert!(!evidence.convicts() && !evidence.stops() && !proves(&story, &evidence), "{}", evidence.told());
    }
    for kind in [ReceiptKind::RelayAcceptance, ReceiptKind::Delivery, ReceiptKind::Retrieval] {
        let evidence = dated(kind);
        assert!(evidence.convicts() && proves(&story, &evidence), "{}", evidence.told());
    }
}

#[test]
fn every_flipped_byte_of_a_file_of_misconduct_is_found() {
    /// Root and directory are the same in each: of theirs, one byte in so many is flipped, for each is a signature to check.
    const STRIDE: usize = 23;
    let story = Story::small();
    let pins = story.pins();
    for evidence in [
        fork(&story),
        retreat(&story),
        receipt(&story, |receipt| receipt.case = model::CaseId::new([7; 16])),
        verdicts(&story),
    ] {
        let file = file(&story, &evidence);
        assert!(check_misconduct(&file, &pins).is_ok());
        let parts = file.len() - evidence.to_text().len();
        let mut changed = file.clone();
        for at in (0..parts).step_by(STRIDE).chain(parts..file.len()) {
            changed[at] ^= 1 << bit(at);
            assert!(check_misconduct(&changed, &pins).is_err(), "byte {at} of {} in a {}", file.len(), evidence.kind());
            changed[at] = file[at];
        }
        for length in (0..file.len()).step_by(STRIDE) {
            let cut = check_misconduct(&file[..length], &pins);
            assert!(matches!(cut, Err(CannotProve::Unreadable(_))), "cut at {length}");
        }
    }
    let refused: Result<Evidence, Denial> = Evidence::parse("kind praise\naccused JP\n");
    assert!(refused.is_err());
}

#[test]
fn where_a_directory_promises_ml_dsa_44_only_what_bears_both_signatures_convicts() {
    let story = Story::small();
    let second = SecondSigningKey::generate().unwrap();
    let both = |state: &State| HeadSigner { first: &state.ledger.0, second: Some(&second) }.public_key();
    let twice = |first| HeadSigner { first, second: Some(&second) };
    let promises = |state: &State| {
        let mut newer = Directory::from_toml(&state.directory.toml).unwrap();
        newer.version += 1;
        newer.ledger_key_ml_dsa_44 = both(state).second().cloned();
        [state.directory.clone(), state.root.sign_directory(&newer, &[]).unwrap()]
    };
    let proves = |state: &State, evidence: &Evidence| {
        let file = evidence.to_file(state.root.certificate().der(), &promises(state));
        check_misconduct(file.as_bytes(), &story.pins())
    };
    let once = [(&story.jp, fork(&story)), (&story.fr, retreat(&story))];
    for (state, evidence) in once {
        let refused = proves(state, &evidence).unwrap_err();
        assert!(refused.to_string().contains("second signature (ML-DSA-44)"), "{refused}");
        let told = check_misconduct(&file(&story, &evidence), &story.pins()).unwrap().not_proved;
        assert!(told.iter().any(|what| what.contains("it bears Ed25519 alone")), "nothing was promised: {told:?}");
    }
    let signed = [
        (&story.jp, forked_by(&twice(&story.jp.ledger.0))),
        (&story.fr, retreat_by(&story, &twice(&story.fr.ledger.0))),
    ];
    for (state, evidence) in signed {
        let proved = proves(state, &evidence).unwrap();
        assert!(proved.not_proved.iter().any(|what| what.contains("promises ML-DSA-44 beside it")), "{proved:?}");
    }
    let told = proves(&story.fr, &receipt(&story, |receipt| receipt.case = model::CaseId::new([7; 16]))).unwrap();
    assert!(told.not_proved.iter().any(|what| what.contains("a receipt bears Ed25519 alone")), "{told:?}");
}
