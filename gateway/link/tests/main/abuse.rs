//! Ends that do not play by the rules.

use std::time::Duration;

use link::EdgeLimits;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::world::{World, ask};

const SOON: Duration = Duration::from_secs(3);

fn hasty() -> EdgeLimits {
    let short = Duration::from_millis(300);
    EdgeLimits { handshake_time: short, preface_time: short, ..EdgeLimits::default() }
}

/// Reads until the other end closes; gives what it said.
async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut said = Vec::new();
    // A reset is an end too.
    let _ = timeout(SOON, stream.read_to_end(&mut said)).await.unwrap();
    said
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let world = World::new();
    let server = world.serve_limited(hasty()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let begin = Instant::now();
    assert!(until_closed(&mut stream).await.is_empty());
    assert!(begin.elapsed() >= Duration::from_millis(250));
}

#[tokio::test]
async fn a_connection_without_the_http2_preface_is_closed() {
    let world = World::new();
    let server = world.serve_limited(hasty()).await;
    let mut silent = world.foreign_client(&server).await;
    let mut slow = world.foreign_client(&server).await;
    slow.write_all(b"PRI * HTTP/2.0").await.unwrap();
    let begin = Instant::now();
    // The server's SETTINGS, and nothing after them.
    assert!(until_closed(&mut silent).await.len() > 9);
    assert!(until_closed(&mut slow).await.len() > 9);
    assert!(begin.elapsed() >= Duration::from_millis(200));
    assert!(ask(&world.remote(&server).connect().unwrap(), "who").await.is_ok());
}

#[tokio::test]
async fn tls_1_2_is_refused_with_an_alert() {
    let world = World::new();
    let server = world.serve().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // signature_algorithms, supported_groups and ec_point_formats, but no supported_versions [RFC 5246 §7.4.1.2].
    let extensions = [&[0, 13, 0, 4, 0, 2, 4, 3][..], &[0, 10, 0, 4, 0, 2, 0, 29], &[0, 11, 0, 2, 1, 0]].concat();
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0, 0, u8::try_from(extensions.len()).unwrap()]);
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).unwrap();
    let record = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat();
    stream.write_all(&record).await.unwrap();
    let said = until_closed(&mut stream).await;
    // Record type 21, level fatal, protocol_version [RFC 8446 §6.2].
    assert_eq!((said.first(), said.get(5..7)), (Some(&21), Some(&[2, 70][..])), "{said:?}");
}

#[tokio::test]
async fn one_subject_has_only_so_many_connections() {
    let world = World::new();
    let server = world.serve_limited(EdgeLimits { connections_per_subject: 2, ..EdgeLimits::default() }).await;
    let (mut first, _second) = (world.foreign_client(&server).await, world.foreign_client(&server).await);
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let mut third = world.foreign_client(&server).await;
    assert!(until_closed(&mut third).await.is_empty());
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.foreign_client(&server).await.read_exact(&mut byte).await.unwrap(), 1, "the place is free again");
}

#[tokio::test]
async fn one_address_has_only_so_many_connections() {
    let world = World::new();
    let server = world.serve_limited(EdgeLimits { connections_per_address: 1, ..EdgeLimits::default() }).await;
    let _first = world.foreign_client(&server).await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    assert!(until_closed(&mut second).await.is_empty());
}

#[tokio::test]
async fn one_address_cannot_hold_all_handshakes() {
    let world = World::new();
    let server = world.serve_limited(EdgeLimits { handshakes_per_address: 1, ..EdgeLimits::default() }).await;
    let _silent = TcpStream::connect(server.address).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    assert!(until_closed(&mut second).await.is_empty());
}

/// A frame of HTTP/2 [RFC 9113 §4.1].
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The kind and payload of the next frame.
async fn next_frame(stream: &mut (impl AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    let mut head = [0; 9];
    timeout(SOON, stream.read_exact(&mut head)).await.unwrap().unwrap();
    let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
    timeout(SOON, stream.read_exact(&mut payload)).await.unwrap().unwrap();
    (head[3], payload)
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_HEADERS: u8 = 4;
const ENHANCE_YOUR_CALM: u8 = 11;

fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, &[])].concat()
}

#[tokio::test]
async fn the_server_states_its_limits() {
    let world = World::new();
    let server = world.serve().await;
    let mut stream = world.foreign_client(&server).await;
    stream.write_all(&preface()).await.unwrap();
    let (kind, payload) = next_frame(&mut stream).await;
    assert_eq!(kind, SETTINGS);
    let settings: Vec<(u8, u32)> =
        payload.chunks(6).map(|s| (s[1], u32::from_be_bytes([s[2], s[3], s[4], s[5]]))).collect();
    // MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE [RFC 9113 §6.5.2].
    for expected in [(3, 100), (4, 1 << 20), (6, 16 * 1024)] {
        assert!(settings.contains(&expected), "{expected:?} in {settings:?}");
    }
}

/// Sends `attack` for each of many streams, and waits to be told to calm down.
async fn calmed(streams: u32, attack: impl Fn(u32) -> Vec<u8> + Send + 'static) {
    let world = World::new();
    let server = world.serve().await;
    let (mut reader, mut writer) = tokio::io::split(world.foreign_client(&server).await);
    writer.write_all(&preface()).await.unwrap();
    let attacker = tokio::spawn(async move {
        for stream in 0..streams {
            if writer.write_all(&attack(2 * stream + 1)).await.is_err() {
                return;
            }
        }
        let _ = writer.flush().await;
        std::future::pending::<()>().await;
    });
    loop {
        let (kind, payload) = next_frame(&mut reader).await;
        if kind == GOAWAY && payload[4..8] == [0, 0, 0, ENHANCE_YOUR_CALM] {
            break;
        }
    }
    attacker.abort();
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    // POST http://a/ from the static table [RFC 7541 Appendix A], then CANCEL.
    let request = [0x83, 0x86, 0x84, 0x41, 1, b'a'];
    calmed(5000, move |stream| {
        [frame(HEADERS, END_HEADERS, stream, &request), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
    })
    .await;
}

#[tokio::test]
async fn many_malformed_requests_end_the_connection() {
    // Two methods: malformed [RFC 9113 §8.3.1], so the server resets each stream by itself.
    let request = [0x83, 0x83, 0x86, 0x84];
    calmed(5000, move |stream| frame(HEADERS, END_HEADERS, stream, &request)).await;
}
