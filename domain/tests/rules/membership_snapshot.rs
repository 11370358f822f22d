//! The lookups that other commands and services make.

use domain::conversation::Conversation;
use domain::conversation::event::{ConversationKind, Role};
use domain::membership::MembershipSnapshot;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn membership_snapshot(before: &Given<Conversation>, name: &str) -> Option<MembershipSnapshot> {
    before.state.membership_snapshot(&user(name))
}

#[test]
fn joining_sets_the_read_floor_to_the_head() {
    let before = given::<Conversation>([group(["anna", "ben"])])
        .and(sent_all(1, 3, "anna"))
        .and([joined("anna", "dora", Role::Member), sent(4, "anna")]);
    assert_eq!(
        membership_snapshot(&before, "ben"),
        Some(MembershipSnapshot {
            head_seq: 4,
            stay: 2,
            read_floor: 0
        })
    );
    assert_eq!(
        membership_snapshot(&before, "dora"),
        Some(MembershipSnapshot {
            head_seq: 4,
            stay: 3,
            read_floor: 3
        })
    );
    assert_eq!(membership_snapshot(&before, "stranger"), None);
}

#[test]
fn sending_raises_the_senders_read_floor() {
    let before = given::<Conversation>([group(["anna", "ben"])]).and([
        sent(1, "ben"),
        sent(2, "anna"),
        sent(3, "ben"),
    ]);
    assert_eq!(
        membership_snapshot(&before, "anna"),
        Some(MembershipSnapshot {
            head_seq: 3,
            stay: 1,
            read_floor: 2
        })
    );
    assert_eq!(
        membership_snapshot(&before, "ben"),
        Some(MembershipSnapshot {
            head_seq: 3,
            stay: 2,
            read_floor: 3
        })
    );
}

#[test]
fn rejoining_starts_a_membership_period_with_a_new_read_floor() {
    let before = given::<Conversation>([group(["anna", "ben"]), sent(1, "ben")]).and([
        left("ben", "ben"),
        sent(2, "anna"),
        joined("anna", "ben", Role::Member),
        sent(3, "anna"),
    ]);
    assert_eq!(
        membership_snapshot(&before, "ben"),
        Some(MembershipSnapshot {
            head_seq: 3,
            stay: 3,
            read_floor: 2
        })
    );
    let away = before.and([left("ben", "ben")]);
    assert_eq!(membership_snapshot(&away, "ben"), None);
}

#[test]
fn a_role_change_does_not_end_the_membership_period() {
    let before = given::<Conversation>([group(["anna", "ben"]), sent(1, "anna")])
        .and([role_changed("anna", "ben", Role::Admin)]);
    assert_eq!(
        membership_snapshot(&before, "ben"),
        Some(MembershipSnapshot {
            head_seq: 1,
            stay: 2,
            read_floor: 0
        })
    );
    assert_eq!(before.state.role_of(&user("ben")), Some(Role::Admin));
}

#[test]
fn the_peer_is_the_other_user_of_a_direct_conversation() {
    let pair = given::<Conversation>([direct("ben", "anna")]).state;
    assert_eq!(pair.peer_of(&user("anna")), Some(&user("ben")));
    assert_eq!(pair.peer_of(&user("ben")), Some(&user("anna")));
    assert_eq!(pair.peer_of(&user("cleo")), None);
    let two = given::<Conversation>([group(["ben", "anna"])]).state;
    assert_eq!(two.peer_of(&user("anna")), None);
}

#[test]
fn a_missing_conversation_has_no_members_and_no_messages() {
    let none = Conversation::default();
    assert!(!none.exists() && none.kind().is_none());
    assert_eq!((none.head_seq(), none.member_count()), (0, 0));
    assert!(!none.is_member(&user("anna")) && none.role_of(&user("anna")).is_none());
    let two = given::<Conversation>([group(["anna", "ben"]), left("ben", "ben")]).state;
    assert!(two.exists() && two.kind() == Some(ConversationKind::Group));
    assert!(two.is_member(&user("anna")) && !two.is_member(&user("ben")));
    assert_eq!(two.member_count(), 1);
    assert_eq!(two.role_of(&user("anna")), Some(Role::Owner));
}
