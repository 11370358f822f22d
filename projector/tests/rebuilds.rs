//! A rebuild in shadow tables produces the same tables, and the live projector survives the swap.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use domain::time::Timestamp;
use eventually::eventually;
use projector::{
    PreviousVersion, ProjectionError, Projector, ProjectorConfig, REBUILD, ReadModelComparison,
    RebuildStart, RebuildSummary, rebuild, rollback, verify,
};
use sqlx::{Executor as _, PgPool};
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold, log};

const SELECT_SCHEMA: &str = "SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM ( \
    SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'read' \
    UNION ALL SELECT format('%s %s', relname, reloptions) FROM pg_class \
        WHERE relnamespace = 'read'::regnamespace AND relkind = 'r' \
    UNION ALL SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) \
        FROM information_schema.columns WHERE table_schema = 'read' \
    UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint \
        WHERE connamespace = 'read'::regnamespace) shape";

async fn schema_fingerprint(database: &ProjectorDatabase) -> String {
    sqlx::query_scalar(SELECT_SCHEMA)
        .fetch_one(&database.pool)
        .await
        .unwrap()
}

/// Rebuilds and drops the previous version.
async fn rebuild_and_drop(
    database: &ProjectorDatabase,
    batch: usize,
) -> Result<RebuildSummary, ProjectionError> {
    let pool = database.pool.clone();
    let start = RebuildStart::InterruptedBuild;
    rebuild(pool, config(), batch, start, PreviousVersion::Drop, |_| ()).await
}

/// Rebuilds, which must succeed.
async fn replace(pool: &PgPool, start: RebuildStart, replaced: PreviousVersion) -> RebuildSummary {
    rebuild(pool.clone(), config(), 100, start, replaced, |_| ())
        .await
        .unwrap()
}

/// Begins a rebuild and ends it after its first batch, as when its process is killed.
async fn interrupt_rebuild(pool: &PgPool, start: RebuildStart) {
    let (sender, mut positions) = tokio::sync::mpsc::unbounded_channel();
    let pool = pool.clone();
    let running = tokio::spawn(async move {
        let replaced = PreviousVersion::Drop;
        rebuild(pool, config(), 10, start, replaced, move |progress| {
            let _ = sender.send(progress.position);
        })
        .await
    });
    positions.recv().await.expect("it makes progress");
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
}

/// Verifies, as soon as Postgres has noticed that an interrupted rebuild is gone.
async fn verify_after_interruption(pool: &PgPool) -> ReadModelComparison {
    loop {
        match verify(pool.clone(), config(), 100, |_| ()).await {
            Err(ProjectionError::RebuildInProgress) => tokio::task::yield_now().await,
            done => return done.unwrap(),
        }
    }
}

#[tokio::test]
async fn a_rebuild_is_equal_and_the_live_projector_continues() {
    let generator = HistoryGenerator::with_events(51, 9, 2_500);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log[..2_000]).await;
    let mut live = fold(&database.pool, config(), &generator.log[..2_000], 333).await;
    let (before, shape_before) = (database.digest().await, schema_fingerprint(&database).await);
    let mut positions = Vec::new();
    let end = rebuild(
        database.pool.clone(),
        config(),
        100,
        RebuildStart::InterruptedBuild,
        PreviousVersion::Drop,
        |progress| {
            positions.push(progress.position);
        },
    )
    .await
    .unwrap();
    assert_eq!(end.position, 2_000);
    assert_eq!(positions.len(), 20);
    assert_eq!(database.digest().await, before);
    assert_eq!(schema_fingerprint(&database).await, shape_before);
    assert_eq!(
        database
            .number("SELECT generation FROM read.checkpoint")
            .await,
        2
    );
    assert_eq!(
        database
            .number("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'read\\_%'")
            .await,
        0
    );

    log::append(&database.pool, &generator.log[2_000..]).await;
    let error = live.step(&generator.log[2_000..]).await.unwrap_err();
    assert!(matches!(error, ProjectionError::Fenced), "{error}");
    live.step(&generator.log[2_000..]).await.unwrap();
    let reference = ProjectorDatabase::new().await;
    fold(&reference.pool, config(), &generator.log, 1_000).await;
    assert_eq!(database.digest().await, reference.digest().await);
    reference.close().await;
    database.close().await;
}

#[tokio::test]
async fn a_rebuild_includes_events_appended_during_it() {
    let generator = HistoryGenerator::with_events(53, 7, 1_500);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log[..500]).await;
    let mut live = fold(&database.pool, config(), &generator.log[..500], 100).await;
    let (pool, events) = (database.pool.clone(), generator.log.clone());
    let writing = tokio::spawn(async move {
        for batch in events[500..].chunks(50) {
            log::append(&pool, batch).await;
            while let Err(error) = live.step(batch).await {
                assert!(matches!(error, ProjectionError::Fenced), "{error}");
            }
        }
        live
    });
    while !writing.is_finished() {
        rebuild_and_drop(&database, 200).await.unwrap();
    }
    let mut live = writing.await.unwrap();
    assert_eq!(live.position().await.unwrap(), 1_500);
    let reference = ProjectorDatabase::new().await;
    fold(&reference.pool, config(), &generator.log, 1_000).await;
    assert_eq!(database.digest().await, reference.digest().await);
    reference.close().await;
    database.close().await;
}

#[tokio::test]
async fn only_one_rebuild_runs_and_leftovers_are_dropped() {
    let generator = HistoryGenerator::with_events(57, 5, 300);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 100).await;
    // The leftovers of a killed rebuild.
    let leftovers = format!("CREATE SCHEMA {REBUILD}; CREATE TABLE {REBUILD}.inbox (x bigint)");
    database.pool.execute(leftovers.as_str()).await.unwrap();
    let pool = database.pool.clone();
    let (started, first_batch) = tokio::sync::oneshot::channel();
    let (resume, paused) = std::sync::mpsc::channel();
    let first = tokio::task::spawn_blocking(move || {
        let mut started = Some(started);
        tokio::runtime::Handle::current().block_on(rebuild(
            pool,
            config(),
            50,
            RebuildStart::InterruptedBuild,
            PreviousVersion::Drop,
            move |_| {
                if let Some(started) = started.take() {
                    started.send(()).unwrap();
                    paused.recv().unwrap();
                }
            },
        ))
    });
    first_batch.await.unwrap();
    let second = rebuild_and_drop(&database, 50).await;
    assert!(
        matches!(second, Err(ProjectionError::RebuildInProgress)),
        "{second:?}"
    );
    resume.send(()).unwrap();
    first.await.unwrap().unwrap();
    rebuild_and_drop(&database, 50).await.unwrap();
    assert_eq!(
        database
            .number("SELECT generation FROM read.checkpoint")
            .await,
        3
    );
    database.close().await;
}

#[tokio::test]
async fn trimming_deletes_old_entries_and_a_rebuild_does_not_restore_them() {
    let generator = HistoryGenerator::with_events(59, 7, 1_000);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    let window = Duration::from_secs(600);
    let config = ProjectorConfig {
        offline_window: window,
        ..config()
    };
    let mut live = fold(&database.pool, config.clone(), &generator.log, 100).await;
    let end = generator.log.last().unwrap().time;
    let trimmed = live.trim(end).await.unwrap();
    let oldest = Timestamp::from_millis(end.millis() - 600_000);
    let expected = generator
        .log
        .iter()
        .filter(|event| event.time < oldest)
        .count() as i64;
    assert_eq!((trimmed.floor, trimmed.has_more), (expected, false));
    assert!(expected > 100 && expected < 1_000);
    let remaining =
        "SELECT count(*) FROM read.inbox WHERE position <= (SELECT floor FROM read.checkpoint)";
    assert_eq!(database.number(remaining).await, 0);
    let remaining =
        "SELECT count(*) FROM read.timeline WHERE position <= (SELECT floor FROM read.checkpoint)";
    assert_eq!(database.number(remaining).await, 0);
    assert!(database.number("SELECT count(*) FROM read.inbox").await > 0);
    assert_eq!(live.trim(end).await.unwrap(), trimmed);

    let before = database.digest().await;
    rebuild(
        database.pool.clone(),
        config.clone(),
        100,
        RebuildStart::InterruptedBuild,
        PreviousVersion::Drop,
        |_| (),
    )
    .await
    .unwrap();
    assert_eq!(database.digest().await, before);
    // Much later, all entries are too old, and the floor does not pass the last folded event.
    let mut live = Projector::open(database.pool.clone(), config)
        .await
        .unwrap();
    let later = Timestamp::from_millis(end.millis() + 10_000_000);
    assert_eq!(
        live.trim(later).await.unwrap().floor,
        generator.log.len() as i64
    );
    assert_eq!(database.number("SELECT count(*) FROM read.inbox").await, 0);
    database.close().await;
}

#[tokio::test]
async fn a_rebuild_repairs_corruption() {
    let generator = HistoryGenerator::with_events(61, 6, 500);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 100).await;
    let before = database.digest().await;
    let damage = "DELETE FROM read.checkpoint; TRUNCATE read.inbox; UPDATE read.messages SET body = 'x' WHERE seq = 2";
    database.pool.execute(damage).await.unwrap();
    assert_ne!(database.digest().await, before);
    let opened = Projector::open(database.pool.clone(), config()).await;
    assert!(matches!(opened.err(), Some(ProjectionError::Corrupted(_))));
    rebuild_and_drop(&database, 100).await.unwrap();
    assert_eq!(database.digest().await, before);
    database.close().await;
}

#[tokio::test]
async fn an_interrupted_rebuild_resumes() {
    let generator = HistoryGenerator::with_events(67, 6, 900);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 100).await;
    let before = database.digest().await;
    let (sender, mut positions) = tokio::sync::mpsc::unbounded_channel();
    let pool = database.pool.clone();
    let first = tokio::spawn(async move {
        rebuild(
            pool,
            config(),
            50,
            RebuildStart::InterruptedBuild,
            PreviousVersion::Drop,
            move |progress| {
                sender.send(progress.position).unwrap();
            },
        )
        .await
    });
    while positions.recv().await.unwrap() < 300 {}
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    // Postgres releases the lock once it notices that the connection is gone.
    let done = eventually(
        "the rebuild is not in progress",
        async || match rebuild_and_drop(&database, 50).await {
            Err(ProjectionError::RebuildInProgress) => None,
            other => Some(other.unwrap()),
        },
    )
    .await;
    assert!(
        done.start_position >= 300,
        "started from scratch: {}",
        done.start_position
    );
    let comparison = done.comparison.unwrap();
    assert!(comparison.is_equal(), "{:?}", comparison.differences);
    assert_eq!(database.digest().await, before);
    // A rebuild with another fan-out threshold does not resume.
    let other = ProjectorConfig {
        fanout_threshold: config().fanout_threshold + 1,
        ..config()
    };
    let done = rebuild(
        database.pool.clone(),
        other,
        50,
        RebuildStart::InterruptedBuild,
        PreviousVersion::Drop,
        |_| (),
    )
    .await
    .unwrap();
    assert_eq!(done.start_position, 0);
    database.close().await;
}

#[tokio::test]
async fn verification_lists_differing_rows_and_changes_nothing() {
    let generator = HistoryGenerator::with_events(71, 6, 600);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 100).await;
    let verified = verify(database.pool.clone(), config(), 100, |_| ())
        .await
        .unwrap();
    assert!(verified.is_equal(), "{:?}", verified.differences);
    assert_eq!(verified.position, 600);
    let damage = "UPDATE read.members SET read_seq = read_seq + 1 WHERE (conversation, user_id) =
                      (SELECT conversation, user_id FROM read.members ORDER BY 1, 2 LIMIT 1);
                  DELETE FROM read.messages WHERE (conversation, seq) = (1, 1);
                  INSERT INTO read.blocks VALUES (1, 99)";
    sqlx::raw_sql(damage).execute(&database.pool).await.unwrap();
    let damaged = database.digest().await;
    let verified = verify(database.pool.clone(), config(), 100, |_| ())
        .await
        .unwrap();
    assert!(!verified.is_equal());
    let differences: Vec<_> = verified
        .differences
        .iter()
        .map(|row| {
            (
                row.table.as_str(),
                row.served.is_some(),
                row.rebuilt.is_some(),
            )
        })
        .collect();
    assert_eq!(
        differences,
        [
            ("blocks", true, false),
            ("members", true, true),
            ("messages", false, true)
        ]
    );
    assert_eq!(verified.differences[0].key, "(1,99)");
    assert_eq!(database.digest().await, damaged);
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'read_rebuild'";
    assert_eq!(database.number(schemas).await, 0);
    database.close().await;
}

/// Marks the tables of the previous version, so that a test can tell whether they are served later.
async fn mark_previous_tables(database: &ProjectorDatabase) {
    let mark = "COMMENT ON TABLE read_old.messages IS 'the first'";
    database.pool.execute(mark).await.unwrap();
}

async fn serves_marked_tables(database: &ProjectorDatabase) -> bool {
    let marked = "SELECT count(*) FROM pg_class c WHERE c.oid = 'read.messages'::regclass
                  AND obj_description(c.oid, 'pg_class') = 'the first'";
    database.number(marked).await == 1
}

#[tokio::test]
async fn verification_does_not_drop_a_kept_version() {
    let generator = HistoryGenerator::with_events(73, 5, 400);
    let database = ProjectorDatabase::new().await;
    let (pool, log) = (&database.pool, &generator.log);
    log::append(pool, log).await;
    fold(pool, config(), log, 100).await;
    let (resume, keep) = (RebuildStart::InterruptedBuild, PreviousVersion::Keep);
    replace(pool, resume, keep).await;
    mark_previous_tables(&database).await;

    let verified = verify(pool.clone(), config(), 100, |_| ()).await.unwrap();
    assert!(verified.is_equal(), "{:?}", verified.differences);
    assert!(rollback::is_available(pool).await.unwrap());

    let restored = replace(pool, RebuildStart::KeptVersion, PreviousVersion::Drop).await;
    assert_eq!((restored.start_position, restored.position), (400, 400));
    assert!(serves_marked_tables(&database).await);
    assert!(!rollback::is_available(pool).await.unwrap());
    // A rebuild drops what an earlier one has kept.
    replace(pool, resume, keep).await;
    replace(pool, resume, PreviousVersion::Drop).await;
    assert!(!rollback::is_available(pool).await.unwrap());
    database.close().await;
}

#[tokio::test]
async fn an_interrupted_rollback_leaves_the_kept_version() {
    let generator = HistoryGenerator::with_events(79, 5, 600);
    let database = ProjectorDatabase::new().await;
    let (pool, log) = (&database.pool, &generator.log);
    log::append(pool, &log[..300]).await;
    let mut live = fold(pool, config(), &log[..300], 100).await;
    replace(pool, RebuildStart::InterruptedBuild, PreviousVersion::Keep).await;
    mark_previous_tables(&database).await;
    log::append(pool, &log[300..]).await;
    live.step(&log[300..]).await.unwrap_err();
    live.step(&log[300..]).await.unwrap();

    // A verification does not use its tables, and does not drop them.
    interrupt_rebuild(pool, RebuildStart::KeptVersion).await;
    assert!(rollback::is_available(pool).await.unwrap());
    let verified = verify_after_interruption(pool).await;
    assert!(verified.is_equal(), "{:?}", verified.differences);
    assert!(rollback::is_available(pool).await.unwrap());

    // The rollback can be resumed.
    interrupt_rebuild(pool, RebuildStart::KeptVersion).await;
    verify_after_interruption(pool).await;
    let restored = replace(pool, RebuildStart::KeptVersion, PreviousVersion::Drop).await;
    assert!(restored.start_position >= 300, "{restored:?}");
    assert!(serves_marked_tables(&database).await);
    database.close().await;
}

#[tokio::test]
async fn the_previous_version_is_kept_and_restored() {
    let generator = HistoryGenerator::with_events(61, 5, 600);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log[..300]).await;
    let mut live = fold(&database.pool, config(), &generator.log[..300], 100).await;
    let (batch, kept) = (100, RebuildStart::KeptVersion);
    let pool = database.pool.clone();
    let nothing = rebuild(pool, config(), batch, kept, PreviousVersion::Keep, |_| ()).await;
    assert!(matches!(nothing, Err(ProjectionError::NothingKept)));
    assert!(!rollback::discard(&database.pool).await.unwrap());
    replace(
        &database.pool,
        RebuildStart::InterruptedBuild,
        PreviousVersion::Keep,
    )
    .await;
    mark_previous_tables(&database).await;
    log::append(&database.pool, &generator.log[300..]).await;
    let error = live.step(&generator.log[300..]).await.unwrap_err();
    assert!(matches!(error, ProjectionError::Fenced), "{error}");
    live.step(&generator.log[300..]).await.unwrap();
    let back = replace(&database.pool, kept, PreviousVersion::Keep).await;
    assert_eq!((back.start_position, back.position), (300, 600));
    assert!(back.comparison.unwrap().is_equal());
    assert!(serves_marked_tables(&database).await);
    assert!(rollback::discard(&database.pool).await.unwrap());
    assert!(!rollback::is_available(&database.pool).await.unwrap());
    let reference = ProjectorDatabase::new().await;
    fold(&reference.pool, config(), &generator.log, 1_000).await;
    assert_eq!(database.digest().await, reference.digest().await);
    reference.close().await;
    database.close().await;
}
