//! Where a certificate and the key that it is for stand, and those that take their places.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use identity::{
    Passphrase, Purpose, RootCertificate, Subject, certificate_expiry, certificate_to_pem, certificates_from_pem,
    open_pkcs8, seal_pkcs8,
};
use model::{Digest, Timestamp};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::{
    KeyringError,
    files::{make_folder, reading, rename, text, unusable, write, write_public, writing},
};

/// A pair that fits.
pub struct Held {
    /// The certificate, DER, then its issuers without the root.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key, PKCS#8 DER in clear.
    pub pkcs8: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({} certificates)", self.chain.len())
    }
}

/// By what a certificate is taken.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// Who has to have issued it.
    pub root: &'a RootCertificate,
    /// To whom.
    pub subject: &'a Subject,
    /// Of the folder.
    pub passphrase: &'a Passphrase,
    /// When.
    pub now: Timestamp,
    /// Whether it may end sooner than the one in use.
    pub sooner: bool,
}

/// The place of one pair in a folder: `tls.cert.pem` and `tls.key.pem`, or `leaf.…`. While a pair is renewed the next ones stand beside
/// them with `.next.pem` for `.pem`.
#[derive(Debug, Clone)]
pub struct Slot {
    purpose: Purpose,
    certificate: PathBuf,
    key: PathBuf,
    /// Where those before are kept that may still be needed.
    former: Option<PathBuf>,
}

impl Slot {
    /// The pair of a folder for TLS.
    pub fn tls(folder: &Path) -> Self {
        Self {
            purpose: Purpose::Tls,
            certificate: folder.join("tls.cert.pem"),
            key: folder.join("tls.key.pem"),
            former: None,
        }
    }

    /// The pair of a desk's folder for its leaf. Those before are kept: the groups of cases know them until the leaf is renewed there.
    pub fn leaf(folder: &Path) -> Self {
        Self {
            purpose: Purpose::Leaf,
            certificate: folder.join("leaf.cert.pem"),
            key: folder.join("leaf.key.pem"),
            former: Some(folder.join("former-leaves")),
        }
    }

    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The pair in use. An exchange that was cut off, at whatever step, leaves one that fits.
    ///
    /// # Errors
    /// What cannot be read or opened, or does not fit.
    pub fn open(&self, passphrase: &Passphrase) -> Result<Held, KeyringError> {
        let next = next(&self.certificate);
        let mut fitting = None;
        for certificate in [next.as_path(), &self.certificate].into_iter().filter(|path| path.exists()) {
            fitting = self.fitting(certificate, passphrase)?;
            if fitting.is_some() {
                break;
            }
        }
        let (held, _) = fitting.ok_or_else(|| {
            unusable(&self.certificate, "there is no certificate in it that is for the key beside it")
        })?;
        Ok(held)
    }

    /// A request for a certificate over the next key, in PEM. The key is drawn unless one waits already.
    ///
    /// # Errors
    /// What cannot be read, opened or written.
    pub fn request(&self, subject: &Subject, passphrase: &Passphrase) -> Result<String, KeyringError> {
        self.settle(passphrase)?;
        let path = next(&self.key);
        if !path.exists() {
            let drawn = self.purpose.draw().map_err(|error| unusable(&path, error))?;
            let sealed = seal_pkcs8(&drawn, passphrase).map_err(|error| unusable(&path, error))?;
            write(&path, sealed.as_bytes())?;
        }
        self.purpose.request(subject, &key_at(&path, passphrase)?).map_err(|error| unusable(&path, error))
    }

    /// Puts a certificate into use that the root has issued to us over the key that waits here, with that key. Says when it ends; nothing
    /// where it is for another key.
    ///
    /// # Errors
    /// A certificate for the waiting key that is not what it should be, or that ends sooner than the one in use where that is not said to
    /// be meant; what cannot be read, opened or written.
    pub fn take(&self, certificate: &CertificateDer<'_>, by: &Taking<'_>) -> Result<Option<Timestamp>, KeyringError> {
        self.settle(by.passphrase)?;
        let waiting = next(&self.key);
        if !waiting.exists() {
            return Ok(None);
        }
        let pkcs8 = key_at(&waiting, by.passphrase)?;
        if !self.purpose.fits(certificate, &pkcs8) {
            return Ok(None);
        }
        let until = self
            .purpose
            .check(by.root, std::slice::from_ref(certificate), by.subject, &pkcs8, by.now)
            .map_err(|refusal| KeyringError::Refused(Box::new(refusal)))?;
        let in_use = self.until()?;
        if until < in_use && !by.sooner {
            return Err(KeyringError::EndsSooner { purpose: self.purpose, until, in_use });
        }
        self.keep_former()?;
        let pem = certificate_to_pem(certificate).map_err(|error| unusable(&self.certificate, error))?;
        // From here on the next pair is in use, whatever happens to this program.
        write_public(&next(&self.certificate), pem.as_bytes())?;
        self.settle(by.passphrase)?;
        Ok(Some(until))
    }

    /// When the certificate in use ends, as its file says.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn until(&self) -> Result<Timestamp, KeyringError> {
        let next = next(&self.certificate);
        let path = if next.exists() { &next } else { &self.certificate };
        let chain = chain_at(path)?;
        let until = chain.first().and_then(|first| certificate_expiry(first).ok());
        until.ok_or_else(|| unusable(path, "there is no certificate in it"))
    }

    /// Changes when the pair does. Cheap: it reads no file.
    pub fn mark(&self) -> [Option<SystemTime>; 2] {
        let changed = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
        [changed(&self.certificate), changed(&next(&self.certificate))]
    }

    /// The pairs before the one in use that are kept, in no order; and those of which key or certificate cannot be opened, which are
    /// nobody's reason to stand still.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn former(&self, passphrase: &Passphrase) -> Result<(Vec<Held>, Vec<KeyringError>), KeyringError> {
        let Some(folder) = &self.former else { return Ok(Default::default()) };
        let files = match fs::read_dir(folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
            Err(error) => return Err(reading(folder, error)),
        };
        let (mut former, mut shut) = (Vec::new(), Vec::new());
        for file in files {
            let path = file.map_err(|error| reading(folder, error))?.path();
            let Some(stem) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".cert.pem")) else {
                continue;
            };
            let pkcs8 = key_at(&folder.join(format!("{stem}.key.pem")), passphrase);
            match pkcs8.and_then(|pkcs8| Ok(Held { chain: chain_at(&path)?, pkcs8 })) {
                Ok(held) => former.push(held),
                Err(error) => shut.push(error),
            }
        }
        Ok((former, shut))
    }

    /// Destroys a pair before the one in use.
    ///
    /// # Errors
    /// What the system says.
    pub fn forget(&self, certificate: &CertificateDer<'_>) -> Result<(), KeyringError> {
        let Some(folder) = &self.former else { return Ok(()) };
        let stem = stem_of(certificate);
        // The certificate first: without one the key is no pair.
        for path in [folder.join(format!("{stem}.cert.pem")), folder.join(format!("{stem}.key.pem"))] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(writing(&path, error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Ends an exchange whose certificate is written.
    fn settle(&self, passphrase: &Passphrase) -> Result<(), KeyringError> {
        let certificate = next(&self.certificate);
        if !certificate.exists() {
            return Ok(());
        }
        let Some((_, key)) = self.fitting(&certificate, passphrase)? else { return Ok(()) };
        if key != self.key {
            rename(&key, &self.key)?;
        }
        rename(&certificate, &self.certificate)
    }

    /// The pair of this certificate and where its key stands: that of the next pair, or that in use.
    fn fitting(&self, certificate: &Path, passphrase: &Passphrase) -> Result<Option<(Held, PathBuf)>, KeyringError> {
        let chain = chain_at(certificate)?;
        let in_use = certificate == self.certificate;
        let keys = if in_use { vec![self.key.clone()] } else { vec![next(&self.key), self.key.clone()] };
        for key in keys.into_iter().filter(|key| in_use || key.exists()) {
            let pkcs8 = key_at(&key, passphrase)?;
            if chain.first().is_some_and(|first| self.purpose.fits(first, &pkcs8)) {
                return Ok(Some((Held { chain, pkcs8 }, key)));
            }
        }
        Ok(None)
    }

    /// Copies the pair in use to those before: the key as it is sealed, then the certificate.
    fn keep_former(&self) -> Result<(), KeyringError> {
        let Some(folder) = &self.former else { return Ok(()) };
        let chain = chain_at(&self.certificate)?;
        let Some(first) = chain.first() else { return Ok(()) };
        make_folder(folder)?;
        let stem = stem_of(first);
        write(&folder.join(format!("{stem}.key.pem")), text(&self.key)?.as_bytes())?;
        write_public(&folder.join(format!("{stem}.cert.pem")), text(&self.certificate)?.as_bytes())
    }
}

/// The requests of all these slots, one PEM file.
///
/// # Errors
/// As [`Slot::request`].
pub fn requests(slots: &[Slot], subject: &Subject, passphrase: &Passphrase) -> Result<String, KeyringError> {
    slots.iter().map(|slot| slot.request(subject, passphrase)).collect()
}

/// Puts what a root answered (PEM) into the slots whose keys wait for it. Says for what, and until when.
///
/// # Errors
/// [`KeyringError::NothingWaits`] where none of it is for a key that waits; else as [`Slot::take`].
pub fn install(slots: &[Slot], pem: &str, by: &Taking<'_>) -> Result<Vec<(Purpose, Timestamp)>, KeyringError> {
    let certificates = certificates_from_pem(pem)
        .map_err(|error| KeyringError::Unusable { path: PathBuf::from("the answer"), what: error.to_string() })?;
    let mut taken = Vec::new();
    for slot in slots {
        for certificate in &certificates {
            if let Some(until) = slot.take(certificate, by)? {
                taken.push((slot.purpose, until));
            }
        }
    }
    if taken.is_empty() { Err(KeyringError::NothingWaits) } else { Ok(taken) }
}

fn next(path: &Path) -> PathBuf {
    path.with_extension("next.pem")
}

/// The beginning of the certificate's SHA-256: enough to tell a desk's few apart.
fn stem_of(certificate: &[u8]) -> String {
    Digest::of(&[certificate]).to_string().chars().take(16).collect()
}

fn chain_at(path: &Path) -> Result<Vec<CertificateDer<'static>>, KeyringError> {
    certificates_from_pem(&text(path)?).map_err(|error| unusable(path, error))
}

fn key_at(path: &Path, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    open_pkcs8(&text(path)?, passphrase).map_err(|error| unusable(path, error))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use identity::{CertificateRequest, Root};
    use model::Exit;

    use super::*;

    /// 22 November 2026, 00:00 UTC.
    const NOW: Timestamp = Timestamp(1_795_305_600_000);

    struct Place {
        dir: tempfile::TempDir,
        root: Root,
        subject: Subject,
        passphrase: Passphrase,
    }

    impl Place {
        fn new() -> Self {
            let place = Self {
                dir: tempfile::tempdir().unwrap(),
                root: Root::generate("JP".parse().unwrap(), NOW).unwrap(),
                subject: Subject::Desk("JP:central".parse().unwrap()),
                passphrase: Passphrase::new(b"correct horse battery staple").unwrap(),
            };
            for slot in place.slots() {
                let key = slot.purpose.draw().unwrap();
                let pem = slot.purpose.request(&place.subject, &key).unwrap();
                write(&slot.key, seal_pkcs8(&key, &place.passphrase).unwrap().as_bytes()).unwrap();
                let issued = place.issue(&pem);
                write_public(&slot.certificate, certificate_to_pem(&issued).unwrap().as_bytes()).unwrap();
            }
            place
        }

        fn slots(&self) -> [Slot; 2] {
            [Slot::tls(self.dir.path()), Slot::leaf(self.dir.path())]
        }

        fn issue(&self, pem: &str) -> CertificateDer<'static> {
            let asked = CertificateRequest::all_from_pem(pem).unwrap().remove(0);
            self.root.issue_requested(&asked, NOW, asked.purpose().lifetime_max()).unwrap()
        }

        fn ask(&self, slot: &Slot) -> CertificateDer<'static> {
            self.issue(&slot.request(&self.subject, &self.passphrase).unwrap())
        }

        fn take(&self, slot: &Slot, certificate: &CertificateDer<'_>) -> Result<Option<Timestamp>, KeyringError> {
            slot.take(certificate, &self.by())
        }

        fn by(&self) -> Taking<'_> {
            let root = self.root.certificate();
            Taking { root, subject: &self.subject, passphrase: &self.passphrase, now: NOW, sooner: false }
        }

        fn in_use(&self, slot: &Slot) -> CertificateDer<'static> {
            let held = slot.open(&self.passphrase).unwrap();
            assert!(slot.purpose.fits(&held.chain[0], &held.pkcs8));
            held.chain[0].clone()
        }
    }

    #[test]
    fn an_exchange_that_is_killed_anywhere_leaves_a_pair_that_fits() {
        let place = Place::new();
        for slot in place.slots() {
            let before = place.in_use(&slot);
            let issued = place.ask(&slot);
            assert_eq!(place.in_use(&slot), before, "asking changes nothing");
            // As far as the certificate, and no further.
            write_public(&next(&slot.certificate), certificate_to_pem(&issued).unwrap().as_bytes()).unwrap();
            assert_eq!(place.in_use(&slot), issued);
            // As far as the key.
            fs::rename(next(&slot.key), &slot.key).unwrap();
            assert_eq!(place.in_use(&slot), issued);
            // Whatever is asked for next ends it first.
            let again = place.ask(&slot);
            assert!(!next(&slot.certificate).exists());
            assert_eq!(place.in_use(&slot), issued);
            assert!(place.take(&slot, &again).unwrap().is_some());
            assert_eq!(place.in_use(&slot), again);
            assert!(!next(&slot.key).exists() && !next(&slot.certificate).exists());
        }
    }

    #[test]
    fn asking_twice_asks_for_the_same_key() {
        let place = Place::new();
        let [slot, _] = place.slots();
        let (first, second) = (place.ask(&slot), place.ask(&slot));
        assert!(place.take(&slot, &first).unwrap().is_some(), "the first answer serves although it was asked again");
        assert_eq!(place.take(&slot, &second).unwrap(), None, "and then nothing waits any more");
    }

    #[test]
    fn a_certificate_of_another_root_or_name_is_refused_and_changes_nothing() {
        let place = Place::new();
        let [slot, _] = place.slots();
        let before = place.in_use(&slot);
        let issued = place.ask(&slot);
        let other = Root::generate("JP".parse().unwrap(), NOW).unwrap();
        let by = place.by();
        let foreign = slot.take(&issued, &Taking { root: other.certificate(), ..by }).unwrap_err();
        assert_eq!(foreign.exit(), Exit::NotAuthorised, "{foreign}");
        let gateway = Subject::Gateway("JP".parse().unwrap());
        assert!(slot.take(&issued, &Taking { subject: &gateway, ..by }).is_err());
        let late = NOW.plus_ms(91 * 24 * 3_600_000);
        assert!(slot.take(&issued, &Taking { now: late, ..by }).is_err());
        assert_eq!(place.in_use(&slot), before);
        assert!(place.take(&slot, &issued).unwrap().is_some());
    }

    #[test]
    fn a_certificate_that_ends_sooner_than_the_one_in_use_is_taken_only_where_that_is_meant() {
        let place = Place::new();
        let [slot, _] = place.slots();
        let before = place.in_use(&slot);
        let asked =
            CertificateRequest::all_from_pem(&slot.request(&place.subject, &place.passphrase).unwrap()).unwrap();
        let week = std::time::Duration::from_secs(7 * 24 * 3600);
        let short = place.root.issue_requested(&asked[0], NOW, week).unwrap();
        let refused = place.take(&slot, &short).unwrap_err();
        assert!(matches!(refused, KeyringError::EndsSooner { until, in_use, .. } if until < in_use), "{refused}");
        assert_eq!((refused.exit(), place.in_use(&slot)), (Exit::Conflict, before));
        assert!(refused.remedy().unwrap().contains("--ends-sooner"));
        assert!(slot.take(&short, &Taking { sooner: true, ..place.by() }).unwrap().is_some());
        assert_eq!(place.in_use(&slot), short);
        // What ends later needs no word.
        let longer = place.ask(&slot);
        assert!(place.take(&slot, &longer).unwrap().is_some());
    }

    #[test]
    fn leaves_before_the_one_in_use_are_kept_until_they_are_forgotten_and_keys_of_tls_are_not() {
        let place = Place::new();
        let [tls, leaf] = place.slots();
        let first = place.in_use(&leaf);
        for slot in [&tls, &leaf] {
            let issued = place.ask(slot);
            let mark = slot.mark();
            place.take(slot, &issued).unwrap();
            assert_ne!(slot.mark(), mark);
        }
        assert!(tls.former(&place.passphrase).unwrap().0.is_empty());
        let (former, shut) = leaf.former(&place.passphrase).unwrap();
        assert!(shut.is_empty());
        let other = Passphrase::new(b"another horse and its staple").unwrap();
        assert_eq!(leaf.former(&other).unwrap().1.len(), 1, "one that does not open is told, and stops nothing");
        assert_eq!(former.iter().map(|held| &held.chain[0]).collect::<Vec<_>>(), [&first]);
        assert!(leaf.purpose.fits(&first, &former[0].pkcs8));
        leaf.forget(&first).unwrap();
        assert!(leaf.former(&place.passphrase).unwrap().0.is_empty());
        leaf.forget(&first).unwrap();
    }
}
