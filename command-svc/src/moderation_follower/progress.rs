//! How far moderation has followed the log, and the offences that it remembers.

use std::collections::HashMap;

use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use domain::history::{EpochTag, History, LogCursor};
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use moderation::flood::{FloodOffence, FloodSilence};
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, PgConnection};

/// A row of `moderation.flood_offences`.
#[derive(sqlx::FromRow)]
struct OffenceRow {
    sender: String,
    conversation: String,
    position: i64,
    at: OffsetDateTime,
    seq: i64,
    silenced_from: Option<OffsetDateTime>,
    silenced_until: Option<OffsetDateTime>,
}

/// Where to go on. `None` at the beginning of the log.
pub(super) async fn load_cursor(
    connection: &mut PgConnection,
) -> Result<Option<LogCursor>, sqlx::Error> {
    let load = sqlx::query_as("SELECT position, tag FROM moderation.progress");
    let (position, tag): (i64, Option<i32>) =
        within(EXCHANGE_TIMEOUT, load.fetch_one(connection)).await?;
    Ok(tag.map(|tag| LogCursor {
        position,
        tag: EpochTag::from_sql(tag),
    }))
}

/// Loads the offences that still make a difference.
pub(super) async fn load_offences(
    connection: &mut PgConnection,
) -> Result<Vec<FloodOffence>, sqlx::Error> {
    let load = sqlx::query_as(
        "SELECT sender, conversation, position, at, seq, silenced_from, silenced_until \
         FROM moderation.flood_offences ORDER BY position",
    );
    let rows: Vec<OffenceRow> = within(EXCHANGE_TIMEOUT, load.fetch_all(connection)).await?;
    Ok(rows
        .into_iter()
        .filter_map(OffenceRow::into_offence)
        .collect())
}

impl OffenceRow {
    /// `None` for ids that are none: nothing writes them.
    fn into_offence(self) -> Option<FloodOffence> {
        let conversation = match self.conversation.as_str() {
            "" => None,
            id => Some(ConversationId::parse(id).ok()?),
        };
        let silence = self.silenced_from.zip(self.silenced_until);
        Some(FloodOffence {
            position: self.position,
            at: self.at.into(),
            sender: UserId::parse(&self.sender).ok()?,
            conversation,
            seq: self.seq,
            silence: silence.map(|(from, until)| FloodSilence {
                from: from.into(),
                until: until.into(),
            }),
        })
    }
}

/// Goes back to the last position that the log has in common with a cursor. Returns where to go on.
pub(super) async fn rewind(
    connection: &mut PgConnection,
    lost: LogCursor,
    history: &History,
    head: i64,
) -> Result<Option<LogCursor>, sqlx::Error> {
    let common = history.last_common_position(lost).unwrap_or(0).min(head);
    let cursor = (common > 0).then(|| history.cursor_at(common));
    within(EXCHANGE_TIMEOUT, async {
        let mut transaction = connection.begin().await?;
        sqlx::query("DELETE FROM moderation.flood_offences WHERE position > $1")
            .bind(common)
            .execute(&mut *transaction)
            .await?;
        move_to(&mut transaction, cursor).await?;
        transaction.commit().await
    })
    .await?;
    Ok(cursor)
}

/// Stores that everything up to a cursor is done, and the offences since the last time. Those
/// before `first_offence` are forgotten.
pub(super) async fn store(
    connection: &mut PgConnection,
    cursor: Option<LogCursor>,
    offences: &[FloodOffence],
    first_offence: Option<i64>,
) -> Result<(), sqlx::Error> {
    within(EXCHANGE_TIMEOUT, async {
        if offences.is_empty() {
            return move_to(connection, cursor).await;
        }
        let mut transaction = connection.begin().await?;
        store_offences(&mut transaction, offences).await?;
        sqlx::query("DELETE FROM moderation.flood_offences WHERE position < $1")
            .bind(first_offence)
            .execute(&mut *transaction)
            .await?;
        move_to(&mut transaction, cursor).await?;
        transaction.commit().await
    })
    .await
}

async fn move_to(
    connection: &mut PgConnection,
    cursor: Option<LogCursor>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE moderation.progress SET position = $1, tag = $2")
        .bind(cursor.map_or(0, |cursor| cursor.position))
        .bind(cursor.map(|cursor| cursor.tag.to_sql()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn store_offences(
    connection: &mut PgConnection,
    offences: &[FloodOffence],
) -> Result<(), sqlx::Error> {
    // The last one of each series counts.
    let series: HashMap<_, _> = offences
        .iter()
        .map(|offence| ((&offence.sender, &offence.conversation), offence))
        .collect();
    let offences: Vec<&FloodOffence> = series.into_values().collect();
    let time = |at: Timestamp| OffsetDateTime::from(at);
    let senders: Vec<&str> = offences.iter().map(|each| each.sender.as_str()).collect();
    let conversations: Vec<&str> = offences
        .iter()
        .map(|each| {
            each.conversation
                .as_ref()
                .map_or("", ConversationId::as_str)
        })
        .collect();
    let positions: Vec<i64> = offences.iter().map(|each| each.position).collect();
    let times: Vec<_> = offences.iter().map(|each| time(each.at)).collect();
    let seqs: Vec<i64> = offences.iter().map(|each| each.seq).collect();
    let silences = || offences.iter().map(|each| each.silence);
    let froms: Vec<_> = silences()
        .map(|silence| silence.map(|known| time(known.from)))
        .collect();
    let untils: Vec<_> = silences()
        .map(|silence| silence.map(|known| time(known.until)))
        .collect();
    sqlx::query(
        "INSERT INTO moderation.flood_offences \
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::bigint[], \
                              $6::timestamptz[], $7::timestamptz[]) \
         ON CONFLICT (sender, conversation) DO UPDATE SET position = EXCLUDED.position, \
             at = EXCLUDED.at, seq = EXCLUDED.seq, silenced_from = EXCLUDED.silenced_from, \
             silenced_until = EXCLUDED.silenced_until",
    )
    .bind(senders)
    .bind(conversations)
    .bind(positions)
    .bind(times)
    .bind(seqs)
    .bind(froms)
    .bind(untils)
    .execute(connection)
    .await?;
    Ok(())
}
