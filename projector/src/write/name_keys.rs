//! Writes `name_keys`, by which people are searched: the folded id of every user, and the folded
//! display name from each of its words on.

use search::people::name_keys;
use sqlx::PgConnection;

use super::columns::column_values;

/// How many users [`add_missing`] reads at a time.
const PAGE: i64 = 5_000;

/// The names of a user.
pub(super) struct NamedUser<'a> {
    pub id: i64,
    pub name: &'a str,
    pub display_name: Option<&'a str>,
}

/// Inserts the keys of these users.
pub(super) async fn insert<'a>(
    connection: &mut PgConnection,
    users: impl Iterator<Item = NamedUser<'a>>,
) -> Result<(), sqlx::Error> {
    let mut keys: Vec<(i64, String)> = Vec::new();
    for user in users {
        let names = name_keys(user.name, user.display_name);
        keys.extend(names.into_iter().map(|key| (user.id, key)));
    }
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO name_keys (user_id, key) SELECT * FROM unnest($1::bigint[], $2::text[]) \
         ON CONFLICT DO NOTHING",
    )
    .bind(column_values(&keys, |(user, _)| *user))
    .bind(column_values(&keys, |(_, key)| key.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces the keys of these users.
pub(super) async fn replace(
    connection: &mut PgConnection,
    users: &[NamedUser<'_>],
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM name_keys WHERE user_id = ANY($1)")
        .bind(column_values(users, |user| user.id))
        .execute(&mut *connection)
        .await?;
    let all = users.iter().map(|user| NamedUser { ..*user });
    insert(connection, all).await
}

/// Adds the keys of users whom an older release has written. Text cannot be folded in SQL, so no
/// migration does it.
pub(crate) async fn add_missing(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut after = 0;
    loop {
        let users: Vec<(i64, String)> = sqlx::query_as(
            "SELECT u.id, u.name FROM users u WHERE u.id > $1
             AND NOT EXISTS (SELECT FROM name_keys k WHERE k.user_id = u.id) ORDER BY u.id LIMIT $2",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        let Some((last, _)) = users.last() else {
            return Ok(());
        };
        after = *last;
        let named = users.iter().map(|(id, name)| NamedUser {
            id: *id,
            name,
            display_name: None,
        });
        insert(connection, named).await?;
    }
}
