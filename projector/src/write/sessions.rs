//! Writes `desks`, `service_sessions`, `session_steps` and `session_texts`.

use domain::desk::settings::DeskSettings;
use domain::desk::texts::Greeting;
use domain::ids::{DeskId, UserId};
use domain::session_id::SessionId;
use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use crate::session_rows::{
    DeskChange, OpenedSession, SessionChange, SessionRows, SessionState, SessionTextRow, StepRow,
};

/// Writes the changed rows and the new ones.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &SessionRows,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    write_desks(connection, rows).await?;
    insert_sessions(connection, rows).await?;
    update_sessions(connection, rows).await?;
    insert_steps(connection, &rows.steps).await?;
    insert_texts(connection, &rows.texts).await
}

async fn write_desks(connection: &mut PgConnection, rows: &SessionRows) -> Result<(), sqlx::Error> {
    let (mut set, mut removed, mut touched) = (Vec::new(), Vec::new(), Vec::new());
    for (id, change) in &rows.desks {
        match &change.settings {
            Some(Some((settings, position))) => set.push((id, change, settings, *position)),
            Some(None) => removed.push(id.as_str()),
            None => touched.push((id.as_str(), change.changed)),
        }
    }
    upsert_desks(connection, &set).await?;
    if !removed.is_empty() {
        sqlx::query("DELETE FROM desks WHERE id = ANY($1)")
            .bind(&removed)
            .execute(&mut *connection)
            .await?;
    }
    if !touched.is_empty() {
        sqlx::query(
            "UPDATE desks d SET changed = n.changed \
             FROM unnest($1::text[], $2::bigint[]) AS n(id, changed) WHERE d.id = n.id",
        )
        .bind(column_values(&touched, |(id, _)| *id))
        .bind(column_values(&touched, |(_, changed)| *changed))
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// The id, the change, the settings and the position of their event.
type SetDesk<'a> = (&'a DeskId, &'a DeskChange, &'a DeskSettings, i64);

async fn upsert_desks(
    connection: &mut PgConnection,
    set: &[SetDesk<'_>],
) -> Result<(), sqlx::Error> {
    if set.is_empty() {
        return Ok(());
    }
    let mut agents = Vec::with_capacity(set.len());
    for (_, _, settings, _) in set {
        let json = serde_json::to_string(&settings.agents);
        agents.push(json.map_err(|error| sqlx::Error::Encode(error.into()))?);
    }
    sqlx::query(
        "INSERT INTO desks (id, title, agents, routing, max_open, idle_close, reply_target, \
         greeting, reminders, position, changed) \
         SELECT id, title, agents::jsonb, routing, max_open, idle_close, reply_target, greeting, \
         reminders, position, changed \
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], \
         $7::text[], $8::text[], $9::boolean[], $10::bigint[], $11::bigint[]) \
         AS n(id, title, agents, routing, max_open, idle_close, reply_target, greeting, reminders, \
         position, changed) \
         ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title, agents = EXCLUDED.agents, \
         routing = EXCLUDED.routing, max_open = EXCLUDED.max_open, \
         idle_close = EXCLUDED.idle_close, reply_target = EXCLUDED.reply_target, \
         greeting = EXCLUDED.greeting, reminders = EXCLUDED.reminders, \
         position = EXCLUDED.position, changed = EXCLUDED.changed",
    )
    .bind(column_values(set, |(id, ..)| id.as_str()))
    .bind(column_values(set, |(_, _, settings, _)| {
        settings.title.as_str()
    }))
    .bind(&agents)
    .bind(column_values(set, |(_, _, settings, _)| {
        settings.routing.as_str()
    }))
    .bind(column_values(set, |(_, _, settings, _)| {
        i32::try_from(settings.max_open).unwrap_or(i32::MAX)
    }))
    .bind(column_values(set, |(_, _, settings, _)| {
        settings.idle_close.to_string()
    }))
    .bind(column_values(set, |(_, _, settings, _)| {
        settings.reply_target.to_string()
    }))
    .bind(column_values(set, |(_, _, settings, _)| {
        settings.greeting.as_ref().map(Greeting::as_str)
    }))
    .bind(column_values(set, |(_, _, settings, _)| settings.reminders))
    .bind(column_values(set, |(_, _, _, position)| *position))
    .bind(column_values(set, |(_, change, ..)| change.changed))
    .execute(connection)
    .await?;
    Ok(())
}

/// A new session: where it is and how it was opened.
struct NewSession<'a> {
    id: &'a SessionId,
    opened: &'a OpenedSession,
    desk: &'a str,
    conversation: i64,
}

fn to_new_session<'a>((id, change): (&'a SessionId, &'a SessionChange)) -> Option<NewSession<'a>> {
    Some(NewSession {
        id,
        opened: change.opened.as_ref()?,
        desk: change.desk.as_ref()?.as_str(),
        conversation: change.conversation?,
    })
}

async fn insert_sessions(
    connection: &mut PgConnection,
    rows: &SessionRows,
) -> Result<(), sqlx::Error> {
    let new: Vec<NewSession<'_>> = rows.changes.iter().filter_map(to_new_session).collect();
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO service_sessions (id, desk, conversation, customer, state, opened_position, \
         opened_at, reply_target_ms, tags) \
         SELECT id, desk, conversation, customer, 'waiting', position, at, target, '[]' \
         FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], \
         $6::timestamptz[], $7::bigint[]) \
         AS n(id, desk, conversation, customer, position, at, target)",
    )
    .bind(column_values(&new, |row| row.id.to_string()))
    .bind(column_values(&new, |row| row.desk))
    .bind(column_values(&new, |row| row.conversation))
    .bind(column_values(&new, |row| row.opened.customer.as_str()))
    .bind(column_values(&new, |row| row.opened.position))
    .bind(column_values(&new, |row| to_sql_time(row.opened.at)))
    .bind(column_values(&new, |row| row.opened.reply_target_ms))
    .execute(connection)
    .await?;
    Ok(())
}

async fn update_sessions(
    connection: &mut PgConnection,
    rows: &SessionRows,
) -> Result<(), sqlx::Error> {
    if rows.changes.is_empty() {
        return Ok(());
    }
    let changes = &rows.changes;
    sqlx::query(
        "UPDATE service_sessions x SET desk = coalesce(n.desk, x.desk), \
         conversation = coalesce(n.conversation, x.conversation), \
         agent = CASE WHEN n.has_agent THEN n.agent ELSE x.agent END, \
         state = coalesce(n.state, x.state), \
         accepted_at = coalesce(x.accepted_at, n.accepted_at), \
         closed_at = coalesce(n.closed_at, x.closed_at), \
         closed_by = coalesce(n.closed_by, x.closed_by), \
         rating = coalesce(n.rating, x.rating), tags = coalesce(n.tags, x.tags) \
         FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::text[], \
         $7::timestamptz[], $8::timestamptz[], $9::text[], $10::smallint[], $11::text[]) \
         AS n(id, desk, conversation, has_agent, agent, state, accepted_at, closed_at, closed_by, \
         rating, tags) WHERE x.id = n.id",
    )
    .bind(column_values(changes.keys(), ToString::to_string))
    .bind(column_values(changes.values(), |change| {
        change.desk.as_ref().map(DeskId::as_str)
    }))
    .bind(column_values(changes.values(), |change| {
        change.conversation
    }))
    .bind(column_values(changes.values(), |change| {
        change.agent.is_some()
    }))
    .bind(column_values(changes.values(), |change| {
        change
            .agent
            .as_ref()
            .and_then(Option::as_ref)
            .map(UserId::as_str)
    }))
    .bind(column_values(changes.values(), |change| {
        change.state.map(SessionState::as_str)
    }))
    .bind(column_values(changes.values(), |change| {
        change.accepted_at.map(to_sql_time)
    }))
    .bind(column_values(changes.values(), |change| {
        change.closed.as_ref().map(|(at, _)| to_sql_time(*at))
    }))
    .bind(column_values(changes.values(), |change| {
        change.closed.as_ref().map(|(_, by)| by.as_str())
    }))
    .bind(column_values(changes.values(), |change| {
        change.rating.map(i16::from)
    }))
    .bind(column_values(changes.values(), |change| {
        change.tags.as_deref()
    }))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_steps(connection: &mut PgConnection, steps: &[StepRow]) -> Result<(), sqlx::Error> {
    if steps.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO session_steps (session, position, cause, desk, conversation, agent, at, \
         after_seq) \
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], \
         $6::text[], $7::timestamptz[], $8::bigint[])",
    )
    .bind(column_values(steps, |step| step.session.to_string()))
    .bind(column_values(steps, |step| step.position))
    .bind(column_values(steps, |step| step.cause))
    .bind(column_values(steps, |step| step.desk.as_str()))
    .bind(column_values(steps, |step| step.conversation))
    .bind(column_values(steps, |step| {
        step.agent.as_ref().map(UserId::as_str)
    }))
    .bind(column_values(steps, |step| to_sql_time(step.at)))
    .bind(column_values(steps, |step| step.after_seq))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_texts(
    connection: &mut PgConnection,
    texts: &[SessionTextRow],
) -> Result<(), sqlx::Error> {
    if texts.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO session_texts (session, position, conversation, kind, at, by, text) \
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], \
         $5::timestamptz[], $6::text[], $7::text[])",
    )
    .bind(column_values(texts, |row| row.session.to_string()))
    .bind(column_values(texts, |row| row.position))
    .bind(column_values(texts, |row| row.conversation))
    .bind(column_values(texts, |row| row.kind))
    .bind(column_values(texts, |row| to_sql_time(row.at)))
    .bind(column_values(texts, |row| row.by.as_str()))
    .bind(column_values(texts, |row| row.text.as_deref()))
    .execute(connection)
    .await?;
    Ok(())
}
