//! What people call what treaties and records name: a kind of record, what is asked, a clause. A name that no language has words for stands
//! as it is, without its underscores.

use jiff::civil::Date;

use crate::visit::{Visit, key};

impl Visit {
    /// A kind of record, as in "Subscriber information" for `subscriber_info`.
    pub(crate) fn record(&self, name: &str) -> String {
        self.worded(&key("record", name), name)
    }

    /// What is asked, as in "Stored computer data" for `stored_data`.
    pub(crate) fn request_type(&self, name: &str) -> String {
        self.worded(&key("request", name), name)
    }

    /// How a subject is named.
    pub(crate) fn selector(&self, name: &str) -> String {
        self.worded(&key("selector", name), name)
    }

    /// What the records are for.
    pub(crate) fn purpose(&self, name: &str) -> String {
        self.worded(&key("purpose", name), name)
    }

    /// What of a credential is disclosed.
    pub(crate) fn attribute(&self, name: &str) -> String {
        self.worded(&key("attribute", name), name)
    }

    /// "Convention on Cybercrime, art. 31" for `ets-185:31`.
    pub(crate) fn clause(&self, article: &str) -> String {
        let Some((instrument, number)) = article.split_once(':') else { return article.to_owned() };
        let treaty = self.worded(&key("treaty", instrument), instrument);
        self.locale.with("words-clause", &[("treaty", &treaty), ("number", number)])
    }

    /// Several kinds of records in one line.
    pub(crate) fn records(&self, names: &[String]) -> String {
        names.iter().map(|name| self.record(name)).collect::<Vec<_>>().join(", ")
    }

    /// From the first day to the last, and how many they are; empty where they are no days.
    pub(crate) fn days(&self, from: &str, to: &str) -> String {
        let days = from.parse::<Date>().ok().zip(to.parse::<Date>().ok());
        days.map_or_else(String::new, |(first, last)| {
            let count = (last - first).get_days().unsigned_abs().saturating_add(1).to_string();
            let (from, to) = (self.locale.day(from), self.locale.day(to));
            self.locale.with("scope-window", &[("from", &from), ("to", &to), ("days", &count)])
        })
    }

    /// What a case is called: its file number, or whom it is with where it has none yet.
    pub(crate) fn called(&self, reference: &str, counterpart: &str) -> String {
        match reference.trim() {
            "" => self.locale.with("words-unnamed", &[("counterpart", counterpart)]),
            reference if reference.starts_with('<') => {
                self.locale.with("words-unnamed", &[("counterpart", counterpart)])
            }
            reference => reference.to_owned(),
        }
    }

    fn worded(&self, id: &str, name: &str) -> String {
        let text = self.text(id);
        if text == id { name.replace('_', " ") } else { text }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use crate::{locale::Locale, visit::key};

    /// What no case carries: what other schemas share, and the counts that leave a desk by themselves.
    const OF_NO_CASE: [&str; 2] = ["common", "statistics_year"];

    #[test]
    fn each_kind_of_record_has_a_name_in_each_language() {
        for locale in Locale::ALL {
            for name in records::RecordTypes::builtin().unwrap().names().map(ToString::to_string) {
                let id = key("record", &name);
                let named = locale.text(&id) != id || OF_NO_CASE.contains(&name.as_str());
                assert!(named, "{name} has no name in {locale:?}");
            }
        }
    }
}
