//! Strategies for random actions on a conversation. An action names users by number and messages by
//! their distance from the head, so that most actions are meaningful in any state.

use domain::conversation::event::{History, Role};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// The number of users, numbered from 0. The user with this number is never a member.
pub const USERS: usize = 6;

/// A random action on a conversation.
#[derive(Debug, Clone)]
pub enum Ask {
    Create {
        direct: bool,
        by: usize,
        members: Vec<usize>,
        blocked: bool,
    },
    Change {
        by: usize,
        title: Option<Option<u8>>,
        history: Option<History>,
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
        lines: Vec<ImportLine>,
    },
    Wait {
        millis: i64,
    },
}

/// One item of an import.
#[derive(Debug, Clone)]
pub struct ImportLine {
    pub sender: usize,
    pub back: Option<i64>,
    pub earlier: Option<usize>,
    pub edited: bool,
    /// The users who react, or who join if `joins_only`.
    pub others: Vec<usize>,
    pub joins_only: bool,
}

fn import_line() -> impl Strategy<Value = ImportLine> {
    let others = vec(who(), 0..3);
    let line = (
        who(),
        option::of(back()),
        option::of(0_usize..5),
        any::<bool>(),
        others,
        0_u8..5,
    );
    line.prop_map(
        |(sender, back, earlier, edited, others, joins)| ImportLine {
            sender,
            back,
            earlier,
            edited,
            others,
            joins_only: joins == 0,
        },
    )
}

fn who() -> impl Strategy<Value = usize> {
    0..USERS
}

/// A distance from the head: mostly a recent message, sometimes an old one or one that does not
/// exist.
fn back() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 0_i64..6, 2 => 0_i64..400, 1 => -2_i64..0]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![3 => Just(Role::Member), 3 => Just(Role::Admin), 1 => Just(Role::Owner)]
}

fn history() -> impl Strategy<Value = History> {
    prop_oneof![Just(History::All), Just(History::SinceJoin)]
}

fn blocked() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.1)
}

fn create() -> impl Strategy<Value = Ask> {
    (
        prop::bool::weighted(0.2),
        who(),
        vec(who(), 0..6),
        blocked(),
    )
        .prop_map(|(direct, by, mut members, blocked)| {
            if direct {
                members.truncate(1);
            }
            Ask::Create {
                direct,
                by,
                members,
                blocked,
            }
        })
}

fn about_members() -> impl Strategy<Value = Ask> {
    prop_oneof![
        (
            who(),
            option::of(option::of(0_u8..3)),
            option::of(history())
        )
            .prop_map(|(by, title, history)| Ask::Change { by, title, history }),
        (who(), vec(who(), 0..4), option::of(role())).prop_map(|(by, users, role)| Ask::Add {
            by,
            users,
            role
        }),
        (who(), who()).prop_map(|(by, user)| Ask::Remove { by, user }),
        who().prop_map(|user| Ask::Remove { by: user, user }),
    ]
}

fn about_messages() -> impl Strategy<Value = Ask> {
    prop_oneof![
        (who(), option::of(back()), vec(who(), 0..3), blocked()).prop_map(
            |(by, reply, mentions, blocked)| Ask::Send {
                by,
                reply,
                mentions,
                blocked
            }
        ),
        (who(), 1_usize..4).prop_map(|(by, messages)| Ask::Talk { by, messages }),
        (who(), back(), 0_u8..3).prop_map(|(by, back, text)| Ask::Edit { by, back, text }),
        (who(), back()).prop_map(|(by, back)| Ask::Recall { by, back }),
        (who(), back(), 0_u8..4).prop_map(|(by, back, key)| Ask::React { by, back, key }),
        (who(), back(), 0_u8..4).prop_map(|(by, back, key)| Ask::Unreact { by, back, key }),
    ]
}

fn others() -> impl Strategy<Value = Ask> {
    prop_oneof![
        2 => vec(import_line(), 0..5)
            .prop_map(|lines| Ask::Import { lines }),
        2 => (0_i64..2_000).prop_map(|millis| Ask::Wait { millis }),
        1 => create(),
        // Long enough to push messages out of the recent ones.
        1 => (who(), 100_usize..200).prop_map(|(by, messages)| Ask::Talk { by, messages }),
    ]
}

/// The creation of a conversation, followed by random actions on it.
pub fn story() -> impl Strategy<Value = Vec<Ask>> {
    let action = prop_oneof![4 => about_members(), 8 => about_messages(), 2 => others()];
    (create(), vec(action, 0..60)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}
