use jiff::civil::Date;
use model::{PartyId, Timestamp};
use serde::Serialize;
use treaty::{TeamLife, TeamStanding};

use crate::{
    keys::Roots,
    shelf::{Shelf, Signatures},
};

/// A joint investigation team on a day, and who has signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Team {
    /// Where it stands: PROPOSED until both have signed each of its files.
    #[serde(flatten)]
    pub standing: TeamStanding,
    /// Who has signed all of its files. `None` where no signatures are asked for.
    pub signed_by: Option<Vec<PartyId>>,
    /// What is not signed, or does not hold, in sentences.
    pub missing: Vec<String>,
}

impl Shelf {
    /// The joint teams of `party` on `on`, in the order of their files, each as far as it is signed: while one of its files is not, the
    /// rule of the pair is not used, and the team opens nothing.
    pub fn teams(&self, party: PartyId, on: Date, roots: &dyn Roots, now: Timestamp) -> Vec<Team> {
        self.catalog().teams(party, on).into_iter().map(|standing| self.team(standing, roots, now)).collect()
    }

    fn team(&self, mut standing: TeamStanding, roots: &dyn Roots, now: Timestamp) -> Team {
        if self.signatures() == Signatures::None {
            return Team { standing, signed_by: None, missing: Vec::new() };
        }
        let needs: Vec<_> = standing
            .files
            .iter()
            .flat_map(|file| standing.parties.map(|by| self.file_need(file, by, roots, now)))
            .collect();
        let signed = |by: &PartyId| needs.iter().filter(|need| need.by == *by).all(|need| need.is_met());
        let signed_by: Vec<_> = standing.parties.into_iter().filter(signed).collect();
        if signed_by.len() < standing.parties.len() {
            standing.life = TeamLife::Proposed;
        }
        let missing = needs.iter().filter(|need| !need.is_met()).map(ToString::to_string).collect();
        Team { standing, signed_by: Some(signed_by), missing }
    }
}
