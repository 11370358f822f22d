//! What the tables of the read models mean, in SQL: who sees which message, and which of them are unread.
//! Whoever reads `read.*` takes these rules from here.
//!
//! Who is in a conversation sees it; nobody else can tell it from one that does not exist. With
//! `history = all` a member sees every message; with `since_join` the messages of all own stays.
//!
//! The rule is written as *windows* of seqs, `after_seq < seq <= until_seq`, which never overlap:
//! one window, or one for each stay. So a page of history, a count of unread and a yes or no are
//! the same rule, and each costs a few index probes instead of a look at every message.
//!
//! The aggregate has the same rule for commands: `Conversation::may_see`.

#![deny(missing_docs)]

/// A subquery with the windows `(after_seq, until_seq)` of a present member `$m` (a row of
/// `read.members`) of a conversation `$c` (a row of `read.conversations`).
#[macro_export]
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
#[macro_export]
macro_rules! sees {
    ($m:literal, $c:literal, $seq:literal) => {
        concat!(
            "EXISTS (SELECT FROM ",
            $crate::windows!($m, $c),
            " seen
                     WHERE seen.after_seq < ",
            $seq,
            " AND ",
            $seq,
            " <= seen.until_seq)"
        )
    };
}

/// An expression: how many messages are unread for the present member `$m` of the conversation
/// `$c`. A few index probes, whatever the size of the conversation.
///
/// Own messages move the mark, so some can only lie after it when it was set back; they are looked
/// up by sender.
#[macro_export]
macro_rules! unread {
    ($m:literal, $c:literal) => {
        concat!(
            "CASE WHEN ",
            $m,
            ".read_seq >= ",
            $c,
            ".head_seq THEN 0 ELSE (
                SELECT coalesce(sum(
                    CASE WHEN w.until_seq = ",
            $c,
            ".head_seq THEN ",
            $c,
            ".countable
                         ELSE coalesce((SELECT o.ordinal FROM read.messages o
                                        WHERE o.conversation = ",
            $m,
            ".conversation
                                          AND o.seq = w.until_seq), 0) END
                    - coalesce((SELECT o.ordinal FROM read.messages o
                                WHERE o.conversation = ",
            $m,
            ".conversation AND o.seq = w.mark), 0)
                    - (SELECT count(*) FROM read.messages o
                       WHERE o.recalled AND o.conversation = ",
            $m,
            ".conversation
                         AND o.seq > w.mark AND o.seq <= w.until_seq
                         AND o.sender <> ",
            $m,
            ".user_id AND o.type <> 'control')
                    - CASE WHEN ",
            $m,
            ".own_seq <= w.mark THEN 0 ELSE (
                        SELECT count(*) FROM read.messages o
                        WHERE o.sender = ",
            $m,
            ".user_id
                          AND o.position > coalesce((SELECT p.position FROM read.messages p
                                                     WHERE p.conversation = ",
            $m,
            ".conversation
                                                       AND p.seq = w.mark), 0)
                          AND o.conversation = ",
            $m,
            ".conversation
                          AND o.seq <= w.until_seq AND o.type <> 'control') END
                ), 0)::bigint
                FROM (SELECT greatest(v.after_seq, ",
            $m,
            ".read_seq) AS mark, v.until_seq
                      FROM ",
            $crate::windows!($m, $c),
            " v) w
                WHERE w.until_seq > w.mark) END"
        )
    };
}

/// An expression: how many of the unread messages mention the user named `$user`.
#[macro_export]
macro_rules! unread_mentions {
    ($m:literal, $c:literal, $user:literal) => {
        concat!(
            "(SELECT count(*)
              FROM ",
            $crate::windows!($m, $c),
            " w
              JOIN read.messages o ON o.conversation = ",
            $m,
            ".conversation
                  AND o.seq > greatest(w.after_seq, ",
            $m,
            ".read_seq) AND o.seq <= w.until_seq
              WHERE o.mentions IS NOT NULL AND NOT o.recalled AND o.type <> 'control'
                AND o.sender <> ",
            $m,
            ".user_id AND o.mentions::jsonb ? ",
            $user,
            ")"
        )
    };
}
