//! Reads the epochs of the log, which identify its positions.

use domain::envelope::Envelope;
use domain::history::{Epoch, EpochTag, History};
use sqlx::PgConnection;

/// Reads all epochs.
pub(crate) async fn load_history(connection: &mut PgConnection) -> Result<History, sqlx::Error> {
    load_covering(connection, 0, i64::MAX).await
}

/// Sets the tags of events, which are in position order and were read from the same session.
pub(crate) async fn tag_events(
    connection: &mut PgConnection,
    events: &mut [Envelope],
) -> Result<(), sqlx::Error> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(());
    };
    let history = load_covering(connection, first.position, last.position).await?;
    for event in events {
        event.tag = Some(history.tag_at(event.position));
    }
    Ok(())
}

/// An SQL condition: the log of the database has the event at `$position`, in the epoch with the
/// tag `$tag`, or the tag is null. Both are SQL expressions. A read model that is written to the
/// same database as the log checks this in its own transaction.
#[macro_export]
macro_rules! has_cursor_sql {
    ($position:literal, $tag:literal) => {
        concat!(
            "(SELECT c.tag IS NULL OR h.position >= c.position AND c.tag = (
                  SELECT e.tag FROM log.epochs e WHERE e.begins_after < c.position
                   ORDER BY e.begins_after DESC LIMIT 1)
                FROM log.head h, (SELECT ",
            $position,
            "::bigint, ",
            $tag,
            "::integer) AS c (position, tag))"
        )
    };
}

/// Reads the epochs that cover the positions from `first` to `last`.
async fn load_covering(
    connection: &mut PgConnection,
    first: i64,
    last: i64,
) -> Result<History, sqlx::Error> {
    let rows: Vec<(i64, i32)> = sqlx::query_as(
        "SELECT begins_after, tag FROM log.epochs
          WHERE begins_after < $2
            AND begins_after >= (SELECT coalesce(max(e.begins_after), 0) FROM log.epochs e
                                  WHERE e.begins_after < $1)
          ORDER BY begins_after",
    )
    .bind(first)
    .bind(last)
    .fetch_all(connection)
    .await?;
    let epochs = rows.into_iter().map(|(after, tag)| Epoch {
        after,
        tag: EpochTag::from_sql(tag),
    });
    History::from_epochs(epochs.collect())
        .ok_or_else(|| sqlx::Error::Decode("log.epochs has no row".into()))
}
