//! Entries that everybody has signed well and that the case does not allow: the answer says why, and the case stays as it was.

use model::{Digest, Payload, Pin};
use tonic::Code;

use crate::{
    bounded,
    form::{reason, with_case},
    pair::Pair,
    scribe::Scribe,
    wire,
};

#[tokio::test]
async fn an_entry_under_an_unknown_treaty_pin_is_refused_r92_and_nothing_is_stored() {
    bounded(async {
        let pair = Pair::own().await;
        let mut fr_desk = Scribe::at(&pair.fr).await;
        fr_desk.invite(2).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let other = Pin(Digest::of(&[b"a rule that neither party has"]));
        let (case, opening) = desk.opening_under(other, &pair.fr.authority("central")).await;
        let (_, proper) = desk.opening(&pair.fr.authority("central")).await;
        let ours = proper.header.pin;

        let denied = desk.submit(&opening).await.unwrap_err();
        assert_eq!(reason(&denied, Code::FailedPrecondition), "R92");
        let info = wire::error_info(&denied);
        assert_eq!(info.metadata["field"], "pin");
        assert_eq!(info.metadata["text"], format!("unknown treaty pin {}: ours is {}", other.short(), ours.short()));
        assert!(info.metadata["remedy"].contains("compare the versions of their treaty catalogues"), "{info:?}");

        // There is no such case, for whatever else comes in it.
        let Payload::Handshake(handshake) = &opening.payload else { panic!("a group is opened by a handshake") };
        let denied = desk.submit(&desk.change_group(&case, handshake)).await.unwrap_err();
        assert_eq!(reason(&denied, Code::NotFound), "UNKNOWN");
        let status = pair.jp.status().await;
        assert_eq!(status["refusals_by_code"], serde_json::json!({ "R92": 1, "UNKNOWN": 1 }), "{status}");
        for state in [&pair.jp, &pair.fr] {
            let status = state.status().await;
            assert_eq!(status["cases_by_state"], serde_json::json!({}), "{status}");
        }
        // What the own gateway keeps of it is its word that it refused it.
        assert!(proto::status::receipt_of(&denied).is_some());
        if let Payload::Handshake(handshake) = &opening.payload {
            pair.assert_not_written(&handshake.commit);
        }
        assert_eq!(fr_desk.arrivals(0).await, [], "the other desk got a refused entry");
    })
    .await;
}

#[tokio::test]
async fn a_request_under_another_pin_than_its_case_is_refused_r92_and_the_case_goes_on() {
    bounded(async {
        let pair = Pair::shared().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let (head, ours) = (case.head, case.pin);
        let other = Pin(Digest::of(&[b"a rule that neither party has"]));
        let spoilt = desk.request_with(&mut case, b"body", |header| header.pin = other);
        let denied = desk.submit(&spoilt).await.unwrap_err();
        assert_eq!(reason(&denied, Code::FailedPrecondition), "R92");
        let text = &wire::error_info(&denied).metadata["text"];
        assert_eq!(*text, format!("unknown treaty pin {}: the case runs under {}", other.short(), ours.short()));

        case.head = head;
        let entry = desk.request(&mut case, b"body");
        desk.submit(&entry).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_commit_for_a_past_epoch_is_answered_stale() {
    bounded(async {
        let pair = Pair::shared().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let epoch = case.group.epoch();
        let late = desk.rotation(&mut case);
        case.group.discard().unwrap();
        let first = desk.rotation(&mut case);
        assert_ne!(late.commit, first.commit, "one commit twice is no race");
        let first = desk.change_group(&case, &first);
        desk.admitted(&mut case, &first).await;
        assert_eq!(case.group.epoch(), epoch + 1);

        // It names the newest entry, so only its epoch is amiss.
        let denied = desk.submit(&desk.change_group(&case, &late)).await.unwrap_err();
        assert_eq!(reason(&denied, Code::Aborted), "STALE_EPOCH");
        assert_eq!(wire::error_info(&denied).metadata["detail"], "the commit is for an epoch that has passed");

        // Made anew in the newest epoch, it is taken: the case has not moved.
        let anew = desk.rotation(&mut case);
        let anew = desk.change_group(&case, &anew);
        desk.admitted(&mut case, &anew).await;
        assert_eq!(case.group.epoch(), epoch + 2);
    })
    .await;
}

#[tokio::test]
async fn a_header_changed_after_sealing_is_refused() {
    bounded(async {
        let pair = Pair::shared().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let entry = desk.request(&mut case, b"body");
        // Without new signatures it is R95: see the forged ones in `form`. Here judge, officers and desk have signed the change.
        let changed = desk.signed_anew(&entry, |header| header.measures[0].subjects = 2);
        let denied = desk.submit(&changed).await.unwrap_err();
        assert_eq!(reason(&denied, Code::InvalidArgument), "R94");
        let info = wire::error_info(&denied);
        assert_eq!(info.metadata["text"], "the sealed body is bound to another header");
        assert_eq!(info.metadata["field"], "payload");

        // Its id was not taken by what was refused.
        desk.submit(&entry).await.unwrap();
    })
    .await;
}
