use std::collections::BTreeSet;

use model::{AuthorityId, MeasureScope, RefusalCode};

use super::{At, Bench, Failure, or_change};
use crate::{
    Input,
    phrase::AnyOf,
    provision::{Bound, Provision},
};

impl<'a> Bench<'a> {
    pub(super) fn validator(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        let validator = self.query.validator;
        let lacking = scope.records.iter().find_map(|record| {
            let roles = provision.records.get(record).filter(|roles| !roles.value.is_empty())?;
            (!validator.is_some_and(|role| roles.value.contains(&role))).then_some((record, roles))
        });
        let failure = lacking.map(|(record, roles)| {
            let words = AnyOf(roles.value.iter().map(|role| role.as_str()));
            let now = format_args!("have the request validated by a {words}, or leave {record} out").to_string();
            Failure {
                code: RefusalCode::R93,
                field: "validation",
                reason: format!("{record} needs a {words} to validate"),
                remedy: or_change(now, &roles.by),
            }
        });
        let at = lacking.map_or(at, |(_, roles)| at.by(&roles.by));
        self.step("validator", at, validator.map_or(Input::Word("none"), Input::Validator), failure);
    }

    pub(super) fn sender(&mut self, at: At<'a>, provision: &'a Provision) {
        let (sender, may) = (self.query.sender, &provision.senders);
        let failure = (!may.value.contains(&sender)).then(|| Failure {
            code: RefusalCode::R93,
            field: "sender",
            reason: format!("an authority of kind {} may not send this", sender.as_str()),
            remedy: match &may.value[..] {
                [] => or_change("no authority may send this", &may.by),
                kinds => {
                    let kinds = AnyOf(kinds.iter().map(|kind| kind.as_str()));
                    or_change(format_args!("send it through an authority of kind {kinds}"), &may.by)
                }
            },
        });
        self.step("sender", at.by(&may.by), Input::Authority(sender), failure);
    }

    pub(super) fn recipient(&mut self, at: At<'a>, provision: &'a Provision) {
        let (recipient, may) = (self.query.recipient, &provision.recipients);
        let failure = (!may.value.contains(&recipient)).then(|| Failure {
            code: RefusalCode::R93,
            field: "recipient",
            reason: format!("this cannot be addressed to an authority of kind {}", recipient.as_str()),
            remedy: match &may.value[..] {
                [] => or_change("no authority takes this; it does not go through a gateway", &may.by),
                kinds => {
                    let kinds = AnyOf(kinds.iter().map(|kind| kind.as_str()));
                    or_change(format_args!("address an authority of kind {kinds}"), &may.by)
                }
            },
        });
        self.step("recipient", at.by(&may.by), Input::Authority(recipient), failure);
    }

    /// What a joint team opens goes from one of its members to another.
    pub(super) fn team(&mut self, at: At<'a>, provision: &'a Provision) {
        let Some(first) = provision.teams.first() else { return };
        let Some([sender, recipient]) = self.query.between else {
            let failure = Failure {
                code: RefusalCode::R93,
                field: "sender",
                reason: "it is open to the members of a joint investigation team, and nobody is named who asks"
                    .to_owned(),
                remedy: or_change("name the authorities between which it goes", &first.by),
            };
            self.step("team", at.by(&first.by), Input::Word("nobody is named"), Some(failure));
            return;
        };
        let of_sender: Vec<_> = provision.teams.iter().filter(|team| team.value.contains(sender)).collect();
        let whole = of_sender.iter().find(|team| team.value.contains(recipient));
        let by = whole.or(of_sender.first()).map_or(&first.by, |team| &team.by);
        let outsider = match (whole, of_sender.is_empty()) {
            (Some(_), _) => None,
            (None, true) => Some(("sender", sender, "send it through", provision.teams.iter().collect())),
            (None, false) => Some(("recipient", recipient, "address", of_sender.clone())),
        };
        let failure = outsider.map(|(field, who, verb, teams): (_, _, _, Vec<&Bound<Vec<AuthorityId>>>)| {
            let of_party = |one: &&AuthorityId| one.party() == who.party();
            let members: BTreeSet<_> = teams.into_iter().flat_map(|team| &team.value).filter(of_party).collect();
            Failure {
                code: RefusalCode::R93,
                field,
                reason: format!("{who} is not a member of the joint investigation team that opens this"),
                remedy: or_change(format_args!("{verb} {}", AnyOf(members)), by),
            }
        });
        self.step("team", at.by(by), Input::Name(format!("{sender} to {recipient}")), failure);
    }

    /// Who belongs to the teams of which both are.
    pub(super) fn team_of(&self, provision: &Provision) -> Vec<AuthorityId> {
        let both = |team: &&Bound<Vec<AuthorityId>>| {
            self.query.between.is_some_and(|two| two.into_iter().all(|one| team.value.contains(one)))
        };
        let members: BTreeSet<_> = provision.teams.iter().filter(both).flat_map(|team| &team.value).collect();
        members.into_iter().cloned().collect()
    }
}
