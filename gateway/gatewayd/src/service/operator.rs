//! `rogatory.operator.v1`, on a socket of this machine: the state of the gateway and its channels. No case content.

use std::{collections::HashMap, sync::Arc};

use jiff::civil::Date;
use ledger::Origin;
use link::Credentials;
use model::{Denial, PartyId};
use proto::convert::receive_directory;
use proto::operator::{
    AddChannelRequest, AddChannelResponse, Channel, CloseChannelRequest, CloseChannelResponse, FreezeChannelRequest,
    FreezeChannelResponse, GetStatusRequest, GetStatusResponse, JointTeam, ListChannelsRequest, ListChannelsResponse,
    ListHeadsRequest, ListHeadsResponse, ListMisconductRequest, ListMisconductResponse, ListRefusalsRequest,
    ListRefusalsResponse, ProveHeadRequest, ProveHeadResponse, QueuedEntry, ReadLedgerRequest, ReadLedgerResponse,
    operator_service_server::OperatorService,
};
use shelf::{Standing, Team};
use store::{StoreError, gateway::ChannelRow};
use tonic::{Request, Response, Status};

use super::{malformed, refusals, status};
use crate::{
    channels::{self, Channels},
    clock,
    command::init,
    committer::{ENTRY, origin},
    config::{Config, Folder},
    directories,
    gateway::Gateway,
    heads, hot, misconduct, published, release, renewal,
    trust::{ChannelState, Snapshot},
};

/// Entries of one queue that are shown.
const QUEUED_SHOWN_MAX: u64 = 20;

pub(crate) struct Operator {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) folder: Folder,
    pub(crate) config: Config,
    /// The certificate for TLS that is in use.
    pub(crate) certificate: Credentials,
}

#[tonic::async_trait]
impl OperatorService for Operator {
    async fn get_status(&self, _: Request<GetStatusRequest>) -> Result<Response<GetStatusResponse>, Status> {
        let snapshot = self.gateway.trust.snapshot();
        let own = self.gateway.own();
        let store = &self.gateway.store;
        let states = store.case_counts().await.map_err(storage)?;
        let refusals = store.refusal_counts(0).await.map_err(storage)?;
        let mut problems = Vec::new();
        if let Err(error) = store.check().await {
            problems.push(error.to_string());
        }
        let (now, expires) = (clock::now(), self.certificate.expires());
        problems.extend(renewal::ends_soon(expires, now));
        problems.extend(self.gateway.rules.alarms(&snapshot, now));
        let (release_since_ms, release_before) =
            release::changed(store, own, Some(&self.gateway.release)).await.map_err(storage)?;
        Ok(Response::new(GetStatusResponse {
            party: own.to_string(),
            software: crate::SOFTWARE.to_owned(),
            peer_address: self.config.peer_listen.to_string(),
            desk_address: self.config.desk_listen.to_string(),
            fingerprint: snapshot.root(own).map(|root| root.fingerprint().to_string()).unwrap_or_default(),
            certificate_expires_ms: expires.0,
            channels: self.list().await?,
            cases_by_state: states
                .into_iter()
                .map(|(state, count)| {
                    let name = hot::state_of(state).map_or("unknown", |state| state.as_str());
                    (name.to_owned(), u64::try_from(count).unwrap_or_default())
                })
                .collect(),
            refusals_by_code: refusals
                .into_iter()
                .map(|(code, count)| (code, u64::try_from(count).unwrap_or_default()))
                .collect(),
            directory_version: snapshot.store.directory(own).map_or(0, |directory| directory.version),
            problems,
            treaty_files: self.gateway.rules.told(),
            time_stamping: heads::stamping(&self.gateway, self.config.ledger.tsa.as_ref()).await.map_err(status)?,
            release: self.gateway.release.sha256().to_string(),
            release_since_ms,
            release_before,
        }))
    }

    async fn list_channels(&self, _: Request<ListChannelsRequest>) -> Result<Response<ListChannelsResponse>, Status> {
        Ok(Response::new(ListChannelsResponse { channels: self.list().await? }))
    }

    async fn add_channel(&self, request: Request<AddChannelRequest>) -> Result<Response<AddChannelResponse>, Status> {
        let request = request.into_inner();
        let party: PartyId = request.party.parse().map_err(malformed)?;
        let directory =
            request.directory.ok_or_else(|| malformed("a channel without the directory that trusts its root"))?;
        let signed = receive_directory(directory).map_err(status)?;
        channels::same_world(&self.gateway, party, &request.root).map_err(status)?;
        self.gateway.trust.learn(&signed, clock::now()).map_err(status)?;
        directories::keep(&self.gateway, &signed).await;
        let pinned = self.gateway.trust.snapshot().root(party).is_some_and(|root| root.der() == &*request.root);
        if !pinned || party == self.gateway.own() {
            return Err(malformed("the directory does not trust that root for that party"));
        }
        init::write_directory(&self.folder, &signed).map_err(|failure| malformed(failure.to_string()))?;
        let row = channels::add(&self.gateway, &self.channels, party, &request.endpoint, &request.root).await;
        let channel = self.show(&row.map_err(status)?, &HashMap::new()).await?;
        Ok(Response::new(AddChannelResponse { channel: Some(channel) }))
    }

    async fn freeze_channel(
        &self,
        request: Request<FreezeChannelRequest>,
    ) -> Result<Response<FreezeChannelResponse>, Status> {
        let request = request.into_inner();
        let party: PartyId = request.party.parse().map_err(malformed)?;
        let row = channels::freeze(&self.gateway, party, request.frozen).await.map_err(status)?;
        let channel = self.show(&row, &HashMap::new()).await?;
        Ok(Response::new(FreezeChannelResponse { channel: Some(channel) }))
    }

    async fn close_channel(
        &self,
        request: Request<CloseChannelRequest>,
    ) -> Result<Response<CloseChannelResponse>, Status> {
        let party: PartyId = request.into_inner().party.parse().map_err(malformed)?;
        let row = channels::close(&self.gateway, party).await.map_err(status)?;
        let channel = self.show(&row, &HashMap::new()).await?;
        Ok(Response::new(CloseChannelResponse { channel: Some(channel) }))
    }

    async fn read_ledger(&self, request: Request<ReadLedgerRequest>) -> Result<Response<ReadLedgerResponse>, Status> {
        let ReadLedgerRequest { log, path } = request.into_inner();
        let log = log.parse().map_err(malformed)?;
        let content = published::read(&self.gateway.store, log, &path).await.map_err(status)?.into();
        let verifier_keys = published::verifier_keys(&self.gateway.trust.snapshot(), log);
        Ok(Response::new(ReadLedgerResponse { content, verifier_keys }))
    }

    async fn list_heads(&self, request: Request<ListHeadsRequest>) -> Result<Response<ListHeadsResponse>, Status> {
        let limit = request.into_inner().limit;
        let ticks = heads::told(&self.gateway, limit).await.map_err(status)?;
        let stamps = heads::stamps(&self.gateway, limit).await.map_err(status)?;
        Ok(Response::new(ListHeadsResponse {
            log: Origin::heads(self.gateway.own()).to_string(),
            ticks,
            stamps,
            witnesses: names(self.config.ledger.witnesses.clone()),
        }))
    }

    async fn prove_head(&self, request: Request<ProveHeadRequest>) -> Result<Response<ProveHeadResponse>, Status> {
        let ProveHeadRequest { log, size, by } = request.into_inner();
        let (timed, verifier_keys) = if log.is_empty() {
            heads::release(&self.gateway).await.map_err(status)?
        } else {
            let by = if by.is_empty() { self.gateway.own() } else { by.parse().map_err(malformed)? };
            let log = log.parse().map_err(malformed)?;
            heads::proved(&self.gateway, by, log, size).await.map_err(status)?
        };
        let directories = heads::naming(&self.gateway, &timed).await.map_err(status)?;
        let directories = directories.iter().map(proto::convert::send_directory).collect();
        Ok(Response::new(ProveHeadResponse { timed_head: timed.encode().into(), verifier_keys, directories }))
    }

    async fn list_misconduct(
        &self,
        request: Request<ListMisconductRequest>,
    ) -> Result<Response<ListMisconductResponse>, Status> {
        let told = misconduct::told(&self.gateway, &request.into_inner().id).await.map_err(status)?;
        Ok(Response::new(ListMisconductResponse { misconduct: told }))
    }

    async fn list_refusals(
        &self,
        request: Request<ListRefusalsRequest>,
    ) -> Result<Response<ListRefusalsResponse>, Status> {
        let ListRefusalsRequest { limit, with_receipts } = request.into_inner();
        let (store, own) = (&self.gateway.store, self.gateway.own());
        let refusals = refusals::list(store, own, limit, with_receipts).await.map_err(storage)?;
        let directories =
            if with_receipts { refusals::naming(store, &refusals).await.map_err(storage)? } else { Vec::new() };
        let directories = directories.iter().map(proto::convert::send_directory).collect();
        Ok(Response::new(ListRefusalsResponse { refusals, directories }))
    }
}

impl Operator {
    async fn list(&self) -> Result<Vec<Channel>, Status> {
        let depths = self.gateway.store.outbox_depths().await.map_err(storage)?.into_iter().collect();
        let mut channels = Vec::new();
        for row in self.gateway.store.channels().await.map_err(storage)? {
            channels.push(self.show(&row, &depths).await?);
        }
        Ok(channels)
    }

    async fn show(&self, row: &ChannelRow, depths: &HashMap<PartyId, i64>) -> Result<Channel, Status> {
        let store = &self.gateway.store;
        let party = *row.party;
        let log = origin(self.gateway.own(), party).map_err(status)?.to_string();
        let size = store.leaf_count(&log).await.map_err(storage)?;
        let cosigned = store.cosigned_checkpoint(&log).await.map_err(storage)?.map_or(0, |row| row.size);
        let (own, now, snapshot) = (self.gateway.own(), clock::now(), self.gateway.trust.snapshot());
        let today = now.date().unwrap_or_default();
        let standing = self.gateway.rules.standing(own, party, &snapshot, now);
        let runs = self.gateway.trust.release(party);
        let (peer_release_since_ms, peer_release_before) =
            release::changed(store, party, runs.as_ref()).await.map_err(storage)?;
        Ok(Channel {
            treaty_pin: self.gateway.rules.unproven(own, party, today).pin().to_string(),
            treaty_signed_by: names(standing.as_ref().map(Standing::signed_by).unwrap_or_default()),
            teams: self.gateway.rules.teams(party, &snapshot, now).into_iter().map(shown).collect(),
            treaty_missing: standing.iter().flat_map(Standing::unmet).map(ToString::to_string).collect(),
            party: party.to_string(),
            endpoint: row.endpoint.clone(),
            fingerprint: row.fingerprint.clone(),
            state: self.state(row, &snapshot).await.map_err(status)?.to_owned(),
            our_consent: row.own_yes_at.is_some(),
            their_consent: row.peer_yes.is_some(),
            queued: depths.get(&party).and_then(|depth| u64::try_from(*depth).ok()).unwrap_or_default(),
            peer_release: runs.map(|release| release.to_string()).unwrap_or_default(),
            peer_release_since_ms,
            peer_release_before,
            last_error: self.gateway.trust.trouble(party).unwrap_or_default(),
            ledger_size: u64::try_from(size).unwrap_or_default(),
            ledger_cosigned: u64::try_from(cosigned).unwrap_or_default(),
            waiting: self.waiting(party).await.map_err(storage)?,
            frozen_by: row.frozen_by.clone().unwrap_or_default(),
            frozen_reason: row.frozen_reason.clone().unwrap_or_default(),
        })
    }

    /// Where a channel stands. That it is rotating follows from the heads that are kept and the keys of today.
    async fn state(&self, row: &ChannelRow, trust: &Snapshot) -> Result<&'static str, Denial> {
        match ChannelState::of(row.state) {
            ChannelState::Open if heads::rotating(&self.gateway, trust, *row.party).await? => Ok("ROTATING"),
            state => Ok(state.as_str()),
        }
    }

    /// The beginning of a channel's queue, and why each entry in it waits.
    async fn waiting(&self, party: PartyId) -> Result<Vec<QueuedEntry>, StoreError> {
        let store = &self.gateway.store;
        let rows = store.queued(party, ENTRY, QUEUED_SHOWN_MAX).await?;
        let ids: Vec<_> = rows.iter().map(|row| *row.entry_id).collect();
        let outlines = store.outlines(&ids).await?;
        let shown = rows.into_iter().filter_map(|row| {
            let outline = outlines.get(&*row.entry_id)?;
            Some(QueuedEntry {
                entry_id: row.entry_id.as_bytes().to_vec().into(),
                step: outline.step.as_str().to_owned(),
                since_ms: outline.admitted_at,
                attempts: u32::try_from(row.attempts).unwrap_or_default(),
                next_attempt_ms: row.next_attempt,
                why: row.why.unwrap_or_default(),
            })
        });
        Ok(shown.collect())
    }
}

fn shown(team: Team) -> JointTeam {
    let Team { standing, signed_by, missing } = team;
    let day = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    JointTeam {
        id: standing.id,
        title: standing.title,
        purpose: standing.purpose,
        members: standing.members.iter().map(ToString::to_string).collect(),
        standing: standing.life.as_str().to_owned(),
        from: day(standing.from),
        until: day(standing.until),
        signed_by: names(signed_by.unwrap_or_default()),
        missing,
    }
}

fn names(parties: Vec<PartyId>) -> Vec<String> {
    parties.iter().map(ToString::to_string).collect()
}

fn storage(error: StoreError) -> Status {
    status(error.into())
}
