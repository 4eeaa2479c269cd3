//! How a case is named: by its id, or by a beginning of it that no other case has.

use model::{CaseId, Denial, Fault};

use super::unknown;

/// The first and the last id that can begin like the text.
pub(super) fn range_of(text: &str) -> Result<(CaseId, CaseId), Denial> {
    let malformed = || {
        let what =
            "a case or draft is named by its id, or by a unique beginning of it, as the list of cases shows them";
        Denial::failed(Fault::Malformed, what)
    };
    let text = text.trim();
    let digits: Option<Vec<u32>> = text.chars().filter(|c| *c != '-').map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| (1..=32).contains(&digits.len()) && text.len() <= 36).ok_or_else(malformed)?;
    let filled = |rest: u32| {
        let digit = |at: usize| digits.get(at).copied().unwrap_or(rest);
        CaseId::new(std::array::from_fn(|at| u8::try_from(digit(2 * at) * 16 + digit(2 * at + 1)).unwrap_or_default()))
    };
    Ok((filled(0), filled(0xf)))
}

pub(super) fn by_prefix(ids: &[CaseId], text: &str) -> Result<CaseId, Denial> {
    let wanted = text.trim().to_ascii_lowercase();
    let mut found = ids.iter().filter(|id| id.to_string().starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(*id),
        (None, _) => Err(unknown("there is no such case or draft at this desk")),
        (Some(_), Some(_)) => Err(Denial::failed(Fault::Malformed, "more than one case begins like that")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_case_is_named_by_a_unique_beginning_of_its_id() {
        let ids: Vec<CaseId> = ["6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a10", "6b9d2222-2f1d-4c6a-9d36-0b8a5b8f7a10"]
            .map(|id| id.parse().unwrap())
            .to_vec();
        assert_eq!(by_prefix(&ids, "6b9d1").unwrap(), ids[0]);
        assert_eq!(by_prefix(&ids, "6B9D2").unwrap(), ids[1]);
        assert_eq!(by_prefix(&ids, "6b9d").unwrap_err().reason(), "MALFORMED");
        assert_eq!(by_prefix(&ids, "7").unwrap_err().reason(), "UNKNOWN");
        for malformed in ["", "-", "a case", "6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a100", "é"] {
            assert_eq!(range_of(malformed).unwrap_err().reason(), "MALFORMED", "{malformed}");
        }
    }

    #[test]
    fn what_begins_like_a_text_lies_between_two_ids() {
        let id = |text: &str| text.parse::<CaseId>().unwrap();
        let range = (id("6b9d1000-0000-0000-0000-000000000000"), id("6b9d1fff-ffff-ffff-ffff-ffffffffffff"));
        assert_eq!(range_of(" 6B9d1").unwrap(), range);
        let whole = id("6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a10");
        assert_eq!(range_of("6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a10").unwrap(), (whole, whole));
    }
}
