//! The one rule about who can see what, in the forms that the queries of this crate need. The rule
//! itself is defined in `read_model`.

/// The id of the caller, whose name is `$1`; null if the read model does not know the caller.
macro_rules! caller_id {
    () => {
        "(SELECT me.id FROM read.users me WHERE me.name = $1)"
    };
}

/// The condition under which the caller, whose name is `$1`, sees the profile of the user `u`: they
/// share a conversation, they are contacts, the user has asked the caller to be one, the user asks
/// to join a group of which the caller is the owner or an admin, or they are agents of one desk.
/// With `$2` (an open directory) that is everybody.
macro_rules! sees_profile {
    () => {
        "($2 OR u.name = $1 OR EXISTS (
            SELECT FROM read.users me
            JOIN read.members mine ON mine.user_id = me.id AND mine.present
            JOIN read.members theirs ON theirs.conversation = mine.conversation
                AND theirs.user_id = u.id AND theirs.present
            WHERE me.name = $1) OR EXISTS (
            SELECT FROM read.users me
            JOIN read.contacts x ON x.user_id = me.id AND x.other = u.id
                AND x.state <> 'outgoing' AND NOT x.hidden
            WHERE me.name = $1) OR EXISTS (
            SELECT FROM read.users me
            JOIN read.join_requests q ON q.user_id = u.id
            JOIN read.members mine ON mine.conversation = q.conversation AND mine.user_id = me.id
                AND mine.present AND mine.role <> 'member'
            WHERE me.name = $1) OR EXISTS (
            SELECT FROM read.desks d WHERE d.agents ? $1 AND d.agents ? u.name))"
    };
}

/// The condition under which `$reader` sees what the user of a row `m` of `read.members` has read:
/// both send and see read receipts, it is the same user, or the conversation, whose kind is
/// `$kind`, is one with a desk.
macro_rules! sees_read_mark {
    ($reader:literal, $kind:literal) => {
        concat!(
            "(m.user_id = ",
            $reader,
            " OR ",
            $kind,
            " = 'desk' OR NOT EXISTS (SELECT FROM read.receipts_off x
                WHERE x.user_id IN (m.user_id, ",
            $reader,
            ") AND x.to_position IS NULL))"
        )
    };
}

/// The condition under which a row `m` of `read.members` is the current membership of the user
/// `$user` in the conversation `$conversation`.
macro_rules! is_current_member {
    ($user:literal, $conversation:literal) => {
        concat!(
            "m.conversation = ",
            $conversation,
            ".id AND m.user_id = ",
            $user,
            ".id AND m.present"
        )
    };
}

/// Every user `u` with each current membership `m` and its conversation `c`.
macro_rules! current_memberships {
    () => {
        "read.users u
        JOIN read.members m ON m.user_id = u.id AND m.present
        JOIN read.conversations c ON c.id = m.conversation"
    };
}

/// A common table expression `membership`: the caller's membership in a conversation, or no row if
/// the caller is not a member. Binds `$1` = the caller, `$2` = the conversation. It has every
/// column that `windows!` and `sees!` need.
macro_rules! membership {
    () => {
        concat!(
            "membership AS (
            SELECT m.conversation, m.user_id, m.role, m.joined_seq, m.read_seq, m.own_seq, m.muted,
                   m.pinned, m.archived, m.mentions, m.cleared_seq, c.name, c.kind, c.title, c.history, c.created_at,
                   c.member_count, c.head_seq, c.countable
            FROM read.users u
            JOIN read.conversations c ON c.name = $2
            JOIN read.members m ON ",
            $crate::sql::visibility::is_current_member!("u", "c"),
            " WHERE u.name = $1
        )"
        )
    };
}

/// The condition under which a row `g` of `read.messages` is the message with the seq `$3`, and
/// visible to the caller, whose membership is the row `t` of `membership!`. Every query about one
/// message uses it, and so does the explanation of its visibility.
macro_rules! is_visible_message {
    () => {
        concat!(
            "g.conversation = t.conversation AND g.seq = $3 AND ",
            read_model::can_see!("t", "t", "g.seq")
        )
    };
}

/// The joins and the condition under which a user, the expression `$user`, receives an entry `r`
/// (with its conversation, its position, and the seq if it is a sent message). A member receives
/// every entry of a conversation, provided that the message it refers to is visible to the member.
/// A former member receives only the own removal. An entry without a conversation, which has the
/// negative id of its user in place of one, goes to that user alone. The entry's conversation is
/// joined as `c`, the membership as `m`, and the timeline row as `t`.
///
/// `OFFSET 0` forces the membership to be looked up by both of its keys: a plan that uses only the
/// conversation reads all members of a large conversation for each recipient. It also skips the
/// timeline for sent messages, which are the majority of entries.
macro_rules! visible_entries {
    ($user:literal) => {
        concat!(
            "LEFT JOIN read.conversations c ON c.id = r.conversation
             LEFT JOIN LATERAL (
                 SELECT m.conversation, m.user_id, m.present, m.cleared_seq FROM read.members m
                 WHERE m.conversation = r.conversation AND m.user_id = ",
            $user,
            " OFFSET 0) m ON true
             LEFT JOIN LATERAL (
                 SELECT x.type, x.at, x.data, x.seq, x.subject FROM read.timeline x
                 WHERE r.seq IS NULL AND x.conversation = r.conversation AND x.position = r.position
                 OFFSET 0) t ON true
             WHERE (r.seq IS NOT NULL OR t.type IS NOT NULL)
               AND CASE WHEN r.conversation < 0 THEN r.conversation = -",
            $user,
            " WHEN m.present
                        THEN coalesce(r.seq, t.seq) IS NULL OR ",
            read_model::can_see!("m", "c", "coalesce(r.seq, t.seq)"),
            " ELSE t.type = 'member_removed' AND t.subject = m.user_id END"
        )
    };
}

pub(crate) use {
    caller_id, current_memberships, is_current_member, is_visible_message, membership,
    sees_profile, sees_read_mark, visible_entries,
};
