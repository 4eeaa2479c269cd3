use std::{collections::BTreeSet, ops::Bound};

use crate::container::Files;

/// The files of a case file, and which of them somebody has looked at: what nobody reads must not be there.
pub(crate) struct Sheaf<'a> {
    files: Files<'a>,
    taken: BTreeSet<&'a str>,
}

impl<'a> Sheaf<'a> {
    pub(crate) fn new(files: Files<'a>) -> Self {
        Self { files, taken: BTreeSet::new() }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.files.keys().copied()
    }

    pub(crate) fn peek(&self, name: &str) -> Option<&'a [u8]> {
        self.files.get(name).copied()
    }

    /// A file, read now.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a [u8]> {
        let (name, bytes) = self.files.get_key_value(name)?;
        self.taken.insert(name);
        Some(bytes)
    }

    /// The files of a folder (with its `/`), read now, by name.
    pub(crate) fn folder(&mut self, folder: &str) -> Vec<(&'a str, &'a [u8])> {
        let found: Vec<_> = self.within(folder).collect();
        self.taken.extend(found.iter().map(|(name, _)| *name));
        found
    }

    /// The names of a folder, not read.
    pub(crate) fn listed(&self, folder: &str) -> Vec<&'a str> {
        self.within(folder).map(|(name, _)| name).collect()
    }

    fn within(&self, folder: &str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let from = self.files.range::<str, (Bound<&str>, Bound<&str>)>((Bound::Included(folder), Bound::Unbounded));
        from.map(|(name, bytes)| (*name, *bytes)).take_while(move |(name, _)| name.starts_with(folder))
    }

    /// What nobody read.
    pub(crate) fn left(&self) -> Vec<&'a str> {
        self.files.keys().copied().filter(|name| !self.taken.contains(name)).collect()
    }
}
