//! Batch boundaries do not affect the tables.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use projector::ProjectorConfig;
use serde_json::value::RawValue;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold};

#[tokio::test]
async fn any_batch_size_gives_the_same_bytes() {
    let mut generator = HistoryGenerator::with_events(7, 12, 3_000);
    generator.serve_customers();
    let mut expected = None;
    for size in [10_000, 100, 7, 1] {
        let database = ProjectorDatabase::new().await;
        // Part of the history is older than the offline window.
        sqlx::query("UPDATE read.checkpoint SET floor = 400")
            .execute(&database.pool)
            .await
            .unwrap();
        fold(
            &database.pool,
            ProjectorConfig {
                batch: size,
                ..config()
            },
            &generator.log,
            size,
        )
        .await;
        let digest = database.digest().await;
        assert!(
            digest
                .iter()
                .all(|table| table.rows > 0 || table.table == "parked"),
            "{digest:?}"
        );
        assert_eq!(
            expected.get_or_insert(digest.clone()),
            &digest,
            "batches of {size}"
        );
        database.close().await;
    }
}

#[tokio::test]
async fn any_batch_size_parks_the_same_poison_events() {
    let mut log = HistoryGenerator::with_events(11, 8, 1_200).log;
    // Every hundredth event of the second half has data that cannot be decoded.
    for event in log.iter_mut().skip(600).step_by(100) {
        event.data = RawValue::from_string(r#"{"what":"is this"}"#.to_owned()).unwrap();
    }
    let mut expected = None;
    for size in [10_000, 13, 1] {
        let database = ProjectorDatabase::new().await;
        let mut projector = fold(
            &database.pool,
            ProjectorConfig {
                batch: size,
                ..config()
            },
            &log,
            size,
        )
        .await;
        assert_eq!(
            projector.parked().await.unwrap(),
            database.number("SELECT count(*) FROM read.parked").await
        );
        assert!(
            database
                .number("SELECT count(*) FROM read.parked WHERE poison")
                .await
                > 0
        );
        assert!(
            database
                .number("SELECT count(*) FROM read.parked WHERE NOT poison")
                .await
                > 0
        );
        let digest = database.digest().await;
        assert_eq!(
            expected.get_or_insert(digest.clone()),
            &digest,
            "batches of {size}"
        );
        database.close().await;
    }
}
