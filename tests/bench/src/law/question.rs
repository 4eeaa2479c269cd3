//! What is asked of a rule.

use jiff::civil::date;
use model::{
    AuthorityKind, Malformed, MeasureId, MeasureScope, Offence, PartyId, Role, SelectorKind, Timestamp, Window,
};
use treaty::Query;

/// Noon of the day that rules are compiled for.
const NOON: Timestamp = Timestamp(1_795_348_800_000);

/// A request, as far as its header tells.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) requesting: PartyId,
    pub(crate) requested: PartyId,
    pub(crate) sender: AuthorityKind,
    pub(crate) recipient: AuthorityKind,
    pub(crate) measures: Vec<MeasureScope>,
    pub(crate) purpose: Option<String>,
    pub(crate) offence: Option<Offence>,
    pub(crate) validator: Option<Role>,
    pub(crate) emergency: bool,
}

impl Question {
    /// One year of stored traffic data about one account, of Japan to France: allowed.
    pub(crate) fn stored_data() -> Result<Self, Malformed> {
        let scope = MeasureScope {
            id: MeasureId(1),
            article: "ets-185:31".parse()?,
            request_type: "stored_data".parse()?,
            records: vec!["subscriber_info".parse()?, "traffic_data".parse()?],
            subjects: 1,
            selectors: vec![SelectorKind::Account],
            window: Some(Window { from: date(2025, 11, 22), to: date(2026, 11, 21) }),
            attributes: vec![],
            tags: vec![],
        };
        Ok(Self {
            requesting: "JP".parse()?,
            requested: "FR".parse()?,
            sender: AuthorityKind::Central,
            recipient: AuthorityKind::Central,
            measures: vec![scope],
            purpose: Some("criminal_investigation".to_owned()),
            offence: Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false }),
            validator: Some(Role::Judge),
            emergency: false,
        })
    }

    /// The same about five thousand at once, over ten years.
    pub(crate) fn bulk() -> Result<Self, Malformed> {
        let mut question = Self::stored_data()?;
        for scope in &mut question.measures {
            scope.subjects = 5000;
            scope.window = Some(Window { from: date(2016, 11, 22), to: date(2026, 11, 21) });
        }
        Ok(question)
    }

    /// An order under the second protocol, which is not in force between the two.
    pub(crate) fn not_in_force() -> Result<Self, Malformed> {
        let mut question = Self::stored_data()?;
        for scope in &mut question.measures {
            scope.article = "cets-224:8".parse()?;
            scope.request_type = "order_production".parse()?;
        }
        Ok(question)
    }

    /// The same measure so many times, numbered.
    pub(crate) fn times(mut self, count: u32) -> Self {
        if let Some(first) = self.measures.first().cloned() {
            self.measures = (1..=count).map(|id| MeasureScope { id: MeasureId(id), ..first.clone() }).collect();
        }
        self
    }

    pub(crate) fn query(&self) -> Query<'_> {
        Query {
            requesting: self.requesting,
            requested: self.requested,
            sender: self.sender,
            recipient: self.recipient,
            between: None,
            measures: &self.measures,
            purpose: self.purpose.as_deref(),
            offence: self.offence,
            validator: self.validator,
            tag_key: None,
            classification: None,
            emergency: self.emergency,
            consent: None,
            at: NOON,
            languages: None,
            used: None,
        }
    }
}
