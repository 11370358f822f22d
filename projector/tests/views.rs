//! Views on the read models show the served version, whatever a rebuild does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use eventually::eventually_within;
use projector::{PreviousVersion, ProjectionError, RebuildStart, RebuildSummary, rebuild, verify};
use sqlx::{Executor as _, PgPool};
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold, log};

/// A view that an operator has made, with an option and a privilege.
const OWN_VIEW: &str = "CREATE VIEW public.talkative WITH (security_barrier=true) AS
    SELECT m.sender, count(*) AS messages FROM read.messages m GROUP BY 1;
    GRANT SELECT ON public.talkative TO PUBLIC";

/// The views that show tables of another schema than the served ones.
const STRAYED: &str = "SELECT count(*) FROM pg_depend d
    JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class v ON v.oid = r.ev_class
    WHERE t.relnamespace::regnamespace::text LIKE 'read\\_%'";

const VIEWS: [&str; 10] = [
    "messages",
    "conversations",
    "members",
    "users",
    "reads",
    "reactions",
    "daily_active",
    "reply_times",
    "delivery",
    "service_sessions",
];

async fn replace(pool: PgPool, previous: PreviousVersion) -> RebuildSummary {
    let start = RebuildStart::Scratch;
    let rebuilt = rebuild(pool, config(), 200, start, previous, |_| ());
    rebuilt.await.unwrap()
}

/// What the views show.
async fn shown(database: &ProjectorDatabase) -> Vec<(i64, Option<String>)> {
    let mut shown = Vec::new();
    for view in VIEWS {
        let rows = format!(
            "SELECT count(*), md5(string_agg(v::text, E'\\n' ORDER BY v::text)) FROM analytics.{view} v"
        );
        shown.push(
            sqlx::query_as(&rows)
                .fetch_one(&database.pool)
                .await
                .unwrap(),
        );
    }
    shown
}

async fn wait_for_swap(database: &ProjectorDatabase, generation: i64) {
    let swapped = async || {
        let now = database
            .number("SELECT generation FROM read.checkpoint")
            .await;
        (now == generation).then_some(())
    };
    eventually_within(Duration::from_secs(60), "the swap", swapped).await;
}

#[tokio::test]
async fn views_show_the_new_read_model_after_a_rebuild() {
    let mut generator = HistoryGenerator::with_events(57, 9, 1_000);
    generator.serve_customers();
    let first = generator.log.len();
    while generator.log.len() < first + 500 {
        generator.run_random_command();
    }
    let (first, later) = generator.log.split_at(first);
    let database = ProjectorDatabase::new().await;
    database.pool.execute(OWN_VIEW).await.unwrap();
    log::append(&database.pool, first).await;
    fold(&database.pool, config(), first, 333).await;
    let before = shown(&database).await;
    assert!(before.iter().all(|(rows, _)| *rows > 0), "{before:?}");
    for previous in [PreviousVersion::Keep, PreviousVersion::Drop] {
        replace(database.pool.clone(), previous).await;
        assert_eq!(shown(&database).await, before, "{previous:?}");
        assert_eq!(database.number(STRAYED).await, 0, "{previous:?}");
    }
    // They show what is projected from now on.
    log::append(&database.pool, later).await;
    fold(&database.pool, config(), later, 333).await;
    let reference = ProjectorDatabase::new().await;
    log::append(&reference.pool, &generator.log).await;
    fold(&reference.pool, config(), &generator.log, 1_000).await;
    let after = shown(&database).await;
    assert!(after[0].0 > before[0].0, "{after:?}");
    assert_eq!(after[0], shown(&reference).await[0]);

    // An operator's own view is as it was.
    let own = "SELECT (reloptions = '{security_barrier=true}' AND relacl::text LIKE '%{=r/%'
            OR relacl::text LIKE '%,=r/%')::int::bigint FROM pg_class WHERE relname = 'talkative'";
    assert_eq!(database.number(own).await, 1);
    let messages = database
        .number("SELECT sum(messages)::bigint FROM talkative")
        .await;
    assert_eq!(messages, after[0].0);
    reference.close().await;
    database.close().await;
}

#[tokio::test]
async fn a_session_that_reads_a_view_delays_the_view_and_not_the_swap() {
    let generator = HistoryGenerator::with_events(58, 7, 600);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 333).await;
    let before = shown(&database).await;
    let mut reader = database.pool.begin().await.unwrap();
    reader
        .execute("SELECT count(*) FROM analytics.messages")
        .await
        .unwrap();
    let rebuilding = tokio::spawn(replace(database.pool.clone(), PreviousVersion::Drop));
    wait_for_swap(&database, 2).await;
    reader.rollback().await.unwrap();
    let summary = rebuilding.await.unwrap();
    assert!(
        summary.swap_duration < Duration::from_secs(5),
        "{summary:?}"
    );
    assert_eq!(database.number(STRAYED).await, 0);
    assert_eq!(shown(&database).await, before);
    database.close().await;
}

#[tokio::test]
async fn the_next_build_moves_the_views_that_a_killed_rebuild_left() {
    let generator = HistoryGenerator::with_events(59, 7, 600);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 333).await;
    let before = shown(&database).await;
    let mut reader = database.pool.begin().await.unwrap();
    reader
        .execute("SELECT count(*) FROM analytics.messages")
        .await
        .unwrap();
    let rebuilding = tokio::spawn(replace(database.pool.clone(), PreviousVersion::Drop));
    wait_for_swap(&database, 2).await;
    rebuilding.abort();
    assert!(rebuilding.await.unwrap_err().is_cancelled());
    reader.rollback().await.unwrap();
    assert!(database.number(STRAYED).await > 0);
    // The views keep working meanwhile.
    assert_eq!(shown(&database).await, before);
    loop {
        match verify(database.pool.clone(), config(), 100, |_| ()).await {
            Err(ProjectionError::RebuildInProgress) => tokio::task::yield_now().await,
            done => break assert!(done.unwrap().is_equal()),
        }
    }
    assert_eq!(database.number(STRAYED).await, 0);
    assert_eq!(shown(&database).await, before);
    database.close().await;
}
