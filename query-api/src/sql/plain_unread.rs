//! Unread counts of plain memberships: what `unread_count!` gives where no window of visible
//! messages but the last one has unread messages, and none of them is the user's own.

/// A condition: the count of the current member `m` of conversation `c` is plain. With
/// `since_join`, unread messages of earlier membership periods are before the last time the user
/// has joined.
macro_rules! has_plain_unread {
    () => {
        "(m.read_seq >= c.head_seq
          OR m.own_seq <= greatest(m.read_seq, m.cleared_seq)
             AND (c.history = 'all' OR m.read_seq >= m.joined_seq))"
    };
}

/// An expression: the number of unread messages for a current member `m` of conversation `c` whose
/// count is plain. Without control messages, every message is countable, and its seq is the number
/// of countable messages up to it.
macro_rules! plain_unread_count {
    () => {
        "CASE WHEN greatest(m.read_seq, m.cleared_seq) >= c.head_seq THEN 0
              ELSE c.countable
                   - CASE WHEN c.countable = c.head_seq THEN greatest(m.read_seq, m.cleared_seq)
                          ELSE coalesce((
                              SELECT o.ordinal FROM read.messages o
                              WHERE o.conversation = m.conversation
                                AND o.seq = greatest(m.read_seq, m.cleared_seq)), 0) END
                   - (SELECT count(*) FROM read.messages o
                      WHERE o.recalled AND o.conversation = m.conversation
                        AND o.seq > greatest(m.read_seq, m.cleared_seq) AND o.seq <= c.head_seq
                        AND o.sender <> m.user_id AND o.type <> 'control') END"
    };
}

/// An expression: how many of those messages mention the caller, whose name is `$1`, for a row `p`
/// that has the columns of both.
macro_rules! plain_mention_count {
    () => {
        "(SELECT count(*) FROM read.messages o
          WHERE o.conversation = p.conversation
            AND o.seq > greatest(p.read_seq, p.cleared_seq) AND o.seq <= p.head_seq
            AND o.mentions IS NOT NULL AND NOT o.recalled AND o.type <> 'control'
            AND o.sender <> p.user_id AND o.mentions::jsonb ? $1)"
    };
}

pub(crate) use {has_plain_unread, plain_mention_count, plain_unread_count};
