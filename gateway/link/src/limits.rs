use std::time::Duration;

/// What the edge of a server allows. The defaults bear a federation of 193 states; tonic's own are "no limit" for most of these, so
/// every one is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeLimits {
    /// TLS handshakes at the same time; further connections wait in the kernel's queue.
    pub handshakes: usize,
    /// Of these, from one IPv4 address or one IPv6 /64, so that nobody alone can hold them all.
    pub handshakes_per_address: usize,
    /// Time for a TLS handshake.
    pub handshake_time: Duration,
    /// Time from the end of the handshake to the whole HTTP/2 preface [RFC 9113 §3.4].
    pub preface_time: Duration,
    /// Connections in all.
    pub connections: usize,
    /// Connections from one IPv4 address or one IPv6 /64.
    pub connections_per_address: usize,
    /// Connections of one gateway or desk.
    pub connections_per_subject: usize,
    /// Calls at the same time on one connection: streams, and requests in handlers.
    pub streams: u32,
    /// Streams reset by our own errors before the connection ends [RUSTSEC-2024-0003].
    pub local_resets: usize,
    /// Streams reset by the peer before they were accepted [CVE-2023-44487].
    pub pending_resets: usize,
    /// All header fields of a request, in bytes.
    pub header_bytes: u32,
    /// Idle time before a ping.
    pub keepalive: Duration,
    /// Time for the answer to a ping.
    pub keepalive_time: Duration,
    /// Time for a handler to begin its answer.
    pub request_time: Duration,
    /// Age at which a connection is asked to end, so that its peer is verified anew.
    pub connection_age: Duration,
    /// Time after that, or after the shutdown, until it is cut.
    pub grace: Duration,
    /// Bytes in flight on one stream.
    pub stream_window: u32,
    /// Bytes in flight on one connection.
    pub connection_window: u32,
}

impl Default for EdgeLimits {
    fn default() -> Self {
        Self {
            handshakes: 128,
            handshakes_per_address: 32,
            handshake_time: Duration::from_secs(5),
            preface_time: Duration::from_secs(5),
            connections: 4096,
            connections_per_address: 512,
            connections_per_subject: 16,
            streams: 100,
            local_resets: 1024,
            pending_resets: 20,
            header_bytes: 16 * 1024,
            keepalive: Duration::from_secs(10),
            keepalive_time: Duration::from_secs(5),
            request_time: Duration::from_secs(30),
            connection_age: Duration::from_secs(30 * 60),
            grace: Duration::from_secs(10),
            stream_window: 1 << 20,
            connection_window: 8 << 20,
        }
    }
}

/// How a client connects and waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Connections kept to the same peer; calls go round. One connection is the bottleneck of a busy channel.
    pub connections: usize,
    /// Time for TCP and TLS together.
    pub connect_time: Duration,
    /// Time for the peer to begin its answer to a call.
    pub request_time: Duration,
    /// Idle time before a ping.
    pub keepalive: Duration,
    /// Time for the answer to a ping.
    pub keepalive_time: Duration,
    /// All header fields of an answer, in bytes.
    pub header_bytes: u32,
    /// Bytes in flight on one stream.
    pub stream_window: u32,
    /// Bytes in flight on one connection.
    pub connection_window: u32,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            connections: 1,
            connect_time: Duration::from_secs(5),
            request_time: Duration::from_secs(30),
            keepalive: Duration::from_secs(10),
            keepalive_time: Duration::from_secs(5),
            header_bytes: 16 * 1024,
            stream_window: 1 << 20,
            connection_window: 8 << 20,
        }
    }
}
