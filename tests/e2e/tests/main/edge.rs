//! Who may connect, as whom, and when a channel is open.

use std::{fs, time::Duration};

use identity::{Root, Subject, TlsIdentity};
use model::Timestamp;
use proto::{
    desk::ListDirectoriesRequest,
    peer::{GreetRequest, RelayRequest},
};
use tonic::{Code, Status};

use crate::{
    bounded, now,
    pair::{Pair, two_states},
    programs::gateway,
    scribe::Scribe,
    state::State,
    until, wire,
};

const HOUR: Duration = Duration::from_secs(3600);
const MONTH_MS: i64 = 30 * 24 * 3600 * 1000;

/// Greets `state` with the certificate `own`: the refusal, in the words of our own client.
async fn turned_away(state: &State, own: &TlsIdentity) -> String {
    let status = wire::as_peer(state, own).greet(GreetRequest::default()).await.unwrap_err();
    wire::no_connection(&status)
}

/// Waits until the gateway's log tells that it refused a connection for this reason.
async fn log_tells(pair: &Pair, reason: &str) {
    let word = format!("\"reason\":\"{reason}\"");
    until(&format!("the log tells of {word}"), 5, async || {
        let log = pair.fr_gateway.log();
        log.lines().any(|line| line.contains("connection refused") && line.contains(&word)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_gateway_under_a_root_that_is_not_the_pinned_one_is_refused() {
    bounded(async {
        let pair = Pair::shared().await;
        let forger = Root::generate(pair.jp.party, now()).unwrap();
        let forged = forger.issue_tls(&Subject::Gateway(pair.jp.party), now(), HOUR).unwrap();
        let said = turned_away(&pair.fr, &forged).await;
        assert!(said.contains("our root is not pinned there"), "{said}");
        log_tells(&pair, "root").await;
    })
    .await;
}

#[tokio::test]
async fn a_gateway_of_a_state_without_a_channel_is_refused() {
    bounded(async {
        let pair = Pair::shared().await;
        let stranger = Root::generate("SG".parse().unwrap(), now()).unwrap();
        let own = stranger.issue_tls(&Subject::Gateway(stranger.party()), now(), HOUR).unwrap();
        let said = turned_away(&pair.fr, &own).await;
        assert!(said.contains("refused our certificate"), "{said}");
        until("the log tells who knocked", 5, async || {
            pair.fr_gateway.log().contains("\"claimed\":\"SG\"").then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    bounded(async {
        let pair = Pair::shared().await;
        let issued = Timestamp(now().0 - MONTH_MS);
        let expired = pair.jp.root().issue_tls(&Subject::Gateway(pair.jp.party), issued, HOUR).unwrap();
        let said = turned_away(&pair.fr, &expired).await;
        assert!(said.contains("expired"), "{said}");
        log_tells(&pair, "expired").await;
    })
    .await;
}

#[tokio::test]
async fn a_desk_is_no_gateway_and_a_gateway_is_no_desk() {
    bounded(async {
        let pair = Pair::shared().await;
        let (jp, fr) = (&pair.jp, &pair.fr);
        let own_desk = fr.tls(&fr.desk_dir("central"));
        let refused = wire::as_peer(fr, &own_desk).greet(GreetRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");
        let refused = wire::as_peer(fr, &own_desk).relay(RelayRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");

        let peer_gateway = jp.tls(&jp.gateway_dir());
        let mut client = wire::as_desk(fr, &peer_gateway);
        let refused = client.list_directories(ListDirectoriesRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");

        let foreign_desk = jp.tls(&jp.desk_dir("central"));
        let said = turned_away(fr, &foreign_desk).await;
        assert!(said.contains("the channel is not open there"), "{said}");
        log_tells(&pair, "not_allowed").await;
    })
    .await;
}

#[tokio::test]
async fn a_client_without_a_certificate_gets_no_answer() {
    bounded(async {
        let pair = Pair::shared().await;
        for address in [pair.fr.peer_listen, pair.fr.desk_listen] {
            let line =
                format!("printf 'GET / HTTP/1.1\\r\\n\\r\\n' | timeout 5 openssl s_client -quiet -connect {address}");
            let answer = crate::programs::run("/bin/sh".as_ref(), &["-c", &line]).await;
            let told = answer.out.to_lowercase() + &answer.err.to_lowercase();
            assert!(told.contains("certificate required") || told.contains("certificate_required"), "{told}");
            assert!(!told.contains("http/1.1 200"), "{told}");
        }
    })
    .await;
}

#[tokio::test]
async fn one_sided_consent_stays_keys_verified_and_the_operator_sees_why() {
    bounded(async {
        let (_folder, jp, fr) = two_states().await;
        let (_jp_gateway, _fr_gateway) = (jp.serve().ready().await, fr.serve().ready().await);
        jp.add_peer(&fr, fr.peer_listen).await;
        let shown = until("the operator sees why", 10, async || {
            let shown = jp.channel("FR").await;
            (shown["last_error"] != "").then_some(shown)
        })
        .await;
        let why = shown["last_error"].as_str().unwrap();
        assert!(why.contains("refused our certificate"), "{why}");
        assert!(fr.channel("JP").await.is_null(), "FR lists a channel that nobody added");

        // FR's gateway may knock, since JP pinned its root; but without consent of its own nothing passes.
        let mut hostile = wire::as_peer(&jp, &fr.tls(&fr.gateway_dir()));
        let denied = hostile.relay(RelayRequest::default()).await.unwrap_err();
        assert_eq!(wire::error_info(&denied).reason, "CHANNEL_NOT_OPEN");
        let directory = fr.directory();
        let greeting = GreetRequest {
            consent: None,
            directory: Some(proto::convert::send_directory(&directory)),
            software: String::new(),
            closed_ms: 0,
            release: Vec::new().into(),
        };
        hostile.greet(greeting).await.unwrap();
        let shown = jp.channel("FR").await;
        assert_eq!(shown["state"], "KEYS_VERIFIED");
        assert_eq!((&shown["our_consent"], &shown["their_consent"]), (&true.into(), &false.into()));

        let mut desk = Scribe::at(&jp).await;
        let claim = proto::desk::ClaimKeyPackageRequest { authority: "FR:central".to_owned() };
        let denied: Status = desk.client.claim_key_package(claim).await.unwrap_err();
        assert_eq!(wire::error_info(&denied).reason, "CHANNEL_NOT_OPEN");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_fingerprint_ends_with_9_and_changes_nothing() {
    bounded(async {
        let (_folder, jp, fr) = two_states().await;
        let _gateway = jp.serve().ready().await;
        let before = fs::read(jp.gateway_dir().join("directory.toml")).unwrap();
        let wrong = fr.fingerprint.replacen(
            &fr.fingerprint[..4],
            if fr.fingerprint.starts_with("0000") { "1111" } else { "0000" },
            1,
        );
        let root = fr.dir.join("root/root.cert.pem");
        let (dir, endpoint) = (jp.dir.to_str().unwrap(), fr.peer_listen.to_string());
        let root = root.to_str().unwrap();
        let add = ["peer", "add", "--dir", dir, "FR", "--endpoint", &endpoint, "--root", root, "--fingerprint", &wrong];
        let told = gateway(&add).await.failed(9);
        assert!(told.contains(&fr.fingerprint) && told.contains(&wrong), "both fingerprints are to be seen: {told}");
        assert!(jp.channel("FR").await.is_null());
        assert_eq!(jp.status().await["directory_version"], 1);
        assert_eq!(fs::read(jp.gateway_dir().join("directory.toml")).unwrap(), before);

        let cut = &fr.fingerprint[..fr.fingerprint.len() - 5];
        let add = ["peer", "add", "--dir", dir, "FR", "--endpoint", &endpoint, "--root", root, "--fingerprint", cut];
        gateway(&add).await.failed(2);
        assert!(jp.channel("FR").await.is_null());
    })
    .await;
}

#[tokio::test]
async fn a_root_of_another_state_is_not_pinned_under_a_wrong_name() {
    bounded(async {
        let (_folder, jp, fr) = two_states().await;
        let _gateway = jp.serve().ready().await;
        let root = fr.dir.join("root/root.cert.pem");
        let told = gateway(&[
            "peer",
            "add",
            "--dir",
            jp.dir.to_str().unwrap(),
            "DE",
            "--endpoint",
            &fr.peer_listen.to_string(),
            "--root",
            root.to_str().unwrap(),
            "--fingerprint",
            &fr.fingerprint,
        ])
        .await
        .failed(2);
        assert!(told.contains("is the root of FR, not of DE"), "{told}");
        assert!(jp.channel("DE").await.is_null());
    })
    .await;
}

#[tokio::test]
async fn a_frozen_channel_refuses_at_once_and_goes_on_after_unfreeze() {
    bounded(async {
        let pair = Pair::own().await;
        let mut fr_desk = Scribe::at(&pair.fr).await;
        fr_desk.invite(2).await;
        let mut jp_desk = Scribe::at(&pair.jp).await;
        let mut case = jp_desk.open_case(&pair.fr.authority("central")).await;

        // A connection that was open before is refused too, not only the next one.
        let mut peer = wire::as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
        peer.relay(RelayRequest::default()).await.unwrap();
        assert_eq!(pair.fr.freeze("JP", true).await["state"], "FROZEN");
        let refused = peer.relay(RelayRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");

        // JP's channel is open on its side: the request is taken, and waits.
        let request = jp_desk.request(&mut case, b"the body of a request");
        jp_desk.submit(&request).await.unwrap();
        until("the operator of JP sees why it waits", 15, async || {
            let shown = pair.jp.channel("FR").await;
            (shown["queued"] == 1 && shown["last_error"] != "").then_some(())
        })
        .await;
        assert_eq!(fr_desk.arrivals(1).await.len(), 1, "an entry crossed a frozen channel");

        assert_eq!(pair.fr.freeze("JP", false).await["state"], "OPEN");
        let verdict = jp_desk.verdict(request.header.entry).await;
        assert_eq!(verdict.receipt.kind, model::ReceiptKind::RelayAcceptance);
        assert_eq!(fr_desk.arrivals(2).await.last(), Some(&request.header.entry));

        // Frozen on the own side, a submission is refused at once.
        pair.jp.freeze("FR", true).await;
        let again = jp_desk.request(&mut case, b"another body");
        let refused = jp_desk.submit(&again).await.unwrap_err();
        assert_eq!(wire::error_info(&refused).reason, "CHANNEL_NOT_OPEN");
    })
    .await;
}

#[tokio::test]
async fn a_closed_channel_opens_again_only_after_both_sides_have_compared_fingerprints_anew() {
    bounded(async {
        let pair = Pair::own().await;
        assert_eq!(pair.fr.close("JP").await["state"], "CLOSED");
        let mut peer = wire::as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
        let refused = peer.relay(RelayRequest::default()).await.unwrap_err();
        assert!(matches!(refused.code(), Code::PermissionDenied | Code::Unavailable | Code::Unknown), "{refused:?}");
        let dir = pair.fr.dir.to_str().unwrap();
        for verb in ["freeze", "unfreeze"] {
            let told = gateway(&["peer", verb, "--dir", dir, "JP"]).await;
            assert!(told.code != 0, "{verb} opened a closed channel");
        }
        let kept = pair.fr.channel("JP").await;
        assert_eq!(
            (&kept["state"], &kept["our_consent"], &kept["their_consent"]),
            (&"CLOSED".into(), &false.into(), &false.into())
        );
        let endpoint = kept["endpoint"].as_str().unwrap().parse().unwrap();
        let added = pair.fr.add_peer(&pair.jp, endpoint).await;
        assert_eq!((&added["state"], &added["their_consent"]), (&"KEYS_VERIFIED".into(), &false.into()), "{added}");
        // What JP said before the channel was closed does not count: JP is told, and its operator compares anew.
        until("JP is told that its word is over", 30, async || {
            let channel = pair.jp.channel("FR").await;
            (channel["state"] == "PROPOSED" && channel["our_consent"] == false).then_some(())
        })
        .await;
        assert_eq!(pair.fr.channel("JP").await["state"], "KEYS_VERIFIED", "one side alone opens nothing");
        let endpoint = pair.jp.channel("FR").await["endpoint"].as_str().unwrap().parse().unwrap();
        pair.jp.add_peer(&pair.fr, endpoint).await;
        pair.opened().await;
    })
    .await;
}
