//! Who is to be told of a message, in SQL.

/// A condition: the user `u`, as the member `m` of the conversation `c`, is to be told of the message `g`. It
/// counts as unread for them; they have neither muted nor archived the conversation, unless it mentions them
/// and they want to know; and they have not blocked its sender.
macro_rules! concerns {
    () => {
        concat!(
            "m.present AND g.seq > m.read_seq AND g.sender <> m.user_id AND NOT g.recalled
             AND g.type <> 'control'
             AND (NOT (m.muted OR m.archived)
                  OR (m.mentions AND g.mentions IS NOT NULL AND g.mentions::jsonb ? u.name))
             AND NOT EXISTS (SELECT FROM read.blocks b
                             WHERE b.user_id = m.user_id AND b.blocked = g.sender)
             AND ",
            read_model::sees!("m", "c", "g.seq")
        )
    };
}

pub(super) use concerns;
