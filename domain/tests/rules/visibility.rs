//! Which messages a user can see.

use domain::conversation::event::{ConversationEvent, HistoryVisibility, Role};
use domain::conversation::{Conversation, MAX_RECENT_MESSAGES};

use crate::builders::*;
use crate::given_when_then::given;

/// Dora joins after message 2, leaves after message 4, misses 5 and 6, and rejoins before 7.
fn events_with_rejoin() -> Vec<ConversationEvent> {
    let mut events = vec![group(["anna"])];
    events.extend(sent_all(1, 2, "anna"));
    events.push(joined("anna", "dora", Role::Member));
    events.extend(sent_all(3, 4, "anna"));
    events.push(left("dora", "dora"));
    events.extend(sent_all(5, 6, "anna"));
    events.push(joined("anna", "dora", Role::Member));
    events.extend(sent_all(7, 7, "anna"));
    events
}

fn visible_seqs(state: &Conversation, name: &str) -> Vec<i64> {
    (-1..=9)
        .filter(|seq| state.can_see(&user(name), *seq))
        .collect()
}

#[test]
fn with_history_all_a_current_member_sees_every_message() {
    let state = given::<Conversation>(events_with_rejoin()).state;
    assert_eq!(visible_seqs(&state, "dora"), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(visible_seqs(&state, "anna"), [1, 2, 3, 4, 5, 6, 7]);
    assert!(!state.can_see(&user("anna"), i64::MAX) && !state.can_see(&user("anna"), i64::MIN));
}

#[test]
fn with_history_since_join_a_member_sees_all_their_membership_periods() {
    let state = given::<Conversation>(events_with_rejoin())
        .and([changed("anna", None, HistoryVisibility::SinceJoin)])
        .state;
    assert_eq!(visible_seqs(&state, "dora"), [3, 4, 7]);
    assert_eq!(visible_seqs(&state, "anna"), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn leaving_ends_visibility() {
    for history in [HistoryVisibility::All, HistoryVisibility::SinceJoin] {
        let state = given::<Conversation>(events_with_rejoin())
            .and([changed("anna", None, history), left("dora", "dora")])
            .state;
        assert_eq!(visible_seqs(&state, "dora"), [0_i64; 0]);
        assert_eq!(visible_seqs(&state, "stranger"), [0_i64; 0]);
    }
}

#[test]
fn adjacent_and_empty_membership_periods_are_merged() {
    let rejoin = |by| [left("dora", by), joined("anna", by, Role::Member)];
    let state = given::<Conversation>([
        group(["anna", "dora"]),
        changed("anna", None, HistoryVisibility::SinceJoin),
    ])
    .and(rejoin("dora"))
    .and([sent(1, "anna")])
    .and(rejoin("dora"))
    .and(rejoin("dora"))
    .and([sent(2, "anna"), left("dora", "dora"), sent(3, "anna")])
    .and([joined("anna", "dora", Role::Member), sent(4, "anna")])
    .state;
    assert_eq!(visible_seqs(&state, "dora"), [1, 2, 4]);
}

#[test]
fn a_conversation_keeps_its_most_recent_messages() {
    let newest = MAX_RECENT_MESSAGES as i64;
    let state = given::<Conversation>([group(["anna"])])
        .and(sent_all(1, newest, "anna"))
        .state;
    assert!(state.is_recent(1) && state.is_recent(newest));
    assert!(!state.is_recent(0) && !state.is_recent(newest + 1));
    let one_more = given::<Conversation>([group(["anna"])]).and(sent_all(1, newest + 1, "anna"));
    assert!(!one_more.state.is_recent(1) && one_more.state.is_recent(2));
    assert!(one_more.state.is_recent(newest + 1));
    assert!(!one_more.state.is_recent(i64::MIN) && !one_more.state.is_recent(i64::MAX));
}
