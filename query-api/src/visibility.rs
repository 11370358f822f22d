//! The one rule of who sees what, as the queries of one caller need it. The rule itself stands in
//! `read_model`.

/// A common table expression `seat`: the caller's place in a conversation, or no row if the caller
/// is not in it. Binds `$1` = the caller, `$2` = the conversation. It has every column that
/// `windows!` and `sees!` need.
macro_rules! seat {
    () => {
        "seat AS (
            SELECT m.conversation, m.user_id, m.role, m.joined_seq, m.read_seq, m.own_seq, m.muted,
                   m.pinned, m.archived, m.mentions, c.name, c.kind, c.title, c.history, c.created_at,
                   c.member_count, c.head_seq, c.countable
            FROM read.users u
            JOIN read.conversations c ON c.name = $2
            JOIN read.members m ON m.conversation = c.id AND m.user_id = u.id AND m.present
            WHERE u.name = $1
        )"
    };
}

/// Joins and the condition under which a user, the expression `$user`, is told of an entry `r` (its
/// conversation, position, and the seq of a sent message): everything of the conversations that the user is
/// in, subject to the visibility of the message that it speaks of; of others only one's own removal. The
/// entry's conversation becomes `c`, the membership `m`, its row of the timeline `t`.
///
/// `OFFSET 0` makes a membership be looked up by both of its keys: a plan by the conversation alone reads
/// all members of a large one for each who is told. And it has the timeline not looked into for sent
/// messages, which are most of all entries.
macro_rules! told {
    ($user:literal) => {
        concat!(
            "JOIN read.conversations c ON c.id = r.conversation
             CROSS JOIN LATERAL (
                 SELECT m.conversation, m.user_id, m.present FROM read.members m
                 WHERE m.conversation = r.conversation AND m.user_id = ",
            $user,
            " OFFSET 0) m
             LEFT JOIN LATERAL (
                 SELECT x.type, x.at, x.data, x.seq, x.subject FROM read.timeline x
                 WHERE r.seq IS NULL AND x.conversation = r.conversation AND x.position = r.position
                 OFFSET 0) t ON true
             WHERE (r.seq IS NOT NULL OR t.type IS NOT NULL)
               AND CASE WHEN m.present
                        THEN coalesce(r.seq, t.seq) IS NULL OR ",
            read_model::sees!("m", "c", "coalesce(r.seq, t.seq)"),
            " ELSE t.type = 'member_removed' AND t.subject = m.user_id END"
        )
    };
}

pub(crate) use {seat, told};
