//! Random cases. They have a random generator of their own, so that they leave the rest of a
//! history as it is.

use cqrs_es::Aggregate as _;
use domain::case::command::{AddEvidence, CaseCommand, FileReport, ResolveCase};
use domain::case::event::{CaseAction, CaseKind, ReportReason};
use domain::case::target::{CaseId, CaseTarget, HeldId};
use domain::envelope::AggregateKind;
use domain::ids::ConversationId;
use domain::texts::CaseNote;
use domain::time::Timestamp;

use super::history::{HistoryGenerator, HistoryRng, user};

impl HistoryGenerator {
    /// Runs a random command of a case, now and then.
    pub(super) fn run_case_command(&mut self) {
        let seed = self.log.len() as u64;
        let mut rng = HistoryRng::new(seed);
        if !rng.chance(8) {
            return;
        }
        let Some(target) = self.random_target(&mut rng) else {
            return;
        };
        let by = rng.pick(&self.users).clone();
        let command = match rng.below(10) {
            0..4 => CaseCommand::File(FileReport {
                target: target.clone(),
                reporter: by,
                reason: ReportReason::Abuse,
                note: Some(CaseNote::parse("\u{e9}\n").unwrap()),
            }),
            4..6 => CaseCommand::AddEvidence(AddEvidence {
                kind: CaseKind::Flag,
                target: target.clone(),
                source_position: seed.cast_signed() + 1,
                detail: "insults".to_owned(),
                user: rng.chance(50).then_some(by),
            }),
            6..8 => CaseCommand::Resolve(ResolveCase {
                action: if matches!(target, CaseTarget::Held { .. }) {
                    CaseAction::Refuse
                } else {
                    CaseAction::Nothing
                },
                user: None,
                until: None,
                note: None,
                by: user("root"),
                now: Timestamp::from_millis(self.now),
            }),
            _ => CaseCommand::Reopen(user("root")),
        };
        let id = CaseId::of(&target);
        let mut state = self.cases.get(&id).cloned().unwrap_or_default();
        for event in state.decide(command).unwrap_or_default() {
            self.append(AggregateKind::Case, id.as_str(), &event);
            state.apply(event);
        }
        if state.target().is_some() {
            self.cases.insert(id, state);
        }
    }

    fn random_target(&self, rng: &mut HistoryRng) -> Option<CaseTarget> {
        let ids: Vec<_> = self.conversations.keys().take(4).cloned().collect();
        if ids.is_empty() {
            return None;
        }
        let conversation = rng.pick(&ids).clone();
        let user = rng.pick(&self.users).clone();
        Some(match rng.below(5) {
            0..2 => CaseTarget::Message {
                seq: 1 + rng.below(2).cast_signed(),
                conversation,
            },
            2 => CaseTarget::Conversation { conversation },
            3 => CaseTarget::User { user },
            // A held message belongs to one conversation.
            _ => CaseTarget::Held {
                user,
                held_id: HeldId::from_number(number_for(&conversation)),
                conversation,
            },
        })
    }
}

/// A number that another conversation does not have.
fn number_for(conversation: &ConversationId) -> i64 {
    let bytes = conversation.as_str().bytes();
    bytes.fold(1, |number, byte| {
        (number * 257 + i64::from(byte)) % 1_000_000_007
    })
}
