//! `desk group`: who can read a case, and changing it.

use clap::Subcommand;
use identity::Domain;
use model::{AuthorityId, EntryId, Exit, RefusalCode, Role, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};

use super::{Answer, officer::Signer, session::Session};
use crate::failure::Failure;

/// `desk group`.
#[derive(Debug, Subcommand)]
pub(super) enum Group {
    /// Who could read what, and when: each seat with the handshakes that gave and took it.
    Show {
        /// The case, or a unique beginning of its id.
        case: String,
    },
    /// Let another authority of the own party read and act, from now on.
    Add(Seat),
    /// Take its seat (two officers, central or custodian): it reads nothing that is sealed after that, and destroys the records that it
    /// has read.
    Remove(Removal),
    /// Renew this desk's leaf: new secrets for everybody.
    Renew {
        /// The case, or a unique beginning of its id.
        case: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Seat {
    /// The case, or a unique beginning of its id.
    case: String,
    /// The authority, as in FR:executing.
    #[arg(long)]
    authority: AuthorityId,
}

/// `desk group remove`.
#[derive(Debug, clap::Args)]
pub(super) struct Removal {
    #[command(flatten)]
    seat: Seat,
    #[command(flatten)]
    signer: Signer,
    /// In which role; what the officer holds of central and custodian when absent.
    #[arg(long, value_parser = |text: &str| text.parse::<Role>().map_err(|error| error.to_string()))]
    role: Option<Role>,
    /// Take into account that the desk may hold the only readable copy of records, which are lost then.
    #[arg(long)]
    accept_last_copy: bool,
}

impl Group {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::Show { case } => show(session, case).await,
            Self::Add(seat) => change(session, &seat.case, "add", Some(&seat.authority)).await,
            Self::Remove(removal) => removal.run(session).await,
            Self::Renew { case } => change(session, case, "renew", None).await,
        }
    }
}

/// Asks for a change, and waits for both gateways.
pub(super) async fn change(
    session: &Session,
    case: &str,
    change: &str,
    authority: Option<&AuthorityId>,
) -> Result<Answer, Failure> {
    let request = wire::ChangeGroupRequest {
        case_id: case.to_owned(),
        change: change.to_owned(),
        authority: authority.map(ToString::to_string).unwrap_or_default(),
        ..wire::ChangeGroupRequest::default()
    };
    let changed = session.desk().change_group(request).await?.into_inner();
    changed_to(changed, change)
}

fn changed_to(changed: wire::ChangeGroupResponse, change: &str) -> Result<Answer, Failure> {
    if !changed.admitted {
        let what = format!("the change of the group ({change}) is on its way");
        return Err(Failure::new(Exit::Unreachable, what)
            .remedy("Nothing is lost, and it goes on by itself. Look later: desk group show."));
    }
    let text = format!("readers    {}", changed.readers.join(", "));
    let value = json!({ "case": changed.case_id, "change": change, "admitted": true, "readers": changed.readers });
    Ok(Answer::new(value, text))
}

impl Removal {
    /// Signs what the desk offers, and goes on once enough have signed. Run again by the other officer it goes.
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let officer = self.signer.open(session)?;
        let request = wire::ChangeGroupRequest {
            case_id: self.seat.case.clone(),
            change: "remove".to_owned(),
            authority: self.seat.authority.to_string(),
            accept_last_copy: self.accept_last_copy,
            ..wire::ChangeGroupRequest::default()
        };
        let offered = session.desk().change_group(request.clone()).await?.into_inner();
        if offered.statement.is_empty() {
            return changed_to(offered, "remove");
        }
        self.is_ours(session, &offered)?;
        session.tell(&format!("Signing:\n{}", String::from_utf8_lossy(&offered.statement)));
        let roles = self.role.map_or_else(|| vec![Role::Central, Role::Custodian], |role| vec![role]);
        let mut failure = Failure::new(Exit::Usage, "no role is named");
        for role in roles {
            let request = wire::ChangeGroupRequest {
                statement: offered.statement.clone(),
                role: role.as_str().to_owned(),
                key_id: officer.key.key_id().0.as_bytes().to_vec().into(),
                signature: officer.key.sign(Domain::Custody, &offered.statement).into(),
                ..request.clone()
            };
            match session.desk().change_group(request).await {
                Ok(changed) => return self.signed(changed.into_inner()),
                Err(status) => failure = status.into(),
            }
            if failure.denial().is_none_or(|denial| denial.reason() != RefusalCode::R93.as_str()) {
                break;
            }
        }
        Err(failure)
    }

    fn signed(&self, changed: wire::ChangeGroupResponse) -> Result<Answer, Failure> {
        if changed.signatures_missing == 0 {
            return changed_to(changed, "remove");
        }
        let authority = self.seat.authority.to_string();
        let text =
            format!("One more officer, central or custodian, must run the same command for {authority} to leave.");
        let value = json!({
            "case": changed.case_id,
            "change": "remove",
            "admitted": false,
            "signatures_missing": changed.signatures_missing,
        });
        Ok(Answer::new(value, text))
    }

    /// What is signed is about this desk and the authority that was named.
    fn is_ours(&self, session: &Session, offered: &wire::ChangeGroupResponse) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(&offered.statement).into_owned();
        let authority = &self.seat.authority;
        let begins =
            format!("act remove\ndesk {}\ncase {}\nauthority {authority}\n", session.config.authority, offered.case_id);
        let named = offered.case_id.starts_with(&self.seat.case.trim().to_ascii_lowercase());
        let lost = if self.accept_last_copy { "accepted" } else { "none" };
        if named && text.starts_with(&begins) && text.ends_with(&format!("\nlast copy {lost}\n")) {
            return Ok(());
        }
        Err(Failure::new(Exit::Integrity, "the desk offers something else to sign than what was asked for")
            .remedy("Sign nothing; tell the operator of the desk."))
    }
}

async fn show(session: &Session, case: &str) -> Result<Answer, Failure> {
    let request = wire::GetGroupRequest { case_id: case.to_owned() };
    let group = session.desk().get_group(request).await?.into_inner();
    let mut lines: Vec<_> = group.seats.iter().map(line).collect();
    if !group.on_its_way.is_empty() {
        lines.push(format!("on its way: {}", group.on_its_way));
    }
    let value = json!({
        "case": group.case_id,
        "seats": group.seats.iter().map(value).collect::<Vec<_>>(),
        "on_its_way": group.on_its_way,
    });
    Ok(Answer::new(value, lines.join("\n")))
}

fn line(seat: &wire::SeatView) -> String {
    let from = if seat.joined_ms == 0 {
        "from before what this desk can prove".to_owned()
    } else {
        format!("from epoch {} ({})", seat.first_epoch, Timestamp(seat.joined_ms))
    };
    let to = if seat.left_ms == 0 {
        "sits".to_owned()
    } else {
        format!("to epoch {} (left {})", seat.last_epoch, Timestamp(seat.left_ms))
    };
    format!("{:<14} {from}  {to}", seat.authority)
}

fn value(seat: &wire::SeatView) -> Value {
    let entry = |bytes: &[u8]| EntryId::try_from(bytes).map(|id| id.to_string()).unwrap_or_default();
    json!({
        "authority": seat.authority,
        "first_epoch": seat.first_epoch,
        "joined_ms": seat.joined_ms,
        "joined_by": entry(&seat.joined_by),
        "last_epoch": seat.last_epoch,
        "left_ms": seat.left_ms,
        "left_by": entry(&seat.left_by),
        "sits": seat.left_ms == 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_says_in_one_line_from_when_to_when_it_could_read() {
        let sits = wire::SeatView {
            authority: "FR:executing".to_owned(),
            first_epoch: 2,
            joined_ms: 1_767_193_200_000,
            ..wire::SeatView::default()
        };
        assert_eq!(line(&sits), "FR:executing   from epoch 2 (2025-12-31T15:00:00.000Z)  sits");
        let left = wire::SeatView { last_epoch: 4, left_ms: 1_767_193_260_000, joined_ms: 0, ..sits };
        assert_eq!(
            line(&left),
            "FR:executing   from before what this desk can prove  to epoch 4 (left 2025-12-31T15:01:00.000Z)"
        );
    }
}
