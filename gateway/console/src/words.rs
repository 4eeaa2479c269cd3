//! What people call what treaties and records name: a kind of record, what is asked, a clause. A name that no language has words for stands
//! as it is, without its underscores.

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
