//! `desk group`: who can read a case, and changing it.

use clap::Subcommand;
use model::{AuthorityId, EntryId, Exit, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};

use super::{Answer, session::Session};
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
    /// Take its seat: it reads nothing that is sealed after that.
    Remove(Seat),
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

impl Group {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::Show { case } => show(session, case).await,
            Self::Add(seat) => change(session, &seat.case, "add", Some(&seat.authority)).await,
            Self::Remove(seat) => change(session, &seat.case, "remove", Some(&seat.authority)).await,
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
    };
    let changed = session.desk().change_group(request).await?.into_inner();
    if !changed.admitted {
        let what = format!("the change of the group ({change}) is on its way");
        return Err(Failure::new(Exit::Unreachable, what)
            .remedy("Nothing is lost, and it goes on by itself. Look later: desk group show."));
    }
    let text = format!("readers    {}", changed.readers.join(", "));
    let value = json!({ "case": changed.case_id, "change": change, "admitted": true, "readers": changed.readers });
    Ok(Answer::new(value, text))
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
