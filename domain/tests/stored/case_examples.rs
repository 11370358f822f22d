//! The expected event of each golden file of a case.

use domain::case::event::{
    CaseAction, CaseEvent, CaseKind, CaseOpened, CaseReopened, CaseResolved, EvidenceAdded,
    ReportFiled, ReportReason,
};
use domain::case::target::{CaseTarget, HeldId};
use domain::ids::ConversationId;
use domain::texts::CaseNote;

use crate::example_values::{Example, time, user};

fn note(text: &str) -> CaseNote {
    CaseNote::parse(text).unwrap()
}

fn oslo() -> ConversationId {
    ConversationId::parse("oslo").unwrap()
}

pub fn case() -> Vec<Example<CaseEvent>> {
    use CaseEvent as E;
    let opened = CaseOpened {
        kind: CaseKind::Report,
        target: CaseTarget::Message {
            conversation: oslo(),
            seq: 7,
        },
    };
    let filed = ReportFiled {
        reporter: user("ben"),
        reason: ReportReason::Abuse,
        note: Some(note("Grüße, 这是骂人")),
    };
    let added = EvidenceAdded {
        source_position: 41,
        detail: "insults, links".to_owned(),
        user: Some(user("anna")),
    };
    let resolved = CaseResolved {
        action: CaseAction::Ban,
        user: Some(user("anna")),
        until: Some(time("2026-11-01T09:30:00.250Z")),
        note: Some(note("the third time")),
        by: user("root"),
    };
    let reopened = CaseReopened { by: user("root") };
    vec![
        ("case_opened", 1, E::CaseOpened(opened)),
        ("report_filed", 1, E::ReportFiled(filed)),
        ("evidence_added", 1, E::EvidenceAdded(added)),
        ("case_resolved", 1, E::CaseResolved(resolved)),
        ("case_reopened", 1, E::CaseReopened(reopened)),
    ]
}

/// The forms of a target that the golden file does not have.
#[test]
fn every_kind_of_target_is_stored_under_its_name() {
    let anna = user("anna");
    let held_id = HeldId::parse("h1").unwrap();
    for (target, stored) in [
        (
            CaseTarget::Conversation {
                conversation: oslo(),
            },
            r#"{"type":"conversation","conversation":"oslo"}"#,
        ),
        (
            CaseTarget::User { user: anna.clone() },
            r#"{"type":"user","user":"anna"}"#,
        ),
        (
            CaseTarget::Held {
                user: anna,
                held_id,
                conversation: oslo(),
            },
            r#"{"type":"held","user":"anna","held_id":"h1","conversation":"oslo"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&target).unwrap(), stored);
        assert_eq!(serde_json::from_str::<CaseTarget>(stored).unwrap(), target);
    }
}

#[test]
fn the_names_of_actions_and_reasons_never_change() {
    use CaseAction as A;
    use ReportReason as R;
    let actions = [
        A::Nothing,
        A::Recall,
        A::Silence,
        A::Ban,
        A::Release,
        A::Refuse,
    ];
    assert_eq!(
        serde_json::to_string(&actions).unwrap(),
        r#"["none","recall","silence","ban","release","refuse"]"#
    );
    assert_eq!(
        serde_json::to_string(&[R::Spam, R::Abuse, R::Illegal, R::Other]).unwrap(),
        r#"["spam","abuse","illegal","other"]"#
    );
    let kinds = [
        CaseKind::Report,
        CaseKind::Flag,
        CaseKind::Held,
        CaseKind::Flood,
    ];
    let names = kinds.map(CaseKind::as_str);
    assert_eq!(
        serde_json::to_string(&kinds).unwrap(),
        serde_json::to_string(&names).unwrap()
    );
}
