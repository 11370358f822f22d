//! The rule for who is notified of a message, in SQL.

/// An SQL condition: the user `u`, as the member `m` of the conversation `c`, is notified of the
/// message `g`. The message counts as unread for the user; the user has neither muted nor archived
/// the conversation, unless the message mentions the user, who wants to be notified of mentions;
/// and the user has not blocked its sender.
macro_rules! is_notified {
    () => {
        concat!(
            "m.present AND g.seq > m.read_seq AND g.sender <> m.user_id AND NOT g.recalled
             AND g.type <> 'control'
             AND (NOT (m.muted OR m.archived)
                  OR (m.mentions AND g.mentions IS NOT NULL AND g.mentions::jsonb ? u.name))
             AND NOT EXISTS (SELECT FROM read.blocks b
                             WHERE b.user_id = m.user_id AND b.blocked = g.sender)
             AND ",
            read_model::can_see!("m", "c", "g.seq")
        )
    };
}

pub(crate) use is_notified;
