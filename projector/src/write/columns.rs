//! Rows as columns: a statement gets one array per column, whatever the number of rows.

use domain::time::Timestamp;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::types::time::OffsetDateTime;

pub(super) type PgQuery<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

/// Collects one column of many rows, to bind it as an array.
pub(super) fn column_values<'a, R: 'a, T>(
    rows: impl IntoIterator<Item = &'a R>,
    value: impl Fn(&'a R) -> T,
) -> Vec<T> {
    rows.into_iter().map(value).collect()
}

/// Sorts rows by key: writing neighbouring rows together is several times as fast as writing them
/// in random order.
pub(super) fn sort_rows<T, K: Ord>(rows: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort_unstable_by_key(key);
    rows
}

pub(super) fn to_sql_time(time: Timestamp) -> OffsetDateTime {
    time.into()
}
