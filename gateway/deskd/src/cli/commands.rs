//! Which command takes which step: what officers are told that they may do is what they type.

use std::collections::BTreeSet;

/// A matter's own words, and what its steps are called at the command line.
const KINDS: &[(&str, &str)] =
    &[("use", "use"), ("onward", "onward"), ("breach", "breach"), ("correction", "correct"), ("hearing", "hearing")];

/// The commands for these steps, without `desk`, in the order of the steps. `matter` is the kind of the matter that takes them, where one does.
pub(super) fn of(steps: &[String], matter: Option<&str>) -> Vec<String> {
    let mut told = BTreeSet::new();
    let all = steps.iter().flat_map(|step| for_step(step, matter));
    all.filter(|command| told.insert(command.clone())).collect()
}

/// A step that nobody types keeps its own name.
fn for_step(step: &str, matter: Option<&str>) -> Vec<String> {
    let group = matter.and_then(|kind| KINDS.iter().find(|(name, _)| *name == kind)).map(|(_, group)| *group);
    if let (Some(group), Some(command)) = (group, within(step)) {
        return vec![format!("{group} {command}")];
    }
    let alone: &[&str] = match step {
        // What a desk says by itself.
        "violation" | "ask_rejoin" | "answer" => &[],
        "submit" => &["request edit", "request validate"],
        "validate" => &["request validate"],
        "seal_send" => &["request send"],
        "open_group" | "change_group" => &["group"],
        "share_draft" => &["share"],
        "comment_draft" => &["comment"],
        "rework" => &["request send-back", "request edit"],
        // The review is opened by what comes of it, too.
        "open_review" => &["review", "accept", "ask-info", "consult", "offer-conditions", "postpone", "refuse"],
        "recognise" => &["accept"],
        "open_callback" => &["call-back open"],
        "answer_callback" => &["call-back answer"],
        "consult_done" => &["consulted"],
        "return_request" => &["return"],
        "assign" => &["assign", "produce"],
        "collected" => &["collected", "produce"],
        "release" => &["produce"],
        "final_report" => &["report"],
        "disposal_due" => &["dispose due"],
        "extend" => &["dispose extend"],
        "certify_disposal" => &["dispose certify"],
        "lodge_remedy" => &["remedy lodge"],
        "annul_decision" => &["remedy annul"],
        "uphold_decision" => &["remedy uphold"],
        "prolong" => &["preservation prolong"],
        "give_up" => &["preservation give-up"],
        "request_use" => &["use request"],
        "request_onward" => &["onward request"],
        "notify_exculpatory" => &["use notify-exculpatory"],
        "notify_breach" => &["breach notify"],
        "report_error" => &["correct report"],
        "propose_hearing" => &["hearing propose"],
        other => return vec![other.replace('_', "-")],
    };
    alone.iter().map(|command| (*command).to_owned()).collect()
}

/// What a step of a matter is called behind the matter's word.
fn within(step: &str) -> Option<&'static str> {
    Some(match step {
        "grant_consent" => "grant",
        "deny_consent" => "deny",
        "confirm_breach" => "confirm",
        "recall" => "recall",
        "certify_shredding" => "certify",
        "notify_subject" => "tell-subject",
        "defer_subject" => "defer-subject",
        "triage" => "triage",
        "reissue" => "reissue",
        "agree_slot" => "agree",
        "propose_slots" => "move",
        "record_consent" => "consent",
        "test_link" => "test",
        "open_hearing" => "open",
        "draft_minutes" => "minutes",
        "sign_minutes" => "sign",
        "transmit_minutes" => "transmit",
        "cancel_hearing" => "cancel",
        "close_matter" => "close",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use model::Step;
    use workflow::{MATTERS, MatterKind};

    use super::*;
    use crate::cli::Cli;

    fn exists(line: &str) -> bool {
        let mut command = &Cli::command();
        for word in line.split(' ') {
            let Some(next) = command.find_subcommand(word) else { return false };
            command = next;
        }
        true
    }

    #[test]
    fn each_step_of_a_draft_or_a_case_is_told_as_a_command_that_there_is() {
        let of_matters: BTreeSet<_> = MATTERS.iter().map(|row| row.step).collect();
        let of_cases = Step::ALL.into_iter().filter(|step| !of_matters.contains(step)).map(Step::as_str);
        for step in of_cases.chain(["submit", "validate", "rework"]) {
            for command in for_step(step, None) {
                assert!(exists(&command), "{step} is told as desk {command}");
            }
        }
        assert_eq!(of(&["submit".to_owned(), "ask_rejoin".to_owned()], None), ["request edit", "request validate"]);
    }

    #[test]
    fn each_step_of_a_matter_is_told_as_a_command_that_there_is() {
        for row in MATTERS {
            for kind in row.kinds {
                for command in for_step(row.step.as_str(), Some(&kind.to_string())) {
                    assert!(exists(&command), "{} of {kind} is told as desk {command}", row.step);
                }
            }
        }
        assert!(
            KINDS.len()
                == BTreeSet::from_iter(MATTERS.iter().flat_map(|row| row.kinds).map(MatterKind::to_string)).len()
        );
    }

    #[test]
    fn a_command_that_takes_several_steps_is_told_once() {
        let steps = ["assign", "collected", "tell_status"].map(str::to_owned);
        assert_eq!(of(&steps, None), ["assign", "produce", "collected", "tell-status"]);
    }
}
