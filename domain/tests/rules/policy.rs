//! Policies, silences and bans: who can do what when.

use domain::conversation::Conversation;
use domain::conversation::access_command::SanctionKind;
use domain::conversation::command::{
    ConversationCommand, EditMessage, ImportItem, RecallMessage, SendMessage,
};
use domain::conversation::event::{ConversationEvent, Role};
use domain::conversation::settings::{ConversationPolicy, PolicyChange, PostPolicy, SlowMode};
use domain::ids::Topic;
use domain::limits::Limits;
use domain::refusal::RefusalKind;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn conversation<const N: usize>(events: [ConversationEvent; N]) -> Given<Conversation> {
    given(events)
}

/// A group with the owner Anna, the admin Ben and the member Cleo, who has sent message 1.
fn team() -> Given<Conversation> {
    given([
        group(["anna", "ben", "cleo"]),
        role_changed("anna", "ben", Role::Admin),
        sent(1, "cleo"),
    ])
}

fn with_policy(policy: ConversationPolicy) -> Given<Conversation> {
    team().and([policy_changed("anna", policy)])
}

fn frozen() -> ConversationPolicy {
    ConversationPolicy {
        frozen: true,
        ..ConversationPolicy::default()
    }
}

fn channel() -> ConversationPolicy {
    ConversationPolicy {
        post: PostPolicy::Admins,
        ..ConversationPolicy::default()
    }
}

fn slow(seconds: i64) -> ConversationPolicy {
    ConversationPolicy {
        slow_mode: SlowMode::try_from(seconds).unwrap(),
        ..ConversationPolicy::default()
    }
}

/// What members do with messages.
fn acts(by: &str) -> [ConversationCommand; 5] {
    [
        send(by),
        edit(by, 1, "better"),
        recall(by, 1),
        react(by, 1, "+1"),
        unreact(by, 1, "+1"),
    ]
}

#[test]
fn the_owner_and_admins_change_the_policy_field_by_field() {
    let topic = Topic::parse("food").ok();
    let change = PolicyChange {
        frozen: Some(true),
        topic: Some(topic.clone()),
        ..PolicyChange::default()
    };
    let changed = ConversationPolicy { topic, ..frozen() };
    for by in ["anna", "ben"] {
        team()
            .when(change_policy(by, change.clone()))
            .then([policy_changed(by, changed.clone())]);
    }
    with_policy(changed.clone())
        .when(change_policy("anna", change.clone()))
        .then_nothing();
    let removed = PolicyChange {
        topic: Some(None),
        ..PolicyChange::default()
    };
    with_policy(changed)
        .when(change_policy("anna", removed))
        .then([policy_changed("anna", frozen())]);
    team()
        .when(change_policy("cleo", change.clone()))
        .then_refused("forbidden");
    team()
        .when(change_policy("stranger", change.clone()))
        .then_refused("not_found");
    conversation([direct("anna", "ben")])
        .when(change_policy("anna", change))
        .then_refused("invalid");
}

#[test]
fn in_a_frozen_group_only_the_owner_and_admins_act() {
    for act in acts("cleo") {
        with_policy(frozen()).when(act).then_refused("frozen");
    }
    for act in [send("anna"), react("ben", 1, "+1"), recall("ben", 1)] {
        with_policy(frozen()).when(act).then_accepted();
    }
    with_policy(frozen())
        .when(send("stranger"))
        .then_refused("not_found");
}

#[test]
fn in_a_channel_only_the_owner_and_admins_write_and_everybody_reacts() {
    for act in [send("cleo"), edit("cleo", 1, "better")] {
        with_policy(channel()).when(act).then_refused("read_only");
    }
    for act in [react("cleo", 1, "+1"), recall("cleo", 1), send("ben")] {
        with_policy(channel()).when(act).then_accepted();
    }
}

#[test]
fn slow_mode_makes_members_wait_between_two_messages() {
    let send_at = |by: &str, millis: i64| {
        ConversationCommand::Send(SendMessage {
            now: noon_plus(millis),
            ..send_by(by)
        })
    };
    let slow = || with_policy(slow(10)).and([sent(2, "cleo")]);
    for (millis, wait) in [(0, 10_000), (4_000, 6_000), (9_999, 1)] {
        let refusal = slow()
            .state
            .decide(send_at("cleo", millis), &Limits::default())
            .unwrap_err();
        assert_eq!(refusal.code, "slow_mode");
        let expected = std::time::Duration::from_millis(wait);
        assert_eq!(refusal.kind, RefusalKind::TooSoon(expected));
    }
    slow().when(send_at("cleo", 10_000)).then_accepted();
    // A clock that was set back does not prolong the wait.
    let refusal = slow()
        .state
        .decide(send_at("cleo", -60_000), &Limits::default())
        .unwrap_err();
    let longest = std::time::Duration::from_secs(10);
    assert_eq!(refusal.kind, RefusalKind::TooSoon(longest));
    // Others have their own wait, and admins none.
    slow()
        .and([sent(3, "anna")])
        .when(send_at("anna", 0))
        .then_accepted();
    slow().when(edit("cleo", 1, "better")).then_accepted();
    // Rejoining is no way around it.
    slow()
        .and([left("cleo", "cleo"), joined("anna", "cleo", Role::Member)])
        .when(send_at("cleo", 1))
        .then_refused("slow_mode");
}

#[test]
fn a_silenced_user_can_read_but_not_write_until_the_silence_ends() {
    let until = Some(noon_plus(60_000));
    let silenced_team = || team().and([silenced("anna", "cleo", until)]);
    for act in acts("cleo") {
        let refusal = silenced_team()
            .state
            .decide(act, &Limits::default())
            .unwrap_err();
        assert_eq!(
            (refusal.code, refusal.kind),
            ("silenced", RefusalKind::Sanctioned { until })
        );
    }
    assert!(silenced_team().state.can_see(&user("cleo"), 1));
    let later = ConversationCommand::Send(SendMessage {
        now: noon_plus(60_000),
        ..send_by("cleo")
    });
    silenced_team().when(later).then_accepted();
    silenced_team()
        .and([unsilenced("anna", "cleo")])
        .when(send("cleo"))
        .then_accepted();
    // Leaving does not end it, and an admin is not exempt.
    silenced_team()
        .and([left("cleo", "cleo"), joined("anna", "cleo", Role::Member)])
        .when(send("cleo"))
        .then_refused("silenced");
    team()
        .and([silenced("anna", "ben", None)])
        .when(change("ben", Some(Some("news")), None))
        .then_refused("silenced");
}

#[test]
fn the_owner_sanctions_everybody_admins_members_and_moderators_all() {
    let outcomes = [
        ("anna", "ben", None),
        ("anna", "cleo", None),
        ("anna", "anna", Some("forbidden")),
        ("ben", "cleo", None),
        ("ben", "anna", Some("forbidden")),
        ("ben", "ben", Some("forbidden")),
        ("cleo", "ben", Some("forbidden")),
        ("cleo", "cleo", Some("forbidden")),
        ("stranger", "cleo", Some("not_found")),
    ];
    for (by, whom, refusal) in outcomes {
        for command in [silence(by, whom), ban(by, whom)] {
            match refusal {
                None => drop(team().when(command).then_accepted()),
                Some(code) => team().when(command).then_refused(code),
            }
        }
    }
    let mut by_moderator = sanction_by("root", "anna", SanctionKind::Silence);
    by_moderator.by_moderator = true;
    team()
        .when(sanction(by_moderator.clone()))
        .then([silenced("root", "anna", None)]);
    conversation([])
        .when(sanction(by_moderator))
        .then_refused("not_found");
}

#[test]
fn a_ban_removes_a_member_and_an_owner_has_a_successor() {
    team()
        .when(ban("anna", "cleo"))
        .then([left("anna", "cleo"), banned("anna", "cleo", None)]);
    let mut owner = sanction_by("root", "anna", SanctionKind::Ban);
    owner.by_moderator = true;
    team().when(sanction(owner)).then([
        left("root", "anna"),
        role_changed("root", "ben", Role::Owner),
        banned("root", "anna", None),
    ]);
    // A user who is not a member can be banned too.
    team()
        .when(ban("ben", "zoe"))
        .then([banned("ben", "zoe", None)]);
    conversation([direct("anna", "ben")])
        .when(ban("anna", "ben"))
        .then_refused("forbidden");
}

#[test]
fn a_banned_user_cannot_become_a_member_until_the_ban_ends() {
    let until = Some(noon_plus(60_000));
    let team = || team().and([left("anna", "cleo"), banned("anna", "cleo", until)]);
    team().when(add("anna", ["cleo"])).then_refused("banned");
    let import = ConversationCommand::Import(vec![ImportItem::Members {
        users: users(["cleo"]),
        joined_at: None,
    }]);
    team().when(import.clone()).then_refused("forbidden");
    team()
        .and([unbanned("anna", "cleo")])
        .when(add("anna", ["cleo"]))
        .then_accepted();
    let ConversationCommand::AddMembers(mut later) = add("anna", ["cleo"]) else {
        unreachable!();
    };
    later.now = noon_plus(60_000);
    team()
        .when(ConversationCommand::AddMembers(later))
        .then_accepted();
    // An import cannot know when its users joined, so the ban must be lifted.
    conversation([group(["anna"]), banned("anna", "zoe", until)])
        .when(ConversationCommand::Import(vec![ImportItem::Members {
            users: users(["zoe"]),
            joined_at: None,
        }]))
        .then_refused("forbidden");
}

#[test]
fn repeating_a_sanction_changes_nothing_and_another_one_replaces_it() {
    let silenced_team = || team().and([silenced("anna", "cleo", None)]);
    silenced_team().when(silence("anna", "cleo")).then_nothing();
    let until = Some(noon_plus(60_000));
    let mut shorter = sanction_by("anna", "cleo", SanctionKind::Silence);
    shorter.until = until;
    silenced_team()
        .when(sanction(shorter.clone()))
        .then([silenced("anna", "cleo", until)]);
    shorter.until = Some(noon());
    silenced_team()
        .when(sanction(shorter))
        .then_refused("invalid");
    silenced_team()
        .when(lift("anna", "cleo", SanctionKind::Silence))
        .then([unsilenced("anna", "cleo")]);
    for kind in [SanctionKind::Silence, SanctionKind::Ban] {
        team().when(lift("anna", "cleo", kind)).then_nothing();
        silenced_team()
            .when(lift("cleo", "cleo", kind))
            .then_refused("forbidden");
    }
    // One that has ended by itself needs no lifting.
    team()
        .and([silenced("anna", "cleo", Some(noon()))])
        .when(lift("anna", "cleo", SanctionKind::Silence))
        .then_nothing();
}

#[test]
fn the_number_of_sanctions_is_limited_and_those_that_ended_make_room() {
    let full = || {
        team()
            .and([silenced("anna", "x", None), silenced("anna", "y", None)])
            .with_limits(|limits| limits.sanctions = 2)
    };
    full()
        .when(silence("anna", "cleo"))
        .then_refused("too_many_sanctions");
    full().when(ban("anna", "cleo")).then_accepted();
    team()
        .and([
            silenced("anna", "x", None),
            silenced("anna", "y", Some(noon())),
        ])
        .with_limits(|limits| limits.sanctions = 2)
        .when(silence("anna", "cleo"))
        .then([unsilenced("anna", "y"), silenced("anna", "cleo", None)]);
}

#[test]
fn an_erasure_of_the_title_erases_all_that_users_wrote_about_the_conversation() {
    use domain::conversation::command::EraseContent;
    use domain::conversation::event::TitleErased;

    let erase = || {
        ConversationCommand::Erase(EraseContent {
            seqs: vec![],
            title: true,
            by: user("root"),
        })
    };
    let erased = || ConversationEvent::TitleErased(TitleErased { by: user("root") });
    let topic = Topic::parse("secret").ok();
    let policy = ConversationPolicy { topic, ..frozen() };
    with_policy(policy)
        .when(erase())
        .then([policy_changed("root", frozen()), erased()]);
    let asked = team().and([join_requested("zoe", Some("secret")), erased()]);
    let state = serde_json::to_string(&asked.state).unwrap();
    assert!(!state.contains("secret"), "{state}");
    asked.when(erase()).then_nothing();
    // A topic that came later is erased again.
    team()
        .and([erased(), join_requested("zoe", Some("secret"))])
        .when(erase())
        .then([erased()]);
    let whole = join_requested("zoe", Some("secret"));
    assert_eq!(whole.without_content(), Some(join_requested("zoe", None)));
}

#[test]
fn what_the_system_does_works_in_a_frozen_conversation() {
    use domain::conversation::command::EraseContent;

    with_policy(frozen())
        .when(ConversationCommand::Erase(EraseContent {
            seqs: vec![1],
            title: false,
            by: user("root"),
        }))
        .then_accepted();
    with_policy(frozen())
        .when(ConversationCommand::Import(vec![ImportItem::Members {
            users: users(["zoe"]),
            joined_at: None,
        }]))
        .then_accepted();
}

#[test]
fn commands_on_old_messages_are_checked_too() {
    let message = team().state.recent_message(1).cloned();
    let edit = ConversationCommand::Edit(EditMessage {
        message: message.clone(),
        ..edit_by("cleo", 1, "better")
    });
    let recall = ConversationCommand::Recall(RecallMessage {
        message,
        ..recall_by("cleo", 1)
    });
    for command in [edit, recall] {
        with_policy(frozen())
            .and(sent_all(2, 400, "anna"))
            .when(command)
            .then_refused("frozen");
    }
}
