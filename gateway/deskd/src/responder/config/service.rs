//! `[http]`: an HTTP service, with TLS and who we are there.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use identity::open_pkcs8;
use link::{BadTarget, WebError, WebRoots, WebTarget};
use serde::Deserialize;

use super::{http::Service, read_passphrase};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpFile {
    url: String,
    /// The authority that certifies the service, PEM.
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// Our certificate there, PEM.
    #[serde(default)]
    certificate_file: Option<PathBuf>,
    /// Its key, encrypted with the desk's passphrase.
    #[serde(default)]
    key_file: Option<PathBuf>,
    #[serde(default)]
    bearer_file: Option<PathBuf>,
    #[serde(default = "super::some_rows")]
    rows_max: u32,
    #[serde(default = "one_mebibyte")]
    bytes_max: u32,
    #[serde(default = "super::ten_seconds")]
    timeout_ms: u32,
}

fn one_mebibyte() -> u32 {
    1024 * 1024
}

impl HttpFile {
    /// The service, and the bytes of what it is trusted by.
    pub(super) fn read(
        self,
        desk: &Path,
        passphrase_file: &Path,
        faults: &mut Vec<String>,
    ) -> Option<(Service, Option<Vec<u8>>)> {
        let target: WebTarget = match self.url.parse() {
            Ok(target) => target,
            Err(error @ BadTarget::NotSecure) => {
                faults.push(format!("http.url: {error}"));
                return None;
            }
            Err(_) => {
                faults.push(
                    "http.url: write it whole, as in https://register.example/answer, without a password".to_owned(),
                );
                return None;
            }
        };
        if self.rows_max == 0 || self.rows_max > 1000 || self.timeout_ms == 0 || self.timeout_ms > 60_000 {
            faults.push("http: rows_max is 1 to 1000, timeout_ms 1 to 60000".to_owned());
        }
        if self.bytes_max == 0 || self.bytes_max > 16 * one_mebibyte() {
            faults.push("http.bytes_max: 1 to 16777216".to_owned());
        }
        let (roots, trusted) = match target.needs_roots() {
            true => {
                let (roots, trusted) = self.roots(desk, passphrase_file, faults)?;
                (Some(roots), Some(trusted))
            }
            false => (None, None),
        };
        let token = self.bearer_file.as_ref().map(|path| fs::read_to_string(desk.join(path)));
        let token = match token.transpose() {
            Ok(token) => token.map(|text| zeroize::Zeroizing::new(text.trim().to_owned())),
            Err(error) => {
                faults.push(format!("http.bearer_file: {}", error.kind()));
                None
            }
        };
        if roots.is_some() && token.is_none() && self.certificate_file.is_none() {
            faults.push("http: say who we are there: certificate_file and key_file, or bearer_file".to_owned());
        }
        let bytes_max = usize::try_from(self.bytes_max).unwrap_or(usize::MAX);
        let wait = Duration::from_millis(u64::from(self.timeout_ms));
        Some((Service { target, roots, token, rows_max: self.rows_max, bytes_max, wait }, trusted))
    }

    fn roots(&self, desk: &Path, passphrase_file: &Path, faults: &mut Vec<String>) -> Option<(WebRoots, Vec<u8>)> {
        let mut read = |key: &str, path: &Option<PathBuf>| -> Option<String> {
            let text = path.as_ref().map(|path| fs::read_to_string(desk.join(path)));
            match text {
                Some(Ok(text)) => Some(text),
                Some(Err(error)) => {
                    faults.push(format!("http.{key}: {}", error.kind()));
                    None
                }
                None => None,
            }
        };
        let (ca, chain, key) = (
            read("ca_file", &self.ca_file),
            read("certificate_file", &self.certificate_file),
            read("key_file", &self.key_file),
        );
        let Some(ca) = ca else {
            faults.push("http.ca_file: name the authority that certifies the service; no other is believed".to_owned());
            return None;
        };
        let roots = match (&chain, key) {
            (Some(chain), Some(key)) => {
                let opened = read_passphrase(passphrase_file).ok().and_then(|word| open_pkcs8(&key, &word).ok());
                opened.map_or(Err(WebError::Identity), |key| WebRoots::of_pem_as(&ca, chain, &key))
            }
            (None, None) => WebRoots::of_pem(&ca),
            _ => {
                faults.push("http: certificate_file and key_file belong together".to_owned());
                return None;
            }
        };
        match roots {
            Ok(roots) => Some((roots, ca.into_bytes())),
            Err(WebError::Identity) => {
                faults.push(
                    "http.key_file: it is not the certificate's, or the desk's passphrase does not open it".to_owned(),
                );
                None
            }
            Err(_) => {
                faults.push("http.ca_file: there is no certificate in it".to_owned());
                None
            }
        }
    }
}
