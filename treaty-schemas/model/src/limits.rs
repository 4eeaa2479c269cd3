//! Every size and count that the outside may choose has its ceiling here.

/// A header, encoded.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// A sealed body. What is larger goes through `blobs`.
pub const SEALED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Files that go with one entry.
pub const ATTACHED_MAX: usize = 64;
/// A file, sealed: 128 GiB. What is larger travels on a medium (`out_of_band_media`).
pub const FILE_BYTES_MAX: u64 = 128 * 1024 * 1024 * 1024;
/// Commit, GroupInfo and Welcome together.
pub const HANDSHAKE_BYTES_MAX: usize = 1024 * 1024;
/// Signatures of officers on an entry.
pub const OFFICER_SIGNATURES_MAX: usize = 4;
/// Measures in a case.
pub const MEASURES_MAX: usize = 32;
/// At most so many record types are named in one report as not handed over: all of each measure.
pub const LEFT_OUT_MAX: usize = MEASURES_MAX * SCOPE_ITEMS_MAX;
/// Matters of one case that each side may have open: neither can use up what is the other's.
pub const MATTERS_OF_SIDE_MAX: usize = 32;
/// Matters of one case that each side may open in all, those that are over among them.
pub const MATTERS_OF_SIDE_EVER_MAX: usize = 512;
/// Record types or selector kinds in a measure.
pub const SCOPE_ITEMS_MAX: usize = 16;
/// Pseudonyms of subjects in a measure.
pub const TAGS_MAX: usize = 256;
/// Entries in one call between gateways.
pub const RELAY_BATCH_ENTRIES_MAX: usize = 256;
/// Bytes in one call between gateways.
pub const RELAY_BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest life of an entry on its way: 30 days.
pub const ENTRY_LIFETIME_MS_MAX: i64 = 30 * 24 * 3600 * 1000;
/// How long after it was made a desk may hand an entry to its own gateway: a day.
pub const SUBMISSION_AGE_MS_MAX: i64 = 24 * 3600 * 1000;
/// How far a sender's clock may be ahead of ours: 5 minutes.
pub const CLOCK_AHEAD_MS_MAX: i64 = 5 * 60 * 1000;
/// How far the clock of another gateway may be from ours before its word on our entries is not taken: 6 hours. A clock that is some hours off
/// stops nothing.
pub const CLOCK_APART_MS_MAX: i64 = 6 * 3600 * 1000;
/// How far before the newest moment that a case knows an entry may say that it was made: a day. Clocks differ, and officers sign for a day.
pub const CLOCK_BEHIND_MS_MAX: i64 = 24 * 3600 * 1000;
/// A KeyPackage.
pub const KEY_PACKAGE_BYTES_MAX: usize = 16 * 1024;
/// KeyPackages that a desk may keep at its gateway.
pub const KEY_PACKAGES_MAX: usize = 256;
/// Longest validity of an MLS leaf: 28 days (and one hour of skew).
pub const LEAF_LIFETIME_S_MAX: u64 = 28 * 24 * 3600 + 3600;
/// How often a desk that lost its keys may ask within 24 hours to be taken into one case's group anew.
pub const REJOINS_PER_DAY_MAX: usize = 12;
/// Desks in a case's group.
pub const MEMBERS_MAX: usize = 32;
