//! The one rule of who sees what, in SQL. Every query of this crate takes it from here.
//!
//! Who is in a conversation sees it; nobody else can tell it from one that does not exist. With
//! `history = all` a member sees every message; with `since_join` the messages of all own stays.
//!
//! The rule is written as *windows* of seqs, `after_seq < seq <= until_seq`, which never overlap:
//! one window, or one for each stay. So a page of history, a count of unread and a yes or no are
//! the same rule, and each costs a few index probes instead of a look at every message.
//!
//! The aggregate has the same rule for commands: `Conversation::may_see`.

/// A common table expression `seat`: the caller's place in a conversation, or no row if the caller
/// is not in it. Binds `$1` = the caller, `$2` = the conversation. It has every column that
/// [`windows!`] and [`sees!`] need.
macro_rules! seat {
    () => {
        "seat AS (
            SELECT m.conversation, m.user_id, m.role, m.joined_seq, m.read_seq, m.own_seq, m.muted,
                   m.pinned, m.archived, c.name, c.kind, c.title, c.history, c.created_at,
                   c.member_count, c.head_seq, c.countable
            FROM read.users u
            JOIN read.conversations c ON c.name = $2
            JOIN read.members m ON m.conversation = c.id AND m.user_id = u.id AND m.present
            WHERE u.name = $1
        )"
    };
}

/// A subquery with the windows `(after_seq, until_seq)` of a present member `$m` (a row of
/// `read.members`) of a conversation `$c` (a row of `read.conversations`).
macro_rules! windows {
    ($m:literal, $c:literal) => {
        concat!(
            "(SELECT 0::bigint AS after_seq, ",
            $c,
            ".head_seq AS until_seq
              WHERE ",
            $c,
            ".history = 'all'
              UNION ALL
              SELECT stay.after_seq, coalesce(stay.until_seq, ",
            $c,
            ".head_seq)
              FROM read.stays stay
              WHERE ",
            $c,
            ".history <> 'all' AND stay.conversation = ",
            $m,
            ".conversation
                AND stay.user_id = ",
            $m,
            ".user_id)"
        )
    };
}

/// A condition: the present member `$m` of `$c` sees the message with seq `$seq`.
macro_rules! sees {
    ($m:literal, $c:literal, $seq:literal) => {
        concat!(
            "EXISTS (SELECT FROM ",
            crate::visibility::windows!($m, $c),
            " seen
                     WHERE seen.after_seq < ",
            $seq,
            " AND ",
            $seq,
            " <= seen.until_seq)"
        )
    };
}

/// Joins and the condition under which a user, the expression `$user`, is told of an entry `r` (its
/// conversation, position, and the seq of a sent message): everything of the conversations that the user is
/// in, subject to the visibility of the message that it speaks of; of others only one's own removal. The
/// entry's conversation becomes `c`, the membership `m`, its row of the timeline `t`.
macro_rules! told {
    ($user:literal) => {
        concat!(
            "JOIN read.conversations c ON c.id = r.conversation
             JOIN read.members m ON m.conversation = r.conversation AND m.user_id = ",
            $user,
            " LEFT JOIN read.timeline t ON r.seq IS NULL AND t.conversation = r.conversation
                 AND t.position = r.position
             WHERE (r.seq IS NOT NULL OR t.type IS NOT NULL)
               AND CASE WHEN m.present
                        THEN coalesce(r.seq, t.seq) IS NULL OR ",
            crate::visibility::sees!("m", "c", "coalesce(r.seq, t.seq)"),
            " ELSE t.type = 'member_removed' AND t.subject = m.user_id END"
        )
    };
}

pub(crate) use {seat, sees, told, windows};
