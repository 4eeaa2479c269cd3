#![expect(clippy::unwrap_used, reason = "tests")]

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// Posts to a server on this machine that sends `answer`; says what it was asked too.
async fn posted(answer: &'static [u8], within: Duration) -> (Result<StatusCode, WebError>, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let target: WebTarget =
        format!("http://127.0.0.1:{}/hook?x=1", listener.local_addr().unwrap().port()).parse().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let count = stream.read(&mut asked).await.unwrap();
        stream.write_all(answer).await.unwrap();
        // The client hangs up.
        let _ = stream.read(&mut [0; 1]).await;
        String::from_utf8_lossy(&asked[..count]).into_owned()
    });
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "text/plain".parse().unwrap())]);
    let said = target.post(None, headers, Bytes::from_static(b"body"), within).await;
    (said, server.await.unwrap())
}

fn a_root() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem()
}

#[tokio::test]
async fn a_post_is_answered_by_its_status_and_a_redirect_is_not_followed() {
    let (said, asked) = posted(b"HTTP/1.1 204 No Content\r\n\r\n", Duration::from_secs(5)).await;
    assert_eq!(said.unwrap(), StatusCode::NO_CONTENT);
    assert!(asked.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{asked}");
    let moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(posted(moved, Duration::from_secs(5)).await.0.unwrap(), StatusCode::FOUND);
}

#[tokio::test]
async fn what_is_no_http_and_what_never_comes_are_errors() {
    let no_http = posted(b"220 mail.example ESMTP\r\n", Duration::from_secs(5)).await.0;
    assert!(matches!(no_http, Err(WebError::Http(_))), "{no_http:?}");
    let slow = posted(b"", Duration::from_millis(200)).await.0;
    assert!(matches!(slow, Err(WebError::Timeout(_))), "{slow:?}");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_spoken_to() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let target: WebTarget = format!("https://localhost:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
    assert!(target.needs_roots());
    let post = async |roots| target.post(roots, HeaderMap::new(), Bytes::new(), Duration::from_secs(5)).await;
    let none = post(None).await;
    assert!(matches!(none, Err(WebError::Authorities)), "{none:?}");
    let server = tokio::spawn(async move {
        let key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
        // One connection without the authorities was made, and one with others.
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = tokio_rustls::TlsAcceptor::from(Arc::new(config.clone())).accept(stream).await;
        }
    });
    let others = WebRoots::of_pem(&a_root()).unwrap();
    let refused = post(Some(&others)).await;
    assert!(matches!(refused, Err(WebError::Tls(_))), "{refused:?}");
    server.await.unwrap();
}

#[test]
fn only_https_is_posted_to_or_this_machine() {
    let read = |text: &str| text.parse::<WebTarget>();
    for good in ["https://cms.example/hook", "https://cms.example:8443", "http://localhost:80/", "http://[::1]:9/x"] {
        assert!(read(good).is_ok(), "{good}");
    }
    for (bad, why) in [
        ("http://cms.example/", BadTarget::NotSecure),
        ("ftp://cms.example/", BadTarget::NotSecure),
        ("http://127.0.0.1.example/", BadTarget::NotSecure),
        ("https://user:secret@cms.example/", BadTarget::NotPlain),
        ("https://cms.example/#x", BadTarget::NotPlain),
        ("/hook", BadTarget::NoUrl),
        ("", BadTarget::NoUrl),
    ] {
        assert_eq!(read(bad), Err(why), "{bad}");
    }
}

#[test]
fn a_name_leads_to_no_address_that_only_this_machine_can_reach() {
    let may = |ip: &str, local| may_dial(ip.parse().unwrap(), local);
    assert!(may("10.1.2.3", false) && may("192.0.2.1", false) && may("2001:db8::1", false));
    assert!(may("127.0.0.1", true) && may("::1", true));
    for inner in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"] {
        assert!(!may(inner, false), "{inner}");
    }
}

/// A service that only talks to whom it knows, and answers with this.
async fn known_service(answer: &'static [u8]) -> (WebTarget, [String; 3], tokio::task::JoinHandle<Option<String>>) {
    let (key, own) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let client = rcgen::CertificateParams::new(vec!["desk.example".to_owned()]).unwrap().self_signed(&own).unwrap();
    let mut known = RootCertStore::empty();
    known.add(client.der().clone()).unwrap();
    let known = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(known), provider());
    let config = rustls::ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.with_client_cert_verifier(known.build().unwrap());
    let config = config.with_single_cert(vec![server.der().clone()], key).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let target = format!("https://localhost:{}/x", listener.local_addr().unwrap().port()).parse().unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await.ok()?;
        let mut asked = vec![0; 4096];
        let count = stream.read(&mut asked).await.ok()?;
        stream.write_all(answer).await.ok()?;
        let _ = stream.read(&mut [0; 1]).await;
        Some(String::from_utf8_lossy(&asked[..count]).into_owned())
    });
    let key: String = own.serialize_der().iter().map(|byte| format!("{byte:02x}")).collect();
    (target, [server.pem(), client.pem(), key], served)
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn a_service_that_knows_its_callers_is_asked_and_its_answer_read_to_its_limit() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: Application/JSON; charset=utf-8\r\ncontent-length: 2\r\n\r\n{}";
    let within = Duration::from_secs(5);
    let (target, [authority, chain, key], served) = known_service(answer).await;
    let roots = WebRoots::of_pem_as(&authority, &chain, &unhex(&key)).unwrap();
    let said = target.ask(Some(&roots), HeaderMap::new(), Bytes::from_static(b"{}"), within, 2).await.unwrap();
    assert_eq!(
        (said.status, said.media_type.as_str(), &said.body[..]),
        (StatusCode::OK, "application/json", &b"{}"[..])
    );
    assert!(served.await.unwrap().unwrap().starts_with("POST /x HTTP/1.1\r\n"));

    let (target, [authority, chain, key], _served) = known_service(answer).await;
    let roots = WebRoots::of_pem_as(&authority, &chain, &unhex(&key)).unwrap();
    let long = target.ask(Some(&roots), HeaderMap::new(), Bytes::new(), within, 1).await;
    assert!(matches!(long, Err(WebError::TooLong(1))), "{long:?}");

    // Whom it does not know gets no answer; a key of somebody else's is none to show.
    let (target, [authority, chain, _], served) = known_service(answer).await;
    let nobody = WebRoots::of_pem(&authority).unwrap();
    target.ask(Some(&nobody), HeaderMap::new(), Bytes::new(), within, 2).await.unwrap_err();
    assert_eq!(served.await.unwrap(), None);
    let other = rcgen::KeyPair::generate().unwrap().serialize_der();
    assert!(matches!(WebRoots::of_pem_as(&authority, &chain, &other), Err(WebError::Identity)));
}
