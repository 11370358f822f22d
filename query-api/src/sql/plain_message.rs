//! The columns of a message in the statements for plain cases.

/// The columns of `message_columns!` for a message `g` without a thread, whose sender is joined as
/// `sender`, and whose body has at most `$max_bytes`. `$reactions` is the expression of its
/// reactions.
macro_rules! plain_message_columns {
    ($conversation:literal, $reactions:expr, $caller:literal, $max_bytes:literal) => {
        concat!(
            $conversation,
            " AS conversation_name, g.seq AS message_seq, g.position AS message_position,
            sender.name AS sender_name, g.type AS message_type,
            CASE WHEN NOT g.recalled AND octet_length(g.body) <= ",
            $max_bytes,
            " THEN g.body END AS body, g.reply_to, g.thread, g.mentions, g.sent_at, g.edited_at,
            g.recalled, CASE WHEN g.sender = ",
            $caller,
            " THEN g.client_message_id END AS client_message_id, ",
            $reactions,
            " AS reactions, NULL::text AS replies"
        )
    };
}

pub(crate) use plain_message_columns;
