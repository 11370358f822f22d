//! The expected event of each golden file of a desk, and of the sessions of a conversation.

use domain::conversation::event::ConversationEvent;
use domain::conversation::session_event::{
    SessionAccepted, SessionClosed, SessionNoted, SessionOpened, SessionRated, SessionReminded,
    SessionTagged, SessionTransferred, UnansweredStretch,
};
use domain::custom_fields::CustomFields;
use domain::deployment::flood::RuleDuration;
use domain::desk::event::{DeskEvent, DeskRemoved, DeskSet};
use domain::desk::settings::{DeskSettings, Routing};
use domain::desk::texts::{CloseReason, Greeting, RatingText, SessionNote, SessionTag};
use domain::ids::{ConversationId, DeskId, Title};
use domain::session_id::SessionId;
use serde_json::json;

use crate::example_values::{Example, time, user};

fn duration(text: &str) -> RuleDuration {
    RuleDuration::parse(text).unwrap()
}

pub fn desk() -> Vec<Example<DeskEvent>> {
    let settings = DeskSettings {
        title: Title::parse("Billing").unwrap(),
        agents: vec![user("ben"), user("anna")],
        routing: Routing::RoundRobin,
        max_open: 5,
        idle_close: duration("10m"),
        reply_target: duration("300s"),
        greeting: Some(Greeting::parse("Gr\u{fc}\u{df} Gott!").unwrap()),
        reminders: false,
    };
    let by = user("root");
    let set = |reminders| {
        let settings = DeskSettings {
            reminders,
            ..settings.clone()
        };
        let by = by.clone();
        DeskEvent::DeskSet(DeskSet { settings, by })
    };
    vec![
        ("desk_set", 1, set(false)),
        ("desk_set", 2, set(true)),
        (
            "desk_removed",
            1,
            DeskEvent::DeskRemoved(DeskRemoved { by }),
        ),
    ]
}

pub fn sessions() -> Vec<Example<ConversationEvent>> {
    [session_steps(), session_remarks()].concat()
}

fn session() -> SessionId {
    SessionId::parse("desk_0123456789abcdef0123456789abcdef.2").unwrap()
}

fn session_steps() -> Vec<Example<ConversationEvent>> {
    use ConversationEvent as E;
    let conversation = |text| ConversationId::parse(text).unwrap();
    let session = session();
    let other = conversation("desk_fedcba9876543210fedcba9876543210");
    let desk = |name| DeskId::parse(name).unwrap();
    let at = time("2026-11-01T09:30:00.250Z");
    let [anna, ben, cleo] = ["anna", "ben", "cleo"].map(user);
    let opened = SessionOpened {
        session: session.clone(),
        desk: desk("billing"),
        customer: cleo.clone(),
        idle_close: duration("10m"),
        reply_target: duration("5m"),
        reminders: false,
        unanswered: None,
        custom: Some(CustomFields::parse(&json!({ "order": 7 })).unwrap()),
        from: Some(other.clone()),
        hop: 2,
        after_seq: 7,
        at,
    };
    let with_reminders = SessionOpened {
        reminders: true,
        unanswered: Some(UnansweredStretch {
            since: time("2026-11-01T09:28:00Z"),
            reminded: false,
        }),
        ..opened.clone()
    };
    let accepted = SessionAccepted {
        session: session.clone(),
        desk: desk("billing"),
        agent: ben.clone(),
        by: user("tidings"),
        after_seq: 8,
        at,
    };
    let transferred = SessionTransferred {
        session: session.clone(),
        desk: desk("sales"),
        from: Some(ben.clone()),
        agent: Some(anna),
        to: Some(other),
        hop: 3,
        by: ben.clone(),
        after_seq: 9,
        at,
    };
    let closed = SessionClosed {
        session,
        desk: desk("billing"),
        agent: Some(ben),
        hop: 0,
        reason: Some(CloseReason::parse("paid, \u{8c22}\u{8c22}").unwrap()),
        by: cleo,
        after_seq: 10,
        at,
    };
    vec![
        ("session_opened", 1, E::SessionOpened(opened)),
        ("session_opened", 2, E::SessionOpened(with_reminders)),
        ("session_accepted", 1, E::SessionAccepted(accepted)),
        ("session_transferred", 1, E::SessionTransferred(transferred)),
        ("session_closed", 1, E::SessionClosed(closed)),
    ]
}

fn session_remarks() -> Vec<Example<ConversationEvent>> {
    use ConversationEvent as E;
    let (session, at) = (session(), time("2026-11-01T09:30:00.250Z"));
    let [ben, cleo] = ["ben", "cleo"].map(user);
    let noted = SessionNoted {
        session: session.clone(),
        text: Some(SessionNote::parse("Kundin war h\u{f6}flich").unwrap()),
        by: ben.clone(),
        at,
    };
    let tag = |text| SessionTag::parse(text).unwrap();
    let tagged = SessionTagged {
        session: session.clone(),
        tags: vec![tag("refund"), tag("\u{91cd}\u{8981}")],
        by: ben,
    };
    let rated = SessionRated {
        session,
        score: 4,
        text: Some(RatingText::parse("quick").unwrap()),
        by: cleo,
        at,
    };
    let reminded = SessionReminded {
        session: self::session(),
        desk: DeskId::parse("billing").unwrap(),
        agent: Some(user("ben")),
        agents: vec![user("ben")],
        due: at,
    };
    vec![
        ("session_reminded", 1, E::SessionReminded(reminded)),
        ("session_noted", 1, E::SessionNoted(noted)),
        ("session_tagged", 1, E::SessionTagged(tagged)),
        ("session_rated", 1, E::SessionRated(rated)),
    ]
}
