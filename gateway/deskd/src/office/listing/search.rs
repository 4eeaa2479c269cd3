//! What a search looks at: numbers, references, authorities, articles, types and days of cases. Never a body.

use proto::desk as wire;

/// So many words are looked for; more of them find nothing else.
const WORDS_MAX: usize = 16;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    words: Vec<String>,
    from_ms: i64,
    to_ms: i64,
}

impl Search {
    pub(super) fn of(request: &wire::ListCasesRequest) -> Self {
        let words = request.words.split_whitespace().take(WORDS_MAX).map(str::to_lowercase).collect();
        Self { words, from_ms: request.changed_from_ms, to_ms: request.changed_to_ms }
    }

    /// Whether a case or draft is one of those that are looked for.
    pub(super) fn finds(&self, case: &wire::CaseSummary) -> bool {
        let in_time = case.updated_ms >= self.from_ms && (self.to_ms == 0 || case.updated_ms < self.to_ms);
        in_time && self.words.iter().all(|word| holds(case, word))
    }
}

fn holds(case: &wire::CaseSummary, word: &str) -> bool {
    let named = [&case.case_id, &case.reference, &case.counterpart, &case.side, &case.state];
    let mut all = named.into_iter().chain(&case.articles).chain(&case.asked);
    all.any(|text| text.to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(words: &str, from_ms: i64, to_ms: i64) -> bool {
        let request = wire::ListCasesRequest {
            words: words.to_owned(),
            changed_from_ms: from_ms,
            changed_to_ms: to_ms,
            ..Default::default()
        };
        let case = wire::CaseSummary {
            case_id: "0190f3a2-0000-7000-8000-000000000000".to_owned(),
            reference: "Tokyo 12/2026 東京".to_owned(),
            counterpart: "FR:central".to_owned(),
            state: "INFO_WAIT".to_owned(),
            articles: vec!["ets-185:31".to_owned()],
            asked: vec!["stored_data".to_owned()],
            updated_ms: 5,
            ..Default::default()
        };
        Search::of(&request).finds(&case)
    }

    #[test]
    fn each_word_is_found_somewhere_and_the_days_hold() {
        for words in ["", "0190f3a2", "TOKYO fr:", "東京", "ets-185 stored", "info_wait"] {
            assert!(finds(words, 0, 0), "{words}");
        }
        for words in ["tokyo it:", "harbour", "%", "_x"] {
            assert!(!finds(words, 0, 0), "{words}");
        }
        assert!(finds("", 5, 6) && !finds("", 6, 0) && !finds("", 0, 5));
    }
}
