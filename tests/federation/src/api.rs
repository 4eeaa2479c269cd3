//! What the desks say of their cases, over the interface that they offer to a national system.

use std::time::Duration;

use link::Channel;
use model::CaseId;
use proto::desk::{
    GetCaseRequest, GetCaseResponse, ListCasesRequest, PreflightRequest, PreflightResponse,
    case_service_client::CaseServiceClient,
};
use tokio::time::{Instant, sleep};
use tonic::Code;

use crate::{failure::Failure, states::Seat};

/// How long an entry may take from one desk to the other.
const TRAVEL_MAX: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(25);

/// The interface of one desk.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    who: String,
    client: CaseServiceClient<Channel>,
}

impl Api {
    /// Of the desk of `seat`. Call it within a tokio runtime.
    pub(crate) fn of(seat: &Seat) -> Self {
        let client = CaseServiceClient::new(link::connect_local(&seat.socket()));
        Self { who: seat.authority.to_string(), client }
    }

    /// A case; `None` where the desk has none of that id.
    pub(crate) async fn case(&mut self, case: CaseId) -> Result<Option<GetCaseResponse>, Failure> {
        let asked = GetCaseRequest { case_id: case.to_string(), traced: false };
        match self.client.get_case(asked).await {
            Ok(found) => Ok(Some(found.into_inner())),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(Failure::from(status).during(&format!("{} shows a case", self.who))),
        }
    }

    /// How many cases the desk has.
    pub(crate) async fn count(&mut self) -> Result<usize, Failure> {
        let asked = ListCasesRequest { filter: "all".to_owned(), ..Default::default() };
        Ok(self.client.list_cases(asked).await?.into_inner().cases.len())
    }

    /// What preflight says of a draft.
    pub(crate) async fn preflight(&mut self, case: CaseId) -> Result<PreflightResponse, Failure> {
        let asked = PreflightRequest { case_id: case.to_string(), ..PreflightRequest::default() };
        Ok(self.client.preflight(asked).await?.into_inner())
    }

    /// Waits until the case stands in `state` here.
    pub(crate) async fn reaches(&mut self, case: CaseId, state: &str) -> Result<GetCaseResponse, Failure> {
        let found = self.until(case, |found| state_of(found).eq_ignore_ascii_case(state)).await?;
        found.map_err(|last| {
            let what = format!(
                "at {} the case stands in {last} instead of {state} after {} s",
                self.who,
                TRAVEL_MAX.as_secs()
            );
            Failure::unexpected(what)
        })
    }

    /// Waits until `holds` of the case; gives the state it stands in where that never was.
    pub(crate) async fn until(
        &mut self,
        case: CaseId,
        holds: impl Fn(&GetCaseResponse) -> bool,
    ) -> Result<Result<GetCaseResponse, String>, Failure> {
        let deadline = Instant::now() + TRAVEL_MAX;
        loop {
            let found = self.case(case).await?;
            let state = found.as_ref().map_or("nothing (no such case)", state_of).to_owned();
            match found {
                Some(found) if holds(&found) => return Ok(Ok(found)),
                _ if Instant::now() > deadline => return Ok(Err(state)),
                _ => sleep(POLL).await,
            }
        }
    }
}

/// Where a case stands.
pub(crate) fn state_of(case: &GetCaseResponse) -> &str {
    case.summary.as_ref().map_or("", |summary| summary.state.as_str())
}
