//! Strategies for random actions on a conversation. An action names users by number and messages by
//! their distance from the head, so that most actions are meaningful in any state.

use domain::conversation::access_command::SanctionKind;
use domain::conversation::event::{HistoryVisibility, Role};
use domain::conversation::settings::{JoinPolicy, PolicyChange, PostPolicy, SlowMode};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// The number of users, numbered from 0. The user with this number is never a member.
pub const USER_COUNT: usize = 6;

/// A random action on a conversation.
#[derive(Debug, Clone)]
pub enum ConversationAction {
    Create {
        direct: bool,
        by: usize,
        members: Vec<usize>,
        blocked: bool,
    },
    Change {
        by: usize,
        title: Option<Option<u8>>,
        history: Option<HistoryVisibility>,
    },
    Add {
        by: usize,
        users: Vec<usize>,
        role: Option<Role>,
    },
    Remove {
        by: usize,
        user: usize,
    },
    Send {
        by: usize,
        reply: Option<i64>,
        thread: Option<i64>,
        mentions: Vec<usize>,
        blocked: bool,
    },
    Talk {
        by: usize,
        messages: usize,
    },
    Edit {
        by: usize,
        back: i64,
        text: u8,
    },
    Recall {
        by: usize,
        back: i64,
    },
    Restore {
        by: usize,
        back: i64,
    },
    Pin {
        by: usize,
        back: i64,
        pinned: bool,
    },
    React {
        by: usize,
        back: i64,
        key: u8,
    },
    Unreact {
        by: usize,
        back: i64,
        key: u8,
    },
    Import {
        lines: Vec<ImportLineAction>,
    },
    SetPolicy {
        by: usize,
        policy: PolicyChange,
    },
    Sanction {
        by: usize,
        user: usize,
        kind: SanctionKind,
        /// After how many milliseconds it ends by itself.
        lasting: Option<i64>,
        by_moderator: bool,
    },
    Lift {
        by: usize,
        user: usize,
        kind: SanctionKind,
    },
    Join {
        user: usize,
    },
    Admit {
        by: usize,
        user: usize,
    },
    Decline {
        by: usize,
        user: usize,
    },
    CreateLink {
        by: usize,
        max_uses: Option<u32>,
    },
    JoinByLink {
        user: usize,
        link: usize,
    },
    EndLink {
        by: usize,
        link: usize,
    },
    Wait {
        millis: i64,
    },
}

/// One item of an import.
#[derive(Debug, Clone)]
pub struct ImportLineAction {
    pub sender: usize,
    pub back: Option<i64>,
    pub earlier: Option<usize>,
    pub edited: bool,
    /// The users who react, or who join if `joins_only`.
    pub other_users: Vec<usize>,
    pub joins_only: bool,
}

fn import_line() -> impl Strategy<Value = ImportLineAction> {
    let others = vec(user_number(), 0..3);
    let line = (
        user_number(),
        option::of(distance_from_head()),
        option::of(0_usize..5),
        any::<bool>(),
        others,
        0_u8..5,
    );
    line.prop_map(
        |(sender, back, earlier, edited, others, joins)| ImportLineAction {
            sender,
            back,
            earlier,
            edited,
            other_users: others,
            joins_only: joins == 0,
        },
    )
}

fn user_number() -> impl Strategy<Value = usize> {
    0..USER_COUNT
}

/// A distance from the head: mostly a recent message, sometimes an old one or one that does not
/// exist.
fn distance_from_head() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 0_i64..6, 2 => 0_i64..400, 1 => -2_i64..0]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![3 => Just(Role::Member), 3 => Just(Role::Admin), 1 => Just(Role::Owner)]
}

fn history_visibility() -> impl Strategy<Value = HistoryVisibility> {
    prop_oneof![
        Just(HistoryVisibility::All),
        Just(HistoryVisibility::SinceJoin)
    ]
}

fn blocked() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.1)
}

fn create_action() -> impl Strategy<Value = ConversationAction> {
    (
        prop::bool::weighted(0.2),
        user_number(),
        vec(user_number(), 0..6),
        blocked(),
    )
        .prop_map(|(direct, by, mut members, blocked)| {
            if direct {
                members.truncate(1);
            }
            ConversationAction::Create {
                direct,
                by,
                members,
                blocked,
            }
        })
}

fn member_action() -> impl Strategy<Value = ConversationAction> {
    prop_oneof![
        (
            user_number(),
            option::of(option::of(0_u8..3)),
            option::of(history_visibility())
        )
            .prop_map(|(by, title, history)| ConversationAction::Change {
                by,
                title,
                history
            }),
        (user_number(), vec(user_number(), 0..4), option::of(role()))
            .prop_map(|(by, users, role)| ConversationAction::Add { by, users, role }),
        (user_number(), user_number())
            .prop_map(|(by, user)| ConversationAction::Remove { by, user }),
        user_number().prop_map(|user| ConversationAction::Remove { by: user, user }),
    ]
}

fn message_action() -> impl Strategy<Value = ConversationAction> {
    prop_oneof![
        (
            user_number(),
            option::of(distance_from_head()),
            option::of(distance_from_head()),
            vec(user_number(), 0..3),
            blocked()
        )
            .prop_map(
                |(by, reply, thread, mentions, blocked)| ConversationAction::Send {
                    by,
                    reply,
                    thread,
                    mentions,
                    blocked
                }
            ),
        (user_number(), 1_usize..4)
            .prop_map(|(by, messages)| ConversationAction::Talk { by, messages }),
        (user_number(), distance_from_head(), 0_u8..3)
            .prop_map(|(by, back, text)| ConversationAction::Edit { by, back, text }),
        (user_number(), distance_from_head())
            .prop_map(|(by, back)| ConversationAction::Recall { by, back }),
        (user_number(), distance_from_head())
            .prop_map(|(by, back)| ConversationAction::Restore { by, back }),
        (user_number(), distance_from_head(), any::<bool>())
            .prop_map(|(by, back, pinned)| ConversationAction::Pin { by, back, pinned }),
        (user_number(), distance_from_head(), 0_u8..4)
            .prop_map(|(by, back, key)| ConversationAction::React { by, back, key }),
        (user_number(), distance_from_head(), 0_u8..4)
            .prop_map(|(by, back, key)| ConversationAction::Unreact { by, back, key }),
    ]
}

fn policy_change() -> impl Strategy<Value = PolicyChange> {
    let post = prop_oneof![3 => Just(PostPolicy::Members), 1 => Just(PostPolicy::Admins)];
    let join = prop_oneof![
        Just(JoinPolicy::Added),
        Just(JoinPolicy::Asked),
        Just(JoinPolicy::Open)
    ];
    let slow_mode = prop_oneof![2 => Just(0_i64), 1 => Just(1_i64)];
    (
        option::of(post),
        option::of(join),
        option::of(slow_mode),
        option::of(prop::bool::weighted(0.2)),
    )
        .prop_map(|(post, join, slow_mode, frozen)| PolicyChange {
            post,
            join,
            slow_mode: slow_mode.map(|seconds| SlowMode::try_from(seconds).unwrap()),
            frozen,
            ..PolicyChange::default()
        })
}

fn sanction_kind() -> impl Strategy<Value = SanctionKind> {
    prop_oneof![Just(SanctionKind::Silence), Just(SanctionKind::Ban)]
}

fn access_action() -> impl Strategy<Value = ConversationAction> {
    use ConversationAction as A;
    let lasting = option::of(1_i64..3_000);
    let moderator = prop::bool::weighted(0.2);
    prop_oneof![
        3 => (user_number(), policy_change()).prop_map(|(by, policy)| A::SetPolicy { by, policy }),
        3 => (user_number(), user_number(), sanction_kind(), lasting, moderator).prop_map(
            |(by, user, kind, lasting, by_moderator)| A::Sanction {
                by,
                user,
                kind,
                lasting,
                by_moderator,
            }
        ),
        2 => (user_number(), user_number(), sanction_kind())
            .prop_map(|(by, user, kind)| A::Lift { by, user, kind }),
        4 => user_number().prop_map(|user| A::Join { user }),
        2 => (user_number(), user_number()).prop_map(|(by, user)| A::Admit { by, user }),
        1 => (user_number(), user_number()).prop_map(|(by, user)| A::Decline { by, user }),
        2 => (user_number(), option::of(1_u32..3))
            .prop_map(|(by, max_uses)| A::CreateLink { by, max_uses }),
        3 => (user_number(), 0_usize..3).prop_map(|(user, link)| A::JoinByLink { user, link }),
        1 => (user_number(), 0_usize..3).prop_map(|(by, link)| A::EndLink { by, link }),
    ]
}

fn other_action() -> impl Strategy<Value = ConversationAction> {
    prop_oneof![
        2 => vec(import_line(), 0..5)
            .prop_map(|lines| ConversationAction::Import { lines }),
        2 => (0_i64..2_000).prop_map(|millis| ConversationAction::Wait { millis }),
        1 => create_action(),
        // Long enough to push messages out of the recent ones.
        1 => (user_number(), 100_usize..200).prop_map(|(by, messages)| ConversationAction::Talk { by, messages }),
    ]
}

/// The creation of a conversation, followed by random actions on it.
pub fn conversation_actions() -> impl Strategy<Value = Vec<ConversationAction>> {
    let action = prop_oneof![
        4 => member_action(),
        8 => message_action(),
        3 => access_action(),
        2 => other_action()
    ];
    (create_action(), vec(action, 0..60)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}
