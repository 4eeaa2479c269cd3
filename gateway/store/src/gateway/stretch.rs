//! How a stretch of leaves stands in a row. The first leaf has the columns; `more` has those after it, each as: hash (32 bytes); which of the
//! next two there are (1: salt, 2: entry, 3: both); salt (32); entry (16); length of the statement (4, big-endian); statement.

use model::{Digest, EntryId};

use super::leaf::{Leaf, Model};
use crate::{Blob, StoreError, Stored};

const SALT: u8 = 1;
const ENTRY: u8 = 2;

/// The row of leaves that follow each other in one log.
pub(super) fn pack(first: &Leaf, after: &[&Leaf]) -> Result<Model, StoreError> {
    let mut more = Vec::with_capacity(after.len() * 240);
    for leaf in after {
        more.extend(leaf.hash.as_bytes());
        more.push(leaf.salt.map_or(0, |_| SALT) | leaf.entry_id.map_or(0, |_| ENTRY));
        more.extend(leaf.salt.iter().flat_map(|salt| salt.as_bytes()));
        more.extend(leaf.entry_id.iter().flat_map(|entry| entry.as_bytes()));
        let length = u32::try_from(leaf.statement.len()).map_err(|_| too_long())?;
        more.extend(length.to_be_bytes());
        more.extend(&leaf.statement.0);
    }
    Ok(Model {
        channel: first.channel.clone(),
        idx: first.idx,
        hash: first.hash,
        salt: first.salt,
        entry_id: first.entry_id,
        statement: first.statement.clone(),
        following: i16::try_from(after.len()).map_err(|_| too_long())?,
        more: (!after.is_empty()).then(|| more.into()),
    })
}

/// The leaves of a row, in order, behind those that are there.
pub(super) fn unpack(row: Model, leaves: &mut Vec<Leaf>) -> Result<(), StoreError> {
    let Model { channel, idx, hash, salt, entry_id, statement, following, more } = row;
    let end = idx + i64::from(following);
    leaves.push(Leaf { channel: channel.clone(), idx, hash, salt, entry_id, statement });
    let more = more.unwrap_or_default();
    let mut rest = &more[..];
    for idx in idx + 1..=end {
        leaves.push(next(&mut rest, &channel, idx).ok_or_else(|| damaged(&channel, idx))?);
    }
    if rest.is_empty() { Ok(()) } else { Err(damaged(&channel, end)) }
}

fn next(rest: &mut &[u8], channel: &str, idx: i64) -> Option<Leaf> {
    let hash = Digest::try_from(take(rest, 32)?).ok()?;
    let &[has] = take(rest, 1)? else { return None };
    let salt = if has & SALT == 0 { None } else { Some(Digest::try_from(take(rest, 32)?).ok()?) };
    let entry_id = if has & ENTRY == 0 { None } else { Some(EntryId::try_from(take(rest, 16)?).ok()?) };
    let length = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
    let statement = Blob::from(take(rest, usize::try_from(length).ok()?)?);
    let (salt, entry_id) = (salt.map(Stored), entry_id.map(Stored));
    Some(Leaf { channel: channel.to_owned(), idx, hash: hash.into(), salt, entry_id, statement })
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn too_long() -> StoreError {
    StoreError::Other("a leaf is too long for a stretch, or a stretch has too many".to_owned())
}

fn damaged(channel: &str, idx: i64) -> StoreError {
    StoreError::Corrupt(format!("the stretch of {channel} up to leaf {idx} is not whole"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn leaf(idx: i64, salted: bool, named: bool) -> Leaf {
        let digest = Digest::of(&[&idx.to_be_bytes()]);
        Leaf {
            channel: "log".to_owned(),
            idx,
            hash: digest.into(),
            salt: salted.then(|| Digest::new([7; 32]).into()),
            entry_id: named.then(|| EntryId::new([9; 16]).into()),
            statement: vec![1; usize::try_from(idx).unwrap()].into(),
        }
    }

    #[test]
    fn leaves_come_out_of_a_row_as_they_were_put_in() {
        let leaves = [leaf(4, true, false), leaf(5, true, true), leaf(6, false, false), leaf(7, false, true)];
        for count in 1..=leaves.len() {
            let [first, after @ ..] = &leaves[..count] else { unreachable!() };
            let row = pack(first, &after.iter().collect::<Vec<_>>()).unwrap();
            assert_eq!(
                (row.idx, usize::try_from(row.following).unwrap(), row.more.is_some()),
                (4, count - 1, count > 1)
            );
            let mut read = Vec::new();
            unpack(row, &mut read).unwrap();
            assert_eq!(read, leaves[..count]);
        }
    }

    #[test]
    fn a_row_that_has_lost_or_gained_a_byte_is_damaged() {
        let (first, second) = (leaf(4, true, true), leaf(5, true, true));
        let row = pack(&first, &[&second]).unwrap();
        let whole = row.more.clone().unwrap().0;
        let shorter = (0..whole.len()).map(|length| whole[..length].to_vec());
        for more in shorter.chain([[whole.clone(), vec![0]].concat()]) {
            let row = Model { more: Some(more.into()), ..row.clone() };
            assert!(matches!(unpack(row, &mut Vec::new()), Err(StoreError::Corrupt(_))));
        }
        let counted = Model { following: 2, ..row };
        assert!(matches!(unpack(counted, &mut Vec::new()), Err(StoreError::Corrupt(_))));
    }
}
