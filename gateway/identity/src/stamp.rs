//! Time-stamps [RFC 3161]: what is asked of an authority, whose word is believed, and what a token says.

mod info;
mod token;

use std::fmt;

use cms::cert::x509::der::{Any, Decode, Encode, Tag, Tagged};
use model::{Digest, Refusal, Timestamp, limits::CLOCK_AHEAD_MS_MAX};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::{certificate::certificates_from_pem, refuse::unproven};

pub use token::StampToken;

/// An answer of a time-stamping authority, at most.
pub const STAMP_BYTES_MAX: usize = 64 * 1024;
/// Certificates that are believed at once.
const PINNED_MAX: usize = 16;

/// All that stands before the digest in a request for SHA-256: SEQUENCE, version 1, the imprint and its algorithm.
const QUERY_HEAD: [u8; 24] = [
    0x30, 0x4b, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
    0x01, 0x05, 0x00, 0x04, 0x20,
];
/// All that stands before a nonce of 16 bytes.
const NONCE_HEAD: [u8; 2] = [0x02, 0x10];
/// `certReq TRUE`.
const QUERY_TAIL: [u8; 3] = [0x01, 0x01, 0xff];

/// The extended key usage of who stamps time, 1.3.6.1.5.5.7.3.8, as it is encoded.
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

/// What a time-stamping authority is asked: that these 32 bytes exist now [RFC 3161 §2.4.1].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampRequest {
    /// SHA-256 of what is stamped.
    pub digest: Digest,
    /// Random, so that an old answer is none.
    pub nonce: [u8; 16],
}

/// Whose time-stamps are believed: authorities by their own certificates, or all whom a certificate authority named for that.
pub struct StampRoots {
    anchors: Vec<TrustAnchor<'static>>,
    pinned: Vec<CertificateDer<'static>>,
}

impl StampRequest {
    /// The request, DER. It asks for the authority's certificate, so that the token proves itself.
    pub fn to_der(&self) -> Vec<u8> {
        [&QUERY_HEAD[..], self.digest.as_bytes(), &NONCE_HEAD, &self.nonce_integer(), &QUERY_TAIL].concat()
    }

    /// A positive integer without a leading zero, whatever the random bytes are.
    fn nonce_integer(&self) -> [u8; 16] {
        let mut bytes = self.nonce;
        bytes[0] = bytes[0] & 0x3f | 0x40;
        bytes
    }
}

impl StampRoots {
    /// Those in a PEM text: certificates of authorities themselves, or of who vouches for them.
    ///
    /// # Errors
    /// R95 where there is none, too many are there, or one cannot be read.
    pub fn of_pem(pem: &str) -> Result<Self, Refusal> {
        let bad = || {
            let remedy = "Give the authority's own certificate, or its root's, PEM; at most 16 of them.";
            unproven("no certificates of a time-stamping authority can be read", remedy)
        };
        let pinned = certificates_from_pem(pem).map_err(|_| bad())?;
        let mut anchors = Vec::new();
        for der in &pinned {
            let (_, read) = X509Certificate::from_der(der).map_err(|_| bad())?;
            if read.is_ca() {
                anchors.push(anchor_from_trusted_cert(der).map_err(|_| bad())?.to_owned());
            }
        }
        if pinned.len() > PINNED_MAX { Err(bad()) } else { Ok(Self { anchors, pinned }) }
    }

    /// Takes the answer to `request`, which came at `now` by the own clock.
    ///
    /// # Errors
    /// R95 where it grants nothing, answers another request, does not verify, is of somebody else, or is 5 minutes or more from `now`: one
    /// of the two clocks is wrong then.
    pub fn verify_answer(&self, answer: &[u8], request: &StampRequest, now: Timestamp) -> Result<StampToken, Refusal> {
        let token = StampToken::read(&granted(answer)?, request.digest)?;
        if token.nonce() != Some(&request.nonce_integer()) {
            return Err(bad("it answers another request"));
        }
        self.believe(&token)?;
        let apart = token.at().0.saturating_sub(now.0);
        if apart.saturating_abs() >= CLOCK_AHEAD_MS_MAX {
            return Err(bad(&format!("its clock and the own one are {} s apart", apart / 1000)));
        }
        Ok(token)
    }

    /// Whether the authority that made a token is one of these, and its certificate was valid then. Whether it was revoked is not asked.
    ///
    /// # Errors
    /// R95 where it is none of these.
    pub fn believe(&self, token: &StampToken) -> Result<(), Refusal> {
        let (signer, others) = token.certificates();
        let since = token.at().0 / 1000;
        if self.pinned.contains(signer) {
            let read = X509Certificate::from_der(signer);
            let valid = read.is_ok_and(|(_, read)| {
                let validity = read.validity();
                (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&since)
            });
            return if valid { Ok(()) } else { Err(bad("its signer's certificate was not valid then")) };
        }
        let leaf = EndEntityCert::try_from(signer).map_err(|_| bad("its signer's certificate cannot be read"))?;
        let then = u64::try_from(since).map_err(|_| bad("it is of a time before 1970"))?;
        let then = UnixTime::since_unix_epoch(std::time::Duration::from_secs(then));
        let usage = KeyUsage::required(TIME_STAMPING);
        leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &self.anchors, others, then, usage, None, None)
            .map(|_| ())
            .map_err(|_| bad("its signer is none of the authorities that are believed"))
    }
}

/// The token in an answer that grants one: `TimeStampResp ::= SEQUENCE { status, timeStampToken OPTIONAL }` [RFC 3161 §2.4.2].
fn granted(answer: &[u8]) -> Result<Vec<u8>, Refusal> {
    let no_answer = || bad("not an answer of RFC 3161");
    if answer.len() > STAMP_BYTES_MAX {
        return Err(bad("the answer is too long"));
    }
    let parts = Vec::<Any>::from_der(answer).map_err(|_| no_answer())?;
    let status = parts.first().and_then(|status| status.decode_as::<Vec<Any>>().ok()).unwrap_or_default();
    let status = status.first().filter(|status| status.tag() == Tag::Integer).ok_or_else(no_answer)?;
    match (status.value(), &parts[1..]) {
        // Granted, or granted with modifications: what they are, the token shows.
        ([0 | 1], [token]) => token.to_der().map_err(|_| no_answer()),
        ([0 | 1], _) => Err(no_answer()),
        (refused, _) => {
            let status = refused.first().copied().unwrap_or_default();
            Err(bad(&format!("it grants no time-stamp, and answers with status {status}")))
        }
    }
}

impl fmt::Debug for StampRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StampRoots({})", self.pinned.len())
    }
}

fn bad(reason: &str) -> Refusal {
    unproven(
        format!("The time-stamp does not hold: {reason}."),
        "Check the configured authority and its certificate; the exchange goes on without it.",
    )
}
