//! What the path of a file says of it.

use model::PartyId;

/// The folders of treaty files.
pub(crate) const LAYERS: [&str; 4] = ["instruments", "parties", "overlays", "national"];
/// The folders of signatures, acceptances and certificates.
pub(crate) const EVIDENCE: [&str; 3] = ["signatures", "acceptances", "keys"];

/// The end of the name of a note on a removed file.
const REMOVED: &str = ".removed.note";

/// Whose a treaty file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Common text: whoever uses it signs it.
    Instrument,
    /// One state's.
    Party(PartyId),
    /// Two states', in the order of their codes.
    Overlay([PartyId; 2]),
    /// One state's, for itself.
    National(PartyId),
}

/// The layer of `parties/JP.2.toml`; `None` where no treaty file can stand.
pub fn layer(path: &str) -> Option<Layer> {
    let parts: Vec<_> = path.strip_suffix(".toml")?.split('/').collect();
    let party = |name: &str| name.split('.').next().unwrap_or(name).parse().ok();
    match parts[..] {
        ["instruments", _, _] => Some(Layer::Instrument),
        ["parties", name] => party(name).map(Layer::Party),
        ["national", name] => party(name).map(Layer::National),
        ["overlays", folder, _] => pair(folder).map(Layer::Overlay),
        _ => None,
    }
}

/// The version in the name: 2 for `parties/JP.2.toml`, 1 where there is none.
pub fn version_of(path: &str) -> u32 {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    stem.rsplit_once('.').and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

/// The file in all its versions: `parties/JP` for `parties/JP.2.toml`.
pub(crate) fn series(path: &str) -> &str {
    let stem = path.strip_suffix(".toml").unwrap_or(path);
    let numbered = stem.rsplit_once('.').filter(|(_, number)| number.parse::<u32>().is_ok());
    numbered.map_or(stem, |(series, _)| series)
}

/// Where a version of a file stands.
pub(crate) fn version_path(series: &str, version: u32) -> String {
    if version < 2 { format!("{series}.toml") } else { format!("{series}.{version}.toml") }
}

/// `FR-JP`.
pub(crate) fn pair(name: &str) -> Option<[PartyId; 2]> {
    let (first, second) = name.split_once('-')?;
    let pair: [PartyId; 2] = [first.parse().ok()?, second.parse().ok()?];
    (pair[0] < pair[1]).then_some(pair)
}

/// The two in the order of their codes.
pub(crate) fn ordered(a: PartyId, b: PartyId) -> [PartyId; 2] {
    [a.min(b), a.max(b)]
}

/// Where notes of a file stand: `signatures/parties/JP.toml.note`, then `….2.note`.
pub(crate) fn signature_path(file: &str, number: usize) -> String {
    format!("signatures/{file}{}.note", suffix(number))
}

/// Where the note stands that a file was taken out: `signatures/national/JP.toml.removed.note`.
pub(crate) fn removal_path(file: &str) -> String {
    format!("signatures/{file}{REMOVED}")
}

/// Where notes of a pair stand: `acceptances/FR-JP.note`, older ones `acceptances/FR-JP.1.note` and so on.
pub(crate) fn acceptance_path(pair: [PartyId; 2], older: Option<usize>) -> String {
    let number = older.map_or_else(String::new, |number| format!(".{number}"));
    format!("acceptances/{}-{}{number}.note", pair[0], pair[1])
}

/// Where a certificate stands: `keys/JP.cert.pem`, further ones `keys/JP.2.cert.pem`.
pub(crate) fn key_path(party: PartyId, number: usize) -> String {
    format!("keys/{party}{}.cert.pem", suffix(number))
}

fn suffix(number: usize) -> String {
    if number < 2 { String::new() } else { format!(".{number}") }
}

/// The file that a note is about: `parties/JP.toml` for `signatures/parties/JP.toml.2.note`.
pub(crate) fn signed_file(note: &str) -> Option<&str> {
    let stem = note.strip_prefix("signatures/")?.strip_suffix(".note")?;
    let end = stem.rfind(".toml")? + ".toml".len();
    let (file, number) = stem.split_at_checked(end)?;
    let numbered = number.strip_prefix('.').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    (number.is_empty() || numbered).then_some(file)
}

/// The file that was taken out, as a note says.
pub(crate) fn removed_file(note: &str) -> Option<&str> {
    note.strip_prefix("signatures/")?.strip_suffix(REMOVED).filter(|file| file.ends_with(".toml"))
}

/// The pair that a note is about, and its number: `None` is the newest.
pub(crate) fn accepted_pair(note: &str) -> Option<([PartyId; 2], Option<usize>)> {
    let stem = note.strip_prefix("acceptances/")?.strip_suffix(".note")?;
    match stem.split_once('.') {
        None => pair(stem).map(|pair| (pair, None)),
        Some((name, number)) => Some((pair(name)?, Some(number.parse().ok()?))),
    }
}

/// The party of `keys/JP.2.cert.pem`.
pub(crate) fn key_party(path: &str) -> Option<PartyId> {
    let stem = path.strip_prefix("keys/")?.strip_suffix(".cert.pem")?;
    stem.split('.').next().unwrap_or(stem).parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_path_tells_whose_file_it_is_and_which_version() {
        let (fr, jp): (PartyId, PartyId) = ("FR".parse().unwrap(), "JP".parse().unwrap());
        assert_eq!(layer("parties/JP.2.toml"), Some(Layer::Party(jp)));
        assert_eq!(layer("national/FR.toml"), Some(Layer::National(fr)));
        assert_eq!(layer("overlays/FR-JP/mou.toml"), Some(Layer::Overlay([fr, jp])));
        assert_eq!(layer("instruments/budapest/instrument.2.toml"), Some(Layer::Instrument));
        for path in ["parties/Japan.toml", "overlays/JP-FR/mou.toml", "README.md", "parties/JP", "other/JP.toml"] {
            assert_eq!(layer(path), None, "{path}");
        }
        for path in ["parties/JP.toml", "overlays/FR-JP/mou.12.toml", "instruments/budapest/instrument.2.toml"] {
            assert_eq!(version_path(series(path), version_of(path)), path);
        }
        assert_eq!((version_of("parties/JP.toml"), version_of("overlays/FR-JP/mou.12.toml")), (1, 12));
    }

    #[test]
    fn a_note_tells_what_it_is_about() {
        for number in 1..=3 {
            assert_eq!(signed_file(&signature_path("parties/JP.2.toml", number)), Some("parties/JP.2.toml"));
        }
        assert_eq!(signed_file("signatures/parties/JP.toml.x.note"), None);
        let removal = removal_path("parties/JP.2.toml");
        assert_eq!((signed_file(&removal), removed_file(&removal)), (None, Some("parties/JP.2.toml")));
        assert_eq!(removed_file("signatures/parties/JP.toml.note"), None);
        let pair = ["FR".parse().unwrap(), "JP".parse().unwrap()];
        assert_eq!(accepted_pair(&acceptance_path(pair, Some(3))), Some((pair, Some(3))));
        assert_eq!(accepted_pair(&acceptance_path(pair, None)), Some((pair, None)));
        assert_eq!(key_party(&key_path(pair[1], 2)), Some(pair[1]));
    }
}
