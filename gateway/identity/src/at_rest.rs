use std::fmt;

use pkcs8::{
    EncryptedPrivateKeyInfo, PrivateKeyInfo,
    der::{Decode, Encode, SecretDocument, pem::LineEnding},
    pkcs5::{EncryptionScheme, pbes2},
};
use zeroize::Zeroizing;

use crate::StorageError;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";
/// An encrypted key of ours has some 400 characters; an RSA key of 4096 bits has 4000.
const PEM_CHARACTERS_MAX: usize = 16 * 1024;
const PASSPHRASE_CHARACTERS_MIN: usize = 12;
const PASSPHRASE_BYTES_MAX: usize = 1024;
/// N = 2^14, r = 8, p = 2: 16 MiB and the work of N = 2^15, p = 1, which OpenSSL cannot open, for it stops at 32 MiB.
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 2;
/// A passphrase of 256 random bits is guessed at no cost of a derivation: N = 2^10, p = 1 opens in some milliseconds.
const SCRYPT_LOG_N_DRAWN: u8 = 10;
const SCRYPT_P_DRAWN: u32 = 1;
/// The most that opening may cost, so that a planted file cannot stop a daemon: 128 · r · N ≤ 128 MiB.
const SCRYPT_BYTES_MAX: u64 = 128 * 1024 * 1024;
const SCRYPT_P_MAX: u16 = 16;
const PBKDF2_ROUNDS_MAX: u32 = 10_000_000;

/// Why a key cannot be made, sealed or opened. It never tells the key or the passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too short.
    #[error("the passphrase has fewer than {PASSPHRASE_CHARACTERS_MIN} characters")]
    ShortPassphrase,
    /// Too long, or not UTF-8.
    #[error("the passphrase is not UTF-8 of at most {PASSPHRASE_BYTES_MAX} bytes")]
    UnusablePassphrase,
    /// Not an encrypted PKCS#8.
    #[error("the key is not an encrypted PKCS#8 in PEM ({LABEL})")]
    NotSealed,
    /// Its derivation would cost too much, or is one that we do not know.
    #[error("the key is encrypted in a way that is not accepted (PBES2 with scrypt or PBKDF2, at bounded cost)")]
    UnknownScheme,
    /// Does not open.
    #[error("the passphrase does not open the key")]
    WrongPassphrase,
    /// Opens, but to something else.
    #[error("the key is not Ed25519 in PKCS#8")]
    NotEd25519,
    /// Opens, but to something else.
    #[error("the key is not ML-DSA-44 in PKCS#8")]
    NotMlDsa44,
    /// Opens, but to something else.
    #[error("the key is not ECDSA P-256 in PKCS#8, or not the certificate's")]
    NotP256,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Randomness,
    /// A key for data at rest cannot be derived.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A passphrase, as the caller read it from a file, or as it was drawn here. Cleared when dropped.
pub struct Passphrase {
    text: Zeroizing<Vec<u8>>,
    drawn: bool,
}

impl Passphrase {
    /// From the content of a file: UTF-8, at least 12 characters; one trailing newline (`\n` or `\r\n`) is not part of it.
    pub fn new(file: &[u8]) -> Result<Self, KeyError> {
        let bytes = file.strip_suffix(b"\n").map_or(file, |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
        if bytes.len() > PASSPHRASE_BYTES_MAX {
            return Err(KeyError::UnusablePassphrase);
        }
        let text = str::from_utf8(bytes).map_err(|_| KeyError::UnusablePassphrase)?;
        if text.chars().count() < PASSPHRASE_CHARACTERS_MIN {
            return Err(KeyError::ShortPassphrase);
        }
        // Of what was read nobody knows how it was made: sixty-four hexadecimal digits can be the hash of a word.
        Ok(Self { text: Zeroizing::new(bytes.to_vec()), drawn: false })
    }

    /// 256 random bits, in hexadecimal digits. What is sealed with it costs less to open than with one that a person chose.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn draw() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| KeyError::Randomness)?;
        let mut text = Zeroizing::new(Vec::with_capacity(64));
        for byte in bytes.iter() {
            text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        }
        Ok(Self { text, drawn: true })
    }

    /// The content of the file that keeps it: its line.
    pub fn line(&self) -> Zeroizing<Vec<u8>> {
        let mut line = Zeroizing::new(Vec::with_capacity(self.text.len() + 1));
        line.extend_from_slice(&self.text);
        line.push(b'\n');
        line
    }

    fn cost(&self) -> Result<pkcs8::pkcs5::scrypt::Params, KeyError> {
        let (log_n, p) = if self.drawn { (SCRYPT_LOG_N_DRAWN, SCRYPT_P_DRAWN) } else { (SCRYPT_LOG_N, SCRYPT_P) };
        pkcs8::pkcs5::scrypt::Params::new(log_n, SCRYPT_R, p, 32).map_err(|_| KeyError::UnknownScheme)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Seals a private key in PKCS#8 DER as `EncryptedPrivateKeyInfo` in PEM: PBES2 with scrypt and AES-256-CBC [RFC 8018]
/// [RFC 7914 §7], salt and IV drawn at random. OpenSSL reads it. What the derivation costs follows from whether the passphrase was drawn
/// here or comes from elsewhere.
pub fn seal_pkcs8(der: &[u8], passphrase: &Passphrase) -> Result<String, KeyError> {
    let mut salt = [0; 16];
    let mut iv = [0; 16];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| KeyError::Randomness)?;
    aws_lc_rs::rand::fill(&mut iv).map_err(|_| KeyError::Randomness)?;
    PrivateKeyInfo::from_der(der).map_err(|_| KeyError::NotSealed)?;
    let scheme =
        pbes2::Parameters::scrypt_aes256cbc(passphrase.cost()?, &salt, &iv).map_err(|_| KeyError::UnknownScheme)?;
    let sealed = scheme.encrypt(&*passphrase.text, der).map_err(|_| KeyError::UnknownScheme)?;
    let info = EncryptedPrivateKeyInfo { encryption_algorithm: scheme.into(), encrypted_data: &sealed };
    let document = info.to_der().map_err(|_| KeyError::NotSealed)?;
    pkcs8::der::pem::encode_string(LABEL, LineEnding::LF, &document).map_err(|_| KeyError::NotSealed)
}

/// Opens what [`seal_pkcs8`] or `openssl pkcs8 -topk8` sealed. Gives PKCS#8 DER in clear.
pub fn open_pkcs8(pem: &str, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if pem.len() > PEM_CHARACTERS_MAX {
        return Err(KeyError::NotSealed);
    }
    let (label, document) = SecretDocument::from_pem(pem).map_err(|_| KeyError::NotSealed)?;
    if label != LABEL {
        return Err(KeyError::NotSealed);
    }
    let info = EncryptedPrivateKeyInfo::from_der(document.as_bytes()).map_err(|_| KeyError::UnknownScheme)?;
    if !is_affordable(&info.encryption_algorithm) {
        return Err(KeyError::UnknownScheme);
    }
    let opened = info.decrypt(&*passphrase.text).map_err(|_| KeyError::WrongPassphrase)?;
    // CBC has no tag: a wrong passphrase can leave valid padding, but hardly a valid structure.
    PrivateKeyInfo::from_der(opened.as_bytes()).map_err(|_| KeyError::WrongPassphrase)?;
    Ok(Zeroizing::new(opened.as_bytes().to_vec()))
}

fn is_affordable(scheme: &EncryptionScheme<'_>) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return false };
    match &parameters.kdf {
        pbes2::Kdf::Scrypt(scrypt) => {
            let bytes = u64::from(scrypt.block_size).saturating_mul(128).saturating_mul(scrypt.cost_parameter);
            bytes <= SCRYPT_BYTES_MAX && scrypt.parallelization <= SCRYPT_P_MAX
        }
        pbes2::Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= PBKDF2_ROUNDS_MAX,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::{fs, process::Command};

    use super::*;
    use crate::SigningKey;

    const PHRASE: &[u8] = b"correct horse battery staple\n";

    fn openssl(arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// N, r and p of the derivation.
    fn cost(pem: &str) -> (u64, u16, u16) {
        let (_, document) = SecretDocument::from_pem(pem).unwrap();
        let info = EncryptedPrivateKeyInfo::from_der(document.as_bytes()).unwrap();
        let scrypt = *info.encryption_algorithm.pbes2().and_then(|scheme| scheme.kdf.scrypt()).unwrap();
        (scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization)
    }

    #[test]
    fn openssl_reads_what_we_seal_and_we_read_what_openssl_seals() {
        for passphrase in [Passphrase::new(PHRASE).unwrap(), Passphrase::draw().unwrap()] {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
            fs::write(at("phrase"), &*passphrase.line()).unwrap();
            let passin = format!("file:{}", at("phrase"));

            let key = SigningKey::generate().unwrap();
            fs::write(at("ours.pem"), key.seal(&passphrase).unwrap()).unwrap();
            let der = openssl(&["pkcs8", "-in", &at("ours.pem"), "-passin", &passin, "-outform", "DER"]);
            assert_eq!(SigningKey::from_pkcs8(&der).unwrap().public_key(), key.public_key());

            fs::write(at("plain.der"), &der).unwrap();
            for scheme in [&["-scrypt"][..], &["-v2", "aes256", "-v2prf", "hmacWithSHA256"][..]] {
                let (plain, input) = (at("plain.der"), ["pkcs8", "-topk8", "-inform", "DER", "-in"]);
                let arguments: Vec<&str> =
                    input.into_iter().chain([&*plain, "-passout", &passin]).chain(scheme.iter().copied()).collect();
                let theirs = String::from_utf8(openssl(&arguments)).unwrap();
                assert_eq!(SigningKey::open(&theirs, &passphrase).unwrap().public_key(), key.public_key());
            }
        }
    }

    #[test]
    fn only_a_passphrase_that_was_drawn_here_seals_at_little_cost() {
        let (key, drawn) = (SigningKey::generate().unwrap(), Passphrase::draw().unwrap());
        let sealed = key.seal(&drawn).unwrap();
        assert_eq!(cost(&sealed), (1 << 10, 8, 1));
        assert_ne!(drawn.line(), Passphrase::draw().unwrap().line());
        let read = Passphrase::new(&drawn.line()).unwrap();
        assert_eq!(SigningKey::open(&sealed, &read).unwrap().public_key(), key.public_key());
        assert_eq!(cost(&key.seal(&read).unwrap()), (1 << 14, 8, 2));
        assert_eq!(cost(&key.seal(&Passphrase::new(PHRASE).unwrap()).unwrap()), (1 << 14, 8, 2));
    }

    #[test]
    fn a_wrong_passphrase_and_a_plain_key_are_refused() {
        let key = SigningKey::generate().unwrap();
        let pem = key.seal(&Passphrase::new(PHRASE).unwrap()).unwrap();
        let wrong = Passphrase::new(b"correct horse battery stable").unwrap();
        assert_eq!(open_pkcs8(&pem, &wrong).unwrap_err(), KeyError::WrongPassphrase);
        let plain = pkcs8::der::pem::encode_string("PRIVATE KEY", LineEnding::LF, &key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(open_pkcs8(&plain, &wrong).unwrap_err(), KeyError::NotSealed);
        assert_eq!(open_pkcs8(&"-".repeat(20_000), &wrong).unwrap_err(), KeyError::NotSealed);
    }

    #[test]
    fn a_key_that_costs_too_much_to_open_is_refused_before_the_work() {
        let passphrase = Passphrase::new(PHRASE).unwrap();
        let der = SigningKey::generate().unwrap().to_pkcs8().unwrap();
        let cost = pkcs8::pkcs5::scrypt::Params::new(20, 8, 1, 32).unwrap();
        let scheme = pbes2::Parameters::scrypt_aes256cbc(cost, &[1; 16], &[2; 16]).unwrap();
        let info = EncryptedPrivateKeyInfo { encryption_algorithm: scheme.into(), encrypted_data: &der };
        let pem = pkcs8::der::pem::encode_string(LABEL, LineEnding::LF, &info.to_der().unwrap()).unwrap();
        assert_eq!(open_pkcs8(&pem, &passphrase).unwrap_err(), KeyError::UnknownScheme);
    }

    #[test]
    fn a_passphrase_has_at_least_twelve_characters_without_its_newline() {
        assert_eq!(Passphrase::new(b"elevenchars\n").unwrap_err(), KeyError::ShortPassphrase);
        assert_eq!(Passphrase::new(b"elevenchars\r\n").unwrap_err(), KeyError::ShortPassphrase);
        assert_eq!(Passphrase::new(&[0xff; 20]).unwrap_err(), KeyError::UnusablePassphrase);
        assert_eq!(Passphrase::new(&[b'a'; 1025]).unwrap_err(), KeyError::UnusablePassphrase);
        assert_eq!(format!("{:?}", Passphrase::new(b"twelve chars").unwrap()), "Passphrase(…)");
    }
}
