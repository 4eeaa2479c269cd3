//! Where the console listens, and what it is called from outside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Deserialize;
use tokio::net::TcpListener;

/// `[console]` of `desk.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `localhost:0` (a free port, another one after each start), `localhost:8443`, an address with a port, or empty: no console.
    pub listen: String,
    /// Whether a proxy on the way there speaks TLS with the browsers. Without it the console listens on loopback only.
    pub behind_tls_proxy: bool,
    /// What the officers' browsers call it, as in `https://desk.example`; wanted behind a proxy.
    pub origin: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: "localhost:0".to_owned(), behind_tls_proxy: false, origin: None }
    }
}

/// Why the console cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not an address.
    #[error("console.listen: {0:?} is no address with a port, as in localhost:0 or 127.0.0.1:8443")]
    Address(String),
    /// An officer's passphrase would cross a network in clear.
    #[error(
        "console.listen: {0} is not loopback, and the console speaks no TLS; a proxy that does says behind_tls_proxy = true"
    )]
    Exposed(IpAddr),
    /// A proxy without a name.
    #[error("console.origin: behind a proxy state what browsers call it, as in https://desk.example")]
    NoOrigin,
    /// Not an origin.
    #[error("console.origin: {0:?} is no https:// name, with a port where it has one, and nothing behind it")]
    Origin(String),
    /// An origin where nothing stands between.
    #[error("console.origin is stated for a console behind a proxy only (behind_tls_proxy = true)")]
    StrayOrigin,
    /// It cannot listen.
    #[error("the console cannot listen on {0}")]
    Bind(SocketAddr, #[source] std::io::Error),
}

/// What the console is called: scheme and authority, nothing else [RFC 6454 §6.2].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    text: String,
    authority: String,
}

impl Origin {
    fn http(authority: String) -> Self {
        Self { text: format!("http://{authority}"), authority }
    }

    fn https(text: &str) -> Result<Self, SettingsError> {
        let bad = || SettingsError::Origin(text.to_owned());
        let authority = text.strip_prefix("https://").ok_or_else(bad)?.to_ascii_lowercase();
        // Browsers leave the port of the scheme out.
        let authority = authority.strip_suffix(":443").unwrap_or(&authority).to_owned();
        let plain = |c: u8| c.is_ascii_alphanumeric() || b".-:[]".contains(&c);
        if authority.is_empty() || authority.len() > 255 || !authority.bytes().all(plain) {
            return Err(bad());
        }
        Ok(Self { text: format!("https://{authority}"), authority })
    }

    /// As browsers send it in `Origin`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As browsers send it in `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// The name of the cookie of a session. Cookies know no ports: two desks on one machine would take each other's, so that the port is
    /// in the name. `__Host-` lets no other host and no plain connection set it.
    pub(crate) fn cookie(&self) -> String {
        if self.is_secure() {
            return "__Host-rogatory_session".to_owned();
        }
        match self.authority.rsplit_once(':') {
            Some((_, port)) if port.bytes().all(|c| c.is_ascii_digit()) => format!("rogatory_session_{port}"),
            _ => "rogatory_session".to_owned(),
        }
    }
}

/// A console that listens and does not answer yet.
#[derive(Debug)]
pub struct Bound {
    pub(crate) listener: TcpListener,
    pub(crate) origin: Origin,
}

impl Settings {
    /// Takes the address; `None` where no console is wanted.
    ///
    /// # Errors
    /// [`SettingsError`] where the settings contradict each other or the address cannot be had.
    pub async fn bind(&self) -> Result<Option<Bound>, SettingsError> {
        if self.listen.is_empty() {
            return Ok(None);
        }
        let (host, address) = self.address()?;
        let stated = self.stated()?;
        if !address.ip().is_loopback() && !self.behind_tls_proxy {
            return Err(SettingsError::Exposed(address.ip()));
        }
        let failed = |error| SettingsError::Bind(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let origin = stated.unwrap_or_else(|| Origin::http(if port == 80 { host } else { format!("{host}:{port}") }));
        Ok(Some(Bound { listener, origin }))
    }

    /// The host as it is written, and where to listen.
    fn address(&self) -> Result<(String, SocketAddr), SettingsError> {
        let bad = || SettingsError::Address(self.listen.clone());
        let (host, port) = self.listen.rsplit_once(':').ok_or_else(bad)?;
        let port: u16 = port.parse().map_err(|_| bad())?;
        if host == "localhost" {
            return Ok((host.to_owned(), SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        let address: SocketAddr = self.listen.parse().map_err(|_| bad())?;
        Ok((host.to_owned(), address))
    }

    fn stated(&self) -> Result<Option<Origin>, SettingsError> {
        match (&self.origin, self.behind_tls_proxy) {
            (Some(text), true) => Origin::https(text).map(Some),
            (Some(_), false) => Err(SettingsError::StrayOrigin),
            (None, true) => Err(SettingsError::NoOrigin),
            (None, false) => Ok(None),
        }
    }
}

impl Bound {
    /// What browsers call it.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    async fn bound(listen: &str, proxy: bool, origin: Option<&str>) -> Result<Option<String>, SettingsError> {
        let settings =
            Settings { listen: listen.to_owned(), behind_tls_proxy: proxy, origin: origin.map(ToOwned::to_owned) };
        Ok(settings.bind().await?.map(|bound| bound.origin().as_str().to_owned()))
    }

    #[tokio::test]
    async fn a_console_listens_on_loopback_under_the_name_that_was_written() {
        assert_eq!(bound("", false, None).await.unwrap(), None);
        let named = bound("localhost:0", false, None).await.unwrap().unwrap();
        assert!(named.starts_with("http://localhost:") && named != "http://localhost:0", "{named}");
        assert!(bound("127.0.0.1:0", false, None).await.unwrap().unwrap().starts_with("http://127.0.0.1:"));
    }

    #[tokio::test]
    async fn no_passphrase_crosses_a_network_in_clear() {
        assert!(matches!(bound("0.0.0.0:0", false, None).await, Err(SettingsError::Exposed(_))));
        assert!(matches!(bound("0.0.0.0:0", true, None).await, Err(SettingsError::NoOrigin)));
        for wrong in ["http://desk.example", "https://", "https://desk.example/", "https://a b", "desk.example"] {
            assert!(matches!(bound("0.0.0.0:0", true, Some(wrong)).await, Err(SettingsError::Origin(_))), "{wrong}");
        }
        let behind = bound("127.0.0.1:0", true, Some("https://Desk.example:443")).await.unwrap();
        assert_eq!(behind.unwrap(), "https://desk.example");
        assert!(matches!(bound("localhost:0", false, Some("https://x")).await, Err(SettingsError::StrayOrigin)));
        assert!(matches!(bound("desk.example:1", false, None).await, Err(SettingsError::Address(_))));
    }

    #[test]
    fn a_cookie_of_a_secure_origin_is_of_that_host_alone() {
        assert_eq!(Origin::https("https://desk.example").unwrap().cookie(), "__Host-rogatory_session");
        assert_eq!(Origin::http("localhost:4711".to_owned()).cookie(), "rogatory_session_4711");
    }
}
