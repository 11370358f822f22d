//! The schema that the migrations produce, on an empty database and on one that an older release
//! has filled.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::path::Path;

use migrations::MIGRATOR;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use test_database::TestDatabase;

/// The expected schema, one object per line.
const EXPECTED: &str = include_str!("schema.txt");

/// Set this variable to rewrite `schema.txt` after an intended change.
const UPDATE_VARIABLE: &str = "UPDATE_SCHEMA";

/// One line per column, constraint, index, view and sequence of the program's schemas.
const DESCRIBE_SQL: &str = "
    WITH relations AS (
        SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind, c.reloptions
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('log', 'read', 'hooks', 'presence', 'accounts', 'secrets', 'moderation', 'audit',
                            'jobs', 'push', 'analytics')
           OR (n.nspname = 'public' AND c.relkind = 'v')
    ), lines AS (
        SELECT name || ': ' || CASE relkind WHEN 'r' THEN 'table' ELSE 'view' END
               || coalesce(' ' || reloptions::text, '') AS line
        FROM relations WHERE relkind IN ('r', 'v')
        UNION ALL
        SELECT r.name || '.' || a.attname || ': ' || format_type(a.atttypid, a.atttypmod)
               || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
               || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
               || CASE a.attidentity WHEN '' THEN '' ELSE ' identity ' || a.attidentity::text END
        FROM relations r
        JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
        WHERE r.relkind IN ('r', 'v')
        UNION ALL
        SELECT r.name || ' constraint ' || c.conname || ': ' || pg_get_constraintdef(c.oid)
        FROM relations r JOIN pg_constraint c ON c.conrelid = r.oid
        WHERE c.contype <> 'n'
        UNION ALL
        SELECT r.name || ' index: ' || pg_get_indexdef(i.indexrelid)
        FROM relations r JOIN pg_index i ON i.indrelid = r.oid
    )
    SELECT line FROM lines ORDER BY line COLLATE \"C\"";

async fn describe(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(DESCRIBE_SQL)
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn execute(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(sql)
        .execute(pool)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The migrations up to a version, as an older release had them.
fn migrations_up_to(version: i64) -> Migrator {
    let older = MIGRATOR
        .iter()
        .filter(|migration| migration.version <= version);
    Migrator {
        migrations: older.cloned().collect::<Vec<_>>().into(),
        ..Migrator::DEFAULT
    }
}

#[tokio::test]
async fn the_migrations_create_the_expected_schema() {
    let database = TestDatabase::migrated("migrations").await;
    let described = describe(&database.pool).await;
    if std::env::var_os(UPDATE_VARIABLE).is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema.txt");
        std::fs::write(path, described.join("\n") + "\n").unwrap();
        return;
    }
    let expected: Vec<&str> = EXPECTED.lines().collect();
    let missing: Vec<_> = expected
        .iter()
        .filter(|line| !described.iter().any(|found| found == **line))
        .collect();
    let unexpected: Vec<_> = described
        .iter()
        .filter(|line| !expected.contains(&line.as_str()))
        .collect();
    assert!(
        missing.is_empty() && unexpected.is_empty(),
        "missing: {missing:#?}\nunexpected: {unexpected:#?}\nIf this is intended, run the test with \
         {UPDATE_VARIABLE}=1."
    );
    assert_eq!(described, expected, "in another order");
    database.close().await;
}

#[tokio::test]
async fn every_migration_is_applied_once() {
    let database = TestDatabase::empty("migrations").await;
    // Services of several processes migrate the same database when they start.
    let (first, second, third) = tokio::join!(
        migrations::apply(&database.pool),
        migrations::apply(&database.pool),
        migrations::apply(&database.pool)
    );
    for applied in [first, second, third] {
        applied.unwrap();
    }
    migrations::apply(&database.pool).await.unwrap();
    let recorded: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    let known: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    assert_eq!(recorded, known);
    assert!(known.is_sorted_by(|one, next| one < next), "{known:?}");
    database.close().await;
}

#[tokio::test]
async fn every_older_database_can_be_migrated() {
    let versions: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    assert!(versions.len() >= 10, "{versions:?}");
    let mut schemas = Vec::new();
    for version in versions {
        let database = TestDatabase::empty("migrations").await;
        migrations_up_to(version).run(&database.pool).await.unwrap();
        migrations::apply(&database.pool).await.unwrap();
        schemas.push(describe(&database.pool).await);
        database.close().await;
    }
    assert!(schemas.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Rows that a release before webhooks, mentions and history has written.
const OLD_ROWS: &str = "
    UPDATE log.head SET position = 7;
    UPDATE read.checkpoint SET position = 7, users = 2, conversations = 1;
    INSERT INTO read.users (id, name) VALUES (1, 'ann'), (2, 'bob');
    INSERT INTO read.conversations
        (id, name, kind, title, history, created_at, member_count, head_seq, countable, activity,
         unfanned)
    VALUES (1, 'c', 'group', 'Lunch', 'all', 'epoch', 2, 1, 1, 2, 0);
    INSERT INTO read.members
        (conversation, user_id, present, role, joined_at, joined_order, joined_seq, read_seq,
         read_high, own_seq, muted, pinned, archived)
    VALUES (1, 1, true, 'owner', 'epoch', 1, 0, 1, 1, 1, false, false, false),
           (1, 2, false, 'member', 'epoch', 2, 0, 0, 1, 0, true, false, false);
    INSERT INTO read.reactions (conversation, seq, key, user_id, position)
    VALUES (1, 1, '+1', 2, 4);
    INSERT INTO read.devices (user_id, device, cursor, position, acked_at)
    VALUES (2, 'phone', 2, 5, 'epoch');
    INSERT INTO log.streams (id, aggregate_type, aggregate_id) VALUES (1, 'conversation', 'c');
    INSERT INTO log.events
        (position, stream, sequence, occurred_at, event_version, event_type, payload)
    SELECT n, 1, n, 'epoch', 1, type, convert_to(payload, 'UTF8') FROM (VALUES
        (1, 'conversation_created', '{\"kind\":\"group\",\"title\":\"Lunch\",\"history\":\"all\",
            \"members\":[{\"user\":\"a\\\"ä\",\"role\":\"owner\"},{\"user\":\"bob\",\"role\":\"member\"}],
            \"by\":\"a\\\"ä\"}'),
        (2, 'conversation_changed', '{\"title\":null,\"history\":\"all\",\"by\":\"bob\"}'))
        AS e(n, type, payload);
    INSERT INTO read.timeline (conversation, position, at, fanned, type, data) VALUES
        (1, 1, 'epoch', true, 'conversation_created', '{\"id\":\"c\",\"kind\":\"group\"}'),
        (1, 2, 'epoch', true, 'conversation_changed', '{\"id\":\"c\",\"kind\":\"group\"}'),
        (1, 3, 'epoch', true, 'member_added', '{\"user\":\"eve\"}');";

#[tokio::test]
async fn the_rows_of_an_older_release_keep_their_meaning() {
    let database = TestDatabase::empty("migrations").await;
    let pool = &database.pool;
    migrations_up_to(4).run(pool).await.unwrap();
    execute(pool, OLD_ROWS).await;
    migrations::apply(pool).await.unwrap();

    // New columns have the values that a rebuild produces.
    let members: Vec<(i64, bool, bool)> =
        sqlx::query_as("SELECT user_id, muted, mentions FROM read.members ORDER BY 1")
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(members, [(1, false, true), (2, true, true)]);
    // The history begins at the position of the migration, with the state at that position.
    let past_from: i64 = sqlx::query_scalar("SELECT past_from FROM read.checkpoint")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(past_from, 7);
    for (sql, expected) in [
        (
            "SELECT user_id || ' ' || position || ' ' || present || ' ' || role || ' ' || read_seq
                 || ' ' || read_high || ' ' || muted || ' ' || mentions
             FROM read.member_history ORDER BY 1",
            &["1 7 true owner 1 1 false true", "2 7 false member 0 1 true true"][..],
        ),
        (
            "SELECT position || ' ' || activity || ' ' || title || ' ' || history || ' ' || member_count
             FROM read.conversation_history",
            &["7 2 Lunch all 2"],
        ),
        (
            "SELECT user_id || ' ' || key || ' ' || position || ' ' || added
             FROM read.reaction_history",
            &["2 +1 4 true"],
        ),
        (
            "SELECT user_id || ' ' || position || ' ' || cursor FROM read.ack_history",
            &["2 5 2"],
        ),
        (
            "SELECT data FROM read.timeline ORDER BY position",
            &[
                r#"{"id":"c","kind":"group","by":"a\"ä","member_count":2,"members":["a\"ä","bob"]}"#,
                r#"{"id":"c","kind":"group","by":"bob"}"#,
                r#"{"user":"eve"}"#,
            ],
        ),
        (
            "SELECT kind || ' ' || position FROM log.retention ORDER BY kind",
            &["direct 0", "group 0"],
        ),
    ] {
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await.unwrap();
        assert_eq!(rows, expected, "{sql}");
    }
    database.close().await;
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let database = TestDatabase::migrated("migrations").await;
    execute(
        &database.pool,
        "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 2",
    )
    .await;
    let refused = migrations::apply(&database.pool).await.unwrap_err();
    assert!(
        matches!(refused, sqlx::migrate::MigrateError::VersionMismatch(2)),
        "{refused:?}"
    );
    database.close().await;
}
