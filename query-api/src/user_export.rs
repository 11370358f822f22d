//! The export of all data about one user, for example on request of that user: JSON lines, each
//! with its `kind`.
//!
//! It is a command of operators and no endpoint, and uses nothing else of this crate. It is here
//! because it reads almost every table of `read.*`: a column that is added for a query is added to
//! the export in the same crate.
//!
//! It contains the messages and reactions of the user, their profile and settings, devices,
//! contacts and invitations, what they have reported, their files, their service sessions and what
//! they wrote about sessions, and their current and former memberships. Messages of others that
//! mention the user are only referenced. What the user has cleared from their own view is left out.
//!
//! `output`: where the lines go. `files`: the files of the user.

mod error;
mod files;
mod output;

pub use error::UserExportError;
pub use files::{ExportedFile, list_files, write_files};
pub use output::ExportOutput;

use futures::TryStreamExt as _;
use sqlx::{Connection as _, PgConnection, PgPool};

/// The statements, in output order. Each binds the user's id.
const STATEMENTS: [&str; 18] = [
    "SELECT json_build_object('kind', 'user', 'id', u.name, 'position', k.position)::text
     FROM read.users u CROSS JOIN read.checkpoint k WHERE u.id = $1",
    "SELECT json_build_object('kind', 'profile', 'display_name', f.display_name, 'avatar', f.avatar,
            'about', f.about, 'locale', f.locale, 'custom', f.custom::json, 'direct_from', f.direct_from,
            'groups_from', f.groups_from, 'groups_from_chosen', f.groups_from_chosen,
            'read_receipts', f.read_receipts, 'last_seen', f.last_seen,
            'quiet_hours', f.quiet_hours::json)::text
     FROM read.profiles f WHERE f.user_id = $1",
    "SELECT json_build_object('kind', 'conversation', 'id', c.name, 'type', c.kind, 'title', c.title,
            'is_member', m.present, 'role', m.role, 'joined_at', m.joined_at, 'read_seq', m.read_seq,
            'muted', m.muted, 'pinned', m.pinned, 'archived', m.archived, 'mentions', m.mentions,
            'cleared_seq', m.cleared_seq,
            'stays', (SELECT json_agg(json_build_object('from_position', s.from_position,
                                                        'to_position', s.to_position) ORDER BY s.from_position)
                      FROM read.stays s WHERE s.conversation = m.conversation AND s.user_id = m.user_id))::text
     FROM read.members m JOIN read.conversations c ON c.id = m.conversation WHERE m.user_id = $1 ORDER BY c.id",
    "SELECT json_build_object('kind', 'message', 'conversation_id', c.name, 'seq', g.seq, 'position', g.position,
            'sent_at', g.sent_at, 'type', g.type, 'body', g.body::json, 'reply_to', g.reply_to,
            'mentions', g.mentions::json, 'edited_at', g.edited_at, 'recalled', g.recalled,
            'client_message_id', g.client_message_id, 'thread', g.thread,
            'original', g.original::json,
            'versions', (SELECT json_agg(json_build_object('at', v.at, 'body', v.body::json) ORDER BY v.position)
                         FROM read.versions v WHERE v.conversation = g.conversation AND v.seq = g.seq))::text
     FROM read.messages g JOIN read.conversations c ON c.id = g.conversation
     LEFT JOIN read.members m ON m.conversation = g.conversation AND m.user_id = $1
     WHERE g.sender = $1 AND g.seq > coalesce(m.cleared_seq, 0)
     ORDER BY g.conversation, g.position",
    "SELECT json_build_object('kind', 'reaction', 'conversation_id', c.name, 'seq', r.seq, 'key', r.key,
            'position', r.position)::text
     FROM read.reactions r JOIN read.conversations c ON c.id = r.conversation
     LEFT JOIN read.members m ON m.conversation = r.conversation AND m.user_id = $1
     WHERE r.user_id = $1 AND r.seq > coalesce(m.cleared_seq, 0)
     ORDER BY r.position",
    "SELECT json_build_object('kind', 'mention', 'conversation_id', c.name, 'seq', g.seq)::text
     FROM read.members m JOIN read.messages g ON g.conversation = m.conversation AND g.mentions IS NOT NULL
         AND g.seq > m.cleared_seq
     JOIN read.conversations c ON c.id = m.conversation
     JOIN read.users u ON u.id = m.user_id
     WHERE m.user_id = $1 AND g.mentions::jsonb ? u.name ORDER BY g.position",
    "SELECT json_build_object('kind', 'device', 'id', d.device, 'cursor', d.cursor, 'acked_at', d.acked_at)::text
     FROM read.devices d WHERE d.user_id = $1 ORDER BY d.device",
    "SELECT json_build_object('kind', 'push', 'device', p.device, 'provider', p.provider, 'preview', p.preview,
            'registered_at', p.at)::text
     FROM read.push_devices p WHERE p.user_id = $1 ORDER BY p.device",
    "SELECT json_build_object('kind', 'block', 'user', u.name)::text
     FROM read.blocks b JOIN read.users u ON u.id = b.blocked WHERE b.user_id = $1 ORDER BY u.name",
    "SELECT json_build_object('kind', 'contact', 'user', u.name, 'state', x.state, 'note', x.note,
            'since', x.at)::text
     FROM read.contacts x JOIN read.users u ON u.id = x.other WHERE x.user_id = $1 AND NOT x.hidden
     ORDER BY u.name",
    "SELECT json_build_object('kind', 'invitation', 'conversation_id', c.name, 'by', u.name, 'at', i.at)::text
     FROM read.invitations i JOIN read.conversations c ON c.id = i.conversation
     JOIN read.users u ON u.id = i.by WHERE i.user_id = $1 AND NOT EXISTS (
         SELECT FROM read.blocks b WHERE b.user_id = i.user_id AND b.blocked = i.by)
     ORDER BY i.position",
    "SELECT json_build_object('kind', 'thread', 'conversation_id', c.name, 'root', k.root, 'position', k.position,
            'followed', k.followed, 'read_seq', k.read_seq)::text
     FROM read.thread_marks k JOIN read.conversations c ON c.id = k.conversation WHERE k.user_id = $1
     ORDER BY k.position",
    "SELECT json_build_object('kind', 'scheduled', 'conversation_id', c.name, 'scheduled_id', 's' || s.number,
            'type', s.type, 'body', s.body::json, 'reply_to', s.reply_to, 'thread', s.thread,
            'mentions', s.mentions::json, 'send_at', s.send_at, 'code', s.code,
            'client_message_id', s.client_message_id)::text
     FROM read.scheduled s JOIN read.conversations c ON c.id = s.conversation WHERE s.user_id = $1
     ORDER BY s.number",
    "SELECT json_build_object('kind', 'report', 'case_id', a.case_id, 'target', x.target::json,
            'at', a.at, 'position', a.position, 'reason', a.data::json -> 'reason', 'note', a.note)::text
     FROM read.users u
     JOIN read.case_acts a ON a.type = 'report_filed' AND a.by = u.name
     JOIN read.cases x ON x.id = a.case_id WHERE u.id = $1 ORDER BY a.position",
    "SELECT json_build_object('kind', 'held', 'conversation_id', c.name, 'held_id', 'h' || h.number,
            'type', h.type, 'body', h.body::json, 'reply_to', h.reply_to, 'thread', h.thread,
            'mentions', h.mentions::json, 'at', h.at, 'client_message_id', h.client_message_id)::text
     FROM read.held h JOIN read.conversations c ON c.id = h.conversation WHERE h.user_id = $1
     ORDER BY h.number",
    "SELECT json_build_object('kind', 'file', 'id', f.id, 'position', f.position, 'name', f.name, 'type', f.type,
            'declared_type', f.declared_type, 'size', f.size, 'sha256', f.sha256, 'width', f.width,
            'height', f.height, 'reserved_at', f.reserved_at, 'stored_at', f.stored_at)::text
     FROM read.users u JOIN read.files f ON f.uploader = u.name WHERE u.id = $1 ORDER BY f.position",
    "SELECT json_build_object('kind', 'service_session', 'session_id', x.id, 'desk', x.desk,
            'conversation_id', c.name, 'state', x.state, 'agent', x.agent, 'opened_at', x.opened_at,
            'accepted_at', x.accepted_at, 'closed_at', x.closed_at, 'rating', x.rating)::text
     FROM read.users u JOIN read.service_sessions x ON x.customer = u.name
     JOIN read.conversations c ON c.id = x.conversation WHERE u.id = $1 ORDER BY x.opened_position",
    "SELECT json_build_object('kind', 'session_text', 'session_id', r.session, 'type', r.kind,
            'at', r.at, 'position', r.position, 'text', r.text)::text
     FROM read.users u JOIN read.session_texts r ON r.by = u.name AND r.text IS NOT NULL
     WHERE u.id = $1 ORDER BY r.position",
];

/// Passes every line to `write`, all from one snapshot, and returns the number of lines: 0 for an
/// unknown user.
pub async fn export_user(
    pool: &PgPool,
    user: &str,
    mut write: impl FnMut(&str) -> std::io::Result<()>,
) -> Result<u64, UserExportError> {
    let mut connection = pool.acquire().await?;
    let mut snapshot = connection.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *snapshot)
        .await?;
    let id: Option<i64> = sqlx::query_scalar("SELECT u.id FROM read.users u WHERE u.name = $1")
        .bind(user)
        .fetch_optional(&mut *snapshot)
        .await?;
    let mut lines = 0;
    if let Some(id) = id {
        for statement in STATEMENTS {
            lines += write_lines(&mut snapshot, statement, id, &mut write).await?;
        }
    }
    snapshot.rollback().await?;
    Ok(lines)
}

/// The JSON without the spaces that Postgres writes between its parts.
fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let (mut is_text, mut is_escaped) = (false, false);
    for char in json.chars() {
        if is_text || !char.is_ascii_whitespace() {
            compact.push(char);
        }
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_text = !is_text,
            _ => {}
        }
    }
    compact
}

async fn write_lines(
    snapshot: &mut PgConnection,
    statement: &str,
    id: i64,
    write: &mut impl FnMut(&str) -> std::io::Result<()>,
) -> Result<u64, UserExportError> {
    let mut rows = sqlx::query_scalar::<_, String>(statement)
        .bind(id)
        .fetch(snapshot);
    let mut lines = 0;
    while let Some(line) = rows.try_next().await? {
        write(&compact(&line))?;
        lines += 1;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn only_the_spaces_between_parts_are_removed() {
        assert_eq!(
            compact(r#"{"kind" : "message", "body" : {"text": "a \" : b\\"}, "n" : [1,  2]}"#),
            r#"{"kind":"message","body":{"text":"a \" : b\\"},"n":[1,2]}"#
        );
    }
}
