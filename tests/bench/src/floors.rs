//! What is unavoidable, measured in the same run: TLS, signatures, one durable write, MLS.

use std::{fs::File, io::Write, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use identity::{Domain, RootCertificate, SigningKey, certificates_from_pem};
use link::Credentials;
use tokio::time::Instant;

use crate::{
    case,
    cpu::{Cpu, thread_ns},
    desks::{Pins, tls_identity},
    echo,
    failure::Failure,
    states::States,
};

/// Calls at the same time, and over how many connections.
const IN_FLIGHT: usize = 64;
const CONNECTIONS: usize = 4;
const ECHO_TIME: Duration = Duration::from_secs(2);
/// So much larger is the echo that tells what a byte costs.
const MORE_BYTES: usize = 64 * 1024;
const SIGNATURES: usize = 3000;
const APPENDS: usize = 1000;

/// Hops of an entry: desk to gateway, gateway to gateway, gateway to desk.
pub(crate) const HOPS: f64 = 3.0;
/// Signatures made after the clock starts: the sending desk's, two receipts of admission, the receiving desk's report, the receipt of
/// retrieval.
pub(crate) const SIGNED: f64 = 5.0;

/// Signatures verified for one entry. Three hold the entry against its signers (both gateways and the receiving desk, which believes
/// neither): the desk's, and the officers'. One holds the body against the sending desk. One holds the report. Two hold the other
/// gateway's receipts (admission, retrieval), and the desks hold four: the sender three, the receiver one.
pub(crate) fn verified() -> f64 {
    3.0 * (1.0 + case::officers_per_entry()) + 1.0 + 1.0 + 2.0 + 4.0
}

/// Limits, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Floors {
    /// Calls of the size of an entry per second, both ends in this process.
    pub(crate) echo_rate: f64,
    /// Processor time of one, both ends together.
    pub(crate) echo: f64,
    /// What a byte more costs it, one way.
    pub(crate) echo_byte: f64,
    pub(crate) sign: f64,
    pub(crate) verify: f64,
    /// 4 KiB appended and durable.
    pub(crate) append: f64,
}

impl Floors {
    pub(crate) async fn measure(states: &States, bytes: usize) -> Result<Self, Failure> {
        let (echo_rate, echo) = echo_cost(states, bytes).await?;
        let (_, larger) = echo_cost(states, bytes + MORE_BYTES).await?;
        let echo_byte = (larger - echo).max(0.0) / (2 * MORE_BYTES) as f64;
        let (sign, verify) = signatures()?;
        Ok(Self { echo_rate, echo, echo_byte, sign, verify, append: appends(states.folder())? })
    }

    /// TLS of one entry.
    pub(crate) fn tls(&self) -> f64 {
        HOPS * self.echo
    }

    /// Signatures of one entry.
    pub(crate) fn signatures(&self) -> f64 {
        SIGNED * self.sign + verified() * self.verify
    }

    /// The share of one entry in a durable write at each of the two gateways, when so many share one.
    pub(crate) fn commits(&self, group: f64) -> f64 {
        2.0 * self.append / group.max(1.0)
    }
}

async fn echo_cost(states: &States, bytes: usize) -> Result<(f64, f64), Failure> {
    let [home, peer] = &states.states;
    let folders = [home.dir.join("gateway"), peer.dir.join("gateway")];
    let mut roots = Vec::new();
    for folder in &folders {
        for der in certificates_from_pem(&std::fs::read_to_string(folder.join("root.cert.pem"))?)? {
            roots.push(RootCertificate::parse(&der)?);
        }
    }
    let [home, peer] = &folders;
    let (server, client) = (Credentials::new(&tls_identity(home)?)?, Credentials::new(&tls_identity(peer)?)?);
    let (serving, channel) = echo::serve(server, client, Arc::new(Pins(roots)), CONNECTIONS).await?;
    let message = Bytes::from(vec![7; bytes]);
    echo::call(&channel, message.clone()).await?;
    let (before, started) = (Cpu::own(), Instant::now());
    let until = started + ECHO_TIME;
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (channel, message) = (channel.clone(), message.clone());
        callers.spawn(async move {
            let mut calls = 0_u64;
            while Instant::now() < until {
                echo::call(&channel, message.clone()).await?;
                calls += 1;
            }
            Ok::<_, Failure>(calls)
        });
    }
    let mut calls = 0;
    while let Some(called) = callers.join_next().await {
        calls += called??;
    }
    let (took, spent) = (started.elapsed(), Cpu::own() - before);
    serving.abort();
    Ok((calls as f64 / took.as_secs_f64(), spent.all / calls as f64))
}

/// One made and one verified, in microseconds.
pub(crate) fn signatures() -> Result<(f64, f64), Failure> {
    let key = SigningKey::generate()?;
    let message = [7; 64];
    let mut signature = Vec::new();
    let sign = mean(SIGNATURES, || {
        signature = key.sign(Domain::Step, &message);
        Ok(())
    })?;
    let verifying = key.verifying_key();
    let verify = mean(SIGNATURES, || Ok(verifying.verify(Domain::Step, &message, &signature)?))?;
    Ok((sign, verify))
}

fn appends(folder: &Path) -> Result<f64, Failure> {
    let mut file = File::create(folder.join("appended"))?;
    let page = [7; 4096];
    let started = Instant::now();
    for _ in 0..APPENDS {
        file.write_all(&page)?;
        file.sync_data()?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / APPENDS as f64)
}

/// Mean processor time of a piece of work, in microseconds.
pub(crate) fn mean(times: usize, mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let before = thread_ns();
    for _ in 0..times {
        work()?;
    }
    Ok((thread_ns() - before) as f64 / 1e3 / times as f64)
}
