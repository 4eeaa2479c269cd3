use model::{MeasureScope, RefusalCode};

use super::{At, Bench, Failure, or_change};
use crate::{Input, phrase::AnyOf, provision::Provision};

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
}
