//! What became of the releases of a case, from the headers of its entries in their order: which measures of each were confirmed, rejected,
//! or wait for a word.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use model::{Denial, EntryId, Header, MeasureId, Step};
use store::desk::DeskEntryRow;

/// What became of the measures of a release.
#[derive(Debug, Default)]
pub(super) struct Rejected {
    /// Not taken.
    pub(super) rejected: BTreeSet<MeasureId>,
    /// Confirmed, or neither confirmed nor rejected yet.
    waits_or_taken: BTreeSet<MeasureId>,
}

impl Rejected {
    /// Whether nothing of the release was taken, and nothing waits.
    pub(super) fn is_whole(&self) -> bool {
        self.waits_or_taken.is_empty()
    }
}

/// The headers of the releases among stored entries, and of the words on them, in the order of the case.
pub(super) fn answers(rows: &[DeskEntryRow]) -> Result<Vec<Header>, Denial> {
    let mut order: Vec<_> = rows.iter().filter(|row| row.seq.is_some() && is_about_releases(row.step.0)).collect();
    order.sort_by_key(|row| row.seq);
    let header = |row: &DeskEntryRow| proto::decode_header(&Bytes::from(row.header.0.clone()));
    order.into_iter().map(header).collect()
}

fn is_about_releases(step: Step) -> bool {
    step == Step::Release || step == Step::Answer || settles(step)
}

/// What ends the waiting of records that were released: the word of who asked, or what the other side may say after a long silence, by which
/// they count as taken.
pub(super) fn settles(step: Step) -> bool {
    matches!(step, Step::Confirm | Step::Reject | Step::MoreToCome | Step::FinalReport)
}

/// Of each release that waited for a word of the requesting party, what it said: from the headers of the case in their order, and from
/// `newest`, which stands behind them unless it is among them.
pub(super) fn rejections<'h>(
    headers: impl IntoIterator<Item = &'h Header>,
    newest: Option<&'h Header>,
) -> BTreeMap<EntryId, Rejected> {
    let mut all: BTreeMap<EntryId, Rejected> = BTreeMap::new();
    let mut waiting: BTreeSet<(EntryId, MeasureId)> = BTreeSet::new();
    let mut headers: Vec<_> = headers.into_iter().filter(|one| is_about_releases(one.step)).collect();
    headers.extend(newest.filter(|newest| headers.iter().all(|one| one.entry != newest.entry)));
    for header in headers {
        if header.carries_records() {
            waiting.extend(header.concerns.iter().map(|id| (header.entry, *id)));
            let fresh = Rejected { waits_or_taken: header.concerns.iter().copied().collect(), ..Rejected::default() };
            all.insert(header.entry, fresh);
            continue;
        }
        let answered: Vec<_> = waiting.iter().filter(|(_, id)| header.concerns.contains(id)).copied().collect();
        for (entry, id) in answered {
            waiting.remove(&(entry, id));
            if header.step == Step::Reject
                && let Some(one) = all.get_mut(&entry)
            {
                one.waits_or_taken.remove(&id);
                one.rejected.insert(id);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{CaseId, Declared, Digest, HeaderDigest, Pin, Timestamp, Verdict};

    use super::*;

    fn header(number: u8, step: Step) -> Header {
        let [home, peer] = ["JP:central", "FR:central"].map(|id| id.parse::<model::AuthorityId>().unwrap());
        let gives = step == Step::Release;
        Header {
            entry: EntryId::new([number; 16]),
            case: CaseId::new([1; 16]),
            home: home.party(),
            peer: peer.party(),
            sender: if gives { peer.clone() } else { home.clone() },
            recipient: if gives { home } else { peer },
            pin: Pin(Digest::of(&[b"rule"])),
            step,
            measures: Vec::new(),
            concerns: vec![MeasureId(1)],
            purpose: None,
            offence: None,
            validation: None,
            records: if gives { vec!["subscriber_info".parse().unwrap()] } else { Vec::new() },
            ground: None,
            conditions: Vec::new(),
            body: None,
            previous: HeaderDigest::GENESIS,
            declared: Declared::default(),
            created: Timestamp(i64::from(number)),
            expires: Timestamp(1_000_000),
        }
    }

    fn stored(header: &Header) -> DeskEntryRow {
        DeskEntryRow {
            id: header.entry.into(),
            case_id: header.case.into(),
            seq: Some(header.created.0),
            direction: 0,
            step: header.step.into(),
            header: proto::encode_header(header).to_vec().into(),
            body: None,
            envelope: model::EnvelopeDigest(Digest::of(&[b"envelope"])).into(),
            verdict: Verdict::Admitted.into(),
            receipt: None,
            at: 0,
        }
    }

    fn whole(rejected: &BTreeMap<EntryId, Rejected>) -> Vec<EntryId> {
        rejected.iter().filter(|(_, one)| one.is_whole()).map(|(entry, _)| *entry).collect()
    }

    #[test]
    fn what_was_confirmed_before_a_later_part_was_rejected_is_kept() {
        let [first, confirm] = [header(1, Step::Release), header(2, Step::Confirm)];
        let [second, reject] = [header(3, Step::Release), header(4, Step::Reject)];
        assert_eq!(whole(&rejections([&first, &confirm, &second], Some(&reject))), [second.entry]);
        let all = [&reject, &second, &confirm, &first].map(stored);
        assert_eq!(whole(&rejections(&answers(&all).unwrap(), Some(&reject))), [second.entry]);
        // An old backup does not know of the confirmation: its rows alone would destroy what was confirmed.
        let backup = [stored(&first)];
        assert_eq!(whole(&rejections(&answers(&backup).unwrap(), Some(&reject))), [first.entry]);
    }

    #[test]
    fn what_counts_as_taken_after_a_silence_is_kept_when_a_later_part_is_rejected() {
        for silent in [Step::MoreToCome, Step::FinalReport] {
            let [first, taken] = [header(1, Step::Release), header(2, silent)];
            let [second, reject] = [header(3, Step::Release), header(4, Step::Reject)];
            assert_eq!(whole(&rejections([&first, &taken, &second], Some(&reject))), [second.entry]);
        }
    }

    #[test]
    fn a_release_whose_other_measure_waits_is_not_rejected_as_a_whole() {
        let both = Header { concerns: vec![MeasureId(1), MeasureId(2)], ..header(1, Step::Release) };
        let rejected = rejections([&both], Some(&header(2, Step::Reject))).remove(&both.entry).unwrap();
        assert!(!rejected.is_whole() && rejected.rejected.contains(&MeasureId(1)));
    }
}
