//! Cases: reports, evidence, closing and opening again.

use domain::case::Case;
use domain::case::command::{AddEvidence, CaseCommand, FileReport, ResolveCase};
use domain::case::event::{
    CaseAction, CaseEvent, CaseKind, CaseOpened, CaseReopened, CaseResolved, EvidenceAdded,
    ReportFiled, ReportReason,
};
use domain::case::target::{CaseTarget, HeldId};
use domain::ids::ConversationId;
use domain::refusal::RefusalKind;
use domain::texts::CaseNote;
use domain::time::Timestamp;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn untouched() -> Given<Case> {
    given::<Case>([])
}

fn message() -> CaseTarget {
    CaseTarget::Message {
        conversation: ConversationId::parse("oslo").unwrap(),
        seq: 7,
    }
}

fn ben() -> CaseTarget {
    CaseTarget::User { user: user("ben") }
}

fn held() -> CaseTarget {
    CaseTarget::Held {
        user: user("ben"),
        held_id: HeldId::parse("h1").unwrap(),
        conversation: ConversationId::parse("oslo").unwrap(),
    }
}

fn report(reporter: &str) -> CaseCommand {
    CaseCommand::File(FileReport {
        target: message(),
        reporter: user(reporter),
        reason: ReportReason::Spam,
        note: None,
    })
}

fn filed(reporter: &str) -> CaseEvent {
    CaseEvent::ReportFiled(ReportFiled {
        reporter: user(reporter),
        reason: ReportReason::Spam,
        note: None,
    })
}

fn opened(kind: CaseKind, target: CaseTarget) -> CaseEvent {
    CaseEvent::CaseOpened(CaseOpened { kind, target })
}

fn reported() -> Given<Case> {
    given::<Case>([opened(CaseKind::Report, message()), filed("anna")])
}

fn evidence(source_position: i64) -> CaseCommand {
    CaseCommand::AddEvidence(AddEvidence {
        kind: CaseKind::Flag,
        target: message(),
        source_position,
        detail: "insults".to_owned(),
        user: Some(user("ben")),
    })
}

fn found(source_position: i64) -> CaseEvent {
    CaseEvent::EvidenceAdded(EvidenceAdded {
        source_position,
        detail: "insults".to_owned(),
        user: Some(user("ben")),
    })
}

fn resolve(action: CaseAction, until: Option<i64>, now: i64) -> CaseCommand {
    CaseCommand::Resolve(ResolveCase {
        action,
        user: Some(user("ben")),
        until: until.map(Timestamp::from_millis),
        note: None,
        by: user("root"),
        now: Timestamp::from_millis(now),
    })
}

fn resolved(action: CaseAction, until: Option<i64>) -> CaseEvent {
    CaseEvent::CaseResolved(CaseResolved {
        action,
        user: Some(user("ben")),
        until: until.map(Timestamp::from_millis),
        note: None,
        by: user("root"),
    })
}

fn reopen() -> CaseCommand {
    CaseCommand::Reopen(user("root"))
}

fn reopened() -> CaseEvent {
    CaseEvent::CaseReopened(CaseReopened { by: user("root") })
}

#[test]
fn the_first_report_opens_the_case_and_further_ones_join_it() {
    untouched()
        .when(report("anna"))
        .then([opened(CaseKind::Report, message()), filed("anna")])
        .when(report("cleo"))
        .then([filed("cleo")])
        .when(report("anna"))
        .then_nothing();
}

#[test]
fn a_new_reporter_opens_a_closed_case_again_and_the_same_one_does_not() {
    let closed = reported().and([resolved(CaseAction::Nothing, None)]);
    closed
        .when(report("anna"))
        .then_nothing()
        .when(report("cleo"))
        .then([opened(CaseKind::Report, message()), filed("cleo")]);
}

#[test]
fn evidence_counts_once_for_each_source_event() {
    untouched()
        .when(evidence(41))
        .then([opened(CaseKind::Flag, message()), found(41)])
        .when(evidence(41))
        .then_nothing()
        .when(evidence(42))
        .then([found(42)])
        .and([resolved(CaseAction::Nothing, None)])
        .when(evidence(42))
        .then_nothing()
        .when(evidence(43))
        .then([opened(CaseKind::Flag, message()), found(43)]);
}

#[test]
fn old_evidence_counts_as_known_even_when_its_position_is_forgotten() {
    let all = given::<Case>((1..=2_000).map(found));
    assert!(all.state.entry_count() <= 1_000);
    all.when(evidence(3))
        .then_nothing()
        .when(evidence(2_000))
        .then_nothing()
        .when(evidence(2_001))
        .then_accepted();
}

#[test]
fn the_newest_evidence_names_the_author() {
    let state = given::<Case>([opened(CaseKind::Flag, message()), found(41)]).state;
    assert_eq!(state.author(), Some(&user("ben")));
    assert_eq!(reported().state.author(), None);
}

#[test]
fn a_case_stores_a_bounded_number_of_reports() {
    let names = (0..10_000).map(|n| filed(&format!("user-{n}")));
    given::<Case>([opened(CaseKind::Report, message())])
        .and(names)
        .when(report("one-more"))
        .then_nothing();
}

#[test]
fn resolving_closes_and_the_same_resolution_again_changes_nothing() {
    reported()
        .when(resolve(CaseAction::Ban, Some(9), 5))
        .then([resolved(CaseAction::Ban, Some(9))])
        .when(resolve(CaseAction::Ban, Some(9), 10))
        .then_nothing();
}

#[test]
fn a_closed_case_takes_no_other_resolution() {
    let closed = reported().and([resolved(CaseAction::Nothing, None)]);
    let refusal = closed
        .when(resolve(CaseAction::Ban, None, 5))
        .into_refusal();
    assert_eq!(refusal.kind, RefusalKind::Conflict);
    let silenced = reported().and([resolved(CaseAction::Silence, Some(9))]);
    silenced
        .when(resolve(CaseAction::Silence, None, 5))
        .then_refused("conflict");
}

#[test]
fn an_unknown_case_is_not_found() {
    untouched()
        .when(resolve(CaseAction::Nothing, None, 5))
        .then_refused("not_found");
    untouched().when(reopen()).then_refused("not_found");
}

#[test]
fn only_a_silence_or_a_ban_ends_and_only_in_the_future() {
    for (action, until) in [
        (CaseAction::Nothing, 9),
        (CaseAction::Recall, 9),
        (CaseAction::Ban, 5),
        (CaseAction::Silence, 4),
    ] {
        reported()
            .when(resolve(action, Some(until), 5))
            .then_invalid("until");
    }
}

#[test]
fn the_action_fits_the_target() {
    use CaseAction as A;
    let of = |target| given::<Case>([opened(CaseKind::Report, target)]);
    let all = [
        A::Nothing,
        A::Recall,
        A::Silence,
        A::Ban,
        A::Release,
        A::Refuse,
    ];
    for (target, fitting) in [
        (message(), vec![A::Nothing, A::Recall, A::Silence, A::Ban]),
        (ben(), vec![A::Nothing, A::Silence, A::Ban]),
        (held(), vec![A::Release, A::Refuse]),
    ] {
        for action in all {
            let attempt = of(target.clone()).when(resolve(action, None, 5));
            if fitting.contains(&action) {
                attempt.then([resolved(action, None)]);
            } else {
                attempt.then_invalid("action");
            }
        }
    }
}

#[test]
fn reopening_opens_a_closed_case_and_leaves_an_open_one() {
    reported()
        .when(reopen())
        .then_nothing()
        .and([resolved(CaseAction::Ban, None)])
        .when(reopen())
        .then([reopened()])
        .when(resolve(CaseAction::Nothing, None, 5))
        .then([resolved(CaseAction::Nothing, None)]);
}

#[test]
fn the_decision_about_a_held_message_is_final() {
    given::<Case>([
        opened(CaseKind::Held, held()),
        resolved(CaseAction::Release, None),
    ])
    .when(reopen())
    .then_refused("irreversible");
}

#[test]
fn only_a_closed_case_has_a_resolution() {
    let closed = reported().and([resolved(CaseAction::Ban, None)]);
    assert_eq!(
        closed
            .state
            .resolution()
            .map(|resolution| resolution.action),
        Some(CaseAction::Ban)
    );
    assert_eq!(closed.and([reopened()]).state.resolution(), None);
}

#[test]
fn the_state_keeps_nothing_that_users_wrote() {
    let note = Some(CaseNote::parse("a tarsier").unwrap());
    let written = [
        CaseEvent::ReportFiled(ReportFiled {
            reporter: user("anna"),
            reason: ReportReason::Other,
            note: note.clone(),
        }),
        CaseEvent::CaseResolved(CaseResolved {
            action: CaseAction::Nothing,
            user: None,
            until: None,
            note,
            by: user("root"),
        }),
    ];
    let state = given::<Case>(written).state;
    let stored = serde_json::to_string(&state).unwrap();
    assert!(!stored.contains("tarsier"), "{stored}");
}
