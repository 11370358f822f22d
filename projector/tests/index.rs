//! The search index always matches the read model, even after corruption.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use eventually::eventually_true;
use projector::index::{IndexProgress, Indexer, IndexingOutcome, IntegrityChecks, rebuild_index};
use projector::{PreviousVersion, RebuildStart};
use search::index::{Index, IndexDigest, IndexDir};
use sqlx::Executor as _;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold, log};

/// Checks that look at the files in every step.
fn frequent_checks() -> IntegrityChecks {
    IntegrityChecks {
        file_check_interval: Duration::ZERO,
        ..IntegrityChecks::default()
    }
}

fn indexer(database: &ProjectorDatabase, index_dir: &IndexDir) -> Indexer {
    Indexer::new(database.pool.clone(), index_dir.clone(), frequent_checks())
}

/// Steps until the index has caught up with the read model.
async fn step_until_current(indexer: &mut Indexer, database: &ProjectorDatabase) {
    let position = database
        .number("SELECT position FROM read.checkpoint")
        .await;
    let expected = format!("the index reaches position {position}");
    eventually::eventually(expected, async || {
        loop {
            match indexer.step().await {
                Ok(IndexingOutcome::UpToDate) if !indexer.is_verifying() => return Some(()),
                Ok(IndexingOutcome::Building | IndexingOutcome::UpToDate) => return None,
                // There is more to index, so the next step follows at once.
                Ok(_) => {}
                Err(error) => {
                    eprintln!("continuing after: {error}");
                    return None;
                }
            }
        }
    })
    .await;
}

/// The digests of the served index and of one built from the current read model.
async fn served_and_rebuilt(
    database: &ProjectorDatabase,
    index_dir: &IndexDir,
) -> (IndexDigest, IndexDigest) {
    let served =
        Index::open(&index_dir.build_path(index_dir.current_build().unwrap().unwrap())).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let other = IndexDir::new(scratch.path());
    rebuild_index(
        database.pool.clone(),
        other.clone(),
        RebuildStart::Scratch,
        PreviousVersion::Drop,
        |_| (),
    )
    .await
    .unwrap();
    let rebuilt = Index::open(&other.build_path(other.current_build().unwrap().unwrap())).unwrap();
    assert_eq!(
        served.checkpoint().unwrap().position.cast_signed(),
        database
            .number("SELECT position FROM read.checkpoint")
            .await
    );
    (served.digest().unwrap(), rebuilt.digest().unwrap())
}

async fn assert_matches_read_model(database: &ProjectorDatabase, index_dir: &IndexDir) {
    let (served, rebuilt) = served_and_rebuilt(database, index_dir).await;
    assert_eq!(served, rebuilt);
    let searchable = "SELECT count(*) FROM read.messages WHERE NOT recalled AND type <> 'control'";
    assert_eq!(
        served.messages.cast_signed(),
        database.number(searchable).await
    );
    assert!(served.messages > 0, "nothing to compare");
}

#[tokio::test]
async fn a_followed_index_equals_a_rebuilt_one() {
    let generator = HistoryGenerator::with_events(71, 9, 3_000);
    let database = ProjectorDatabase::new().await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path());
    let mut following = indexer(&database, &index_dir);
    let mut projector = fold(&database.pool, config(), &[], 1).await;
    step_until_current(&mut following, &database).await;
    for (events, nth) in generator.log.chunks(170).zip(0..) {
        log::append(&database.pool, events).await;
        // Sometimes the projector is several batches ahead.
        projector.step(events).await.unwrap();
        if nth % 3 != 1 {
            step_until_current(&mut following, &database).await;
        }
        if nth % 5 == 4 {
            following = indexer(&database, &index_dir);
        }
    }
    step_until_current(&mut following, &database).await;
    assert_eq!(
        index_dir.current_build().unwrap(),
        Some(1),
        "the index was built only once"
    );
    assert_matches_read_model(&database, &index_dir).await;
    database.close().await;
}

#[tokio::test]
async fn corruption_is_detected_and_repaired_while_the_old_index_is_served() {
    let generator = HistoryGenerator::with_events(73, 7, 800);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path().join("search"));
    let mut following = indexer(&database, &index_dir);
    step_until_current(&mut following, &database).await;
    for (damage, is_detected_immediately) in [
        ("a bit", true),
        ("a cut", true),
        ("a file", true),
        ("meta", true),
        ("managed", false),
        ("a build", true),
        ("everything", true),
        ("a bit", false),
        ("another shape", false),
    ] {
        let build = index_dir.current_build().unwrap().unwrap();
        if !is_detected_immediately {
            drop(following);
            following = indexer(&database, &index_dir);
        }
        damage_build(&index_dir, damage);
        step_until_current(&mut following, &database).await;
        let now = index_dir.current_build().unwrap().unwrap();
        assert!(
            now > build || damage == "everything",
            "{damage}: {now} after {build}"
        );
        assert_matches_read_model(&database, &index_dir).await;
        assert_eq!(
            count_builds(&index_dir),
            1,
            "the corrupted build has been removed"
        );
    }
    database.close().await;
}

fn count_builds(index_dir: &IndexDir) -> usize {
    let names = std::fs::read_dir(index_dir.path()).unwrap().flatten();
    names.filter(|entry| entry.path().is_dir()).count()
}

fn damage_build(index_dir: &IndexDir, damage: &str) {
    let directory = index_dir.build_path(index_dir.current_build().unwrap().unwrap());
    let file = |ending: &str| {
        std::fs::read_dir(&directory)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| {
                path.extension()
                    .is_some_and(|extension| extension == ending)
            })
            .unwrap()
    };
    let write = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).unwrap();
    match damage {
        "a bit" => {
            let file = file("idx");
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[1] ^= 4;
            write(&file, &bytes);
        }
        "a cut" => std::fs::File::options()
            .write(true)
            .open(file("fast"))
            .unwrap()
            .set_len(10)
            .unwrap(),
        "a file" => std::fs::remove_file(file("pos")).unwrap(),
        "meta" => write(&directory.join("meta.json"), b""),
        "managed" => write(&directory.join(".managed.json"), b"nonsense"),
        "a build" => std::fs::remove_dir_all(&directory).unwrap(),
        "everything" => std::fs::remove_dir_all(index_dir.path()).unwrap(),
        _ => {
            let meta = std::fs::read_to_string(directory.join("meta.json")).unwrap();
            let other = meta.replace("tidings-2", "tidings-1");
            assert_ne!(meta, other);
            write(&directory.join("meta.json"), other.as_bytes());
        }
    }
}

#[tokio::test]
async fn an_index_of_another_log_numbering_or_history_is_rebuilt() {
    let generator = HistoryGenerator::with_events(79, 7, 600);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path());
    step_until_current(&mut indexer(&database, &index_dir), &database).await;
    for another in [
        "UPDATE log.head SET log_id = gen_random_uuid()",
        "UPDATE read.checkpoint SET numbering = numbering + 1",
        "UPDATE log.events SET occurred_at = occurred_at + interval '1 s' WHERE position = (SELECT position FROM log.head)",
    ] {
        let build = index_dir.current_build().unwrap();
        database.pool.execute(another).await.unwrap();
        step_until_current(&mut indexer(&database, &index_dir), &database).await;
        assert!(index_dir.current_build().unwrap() > build, "{another}");
        assert_matches_read_model(&database, &index_dir).await;
    }
    // A numbering that changes while the index is open is detected too.
    let mut following = indexer(&database, &index_dir);
    step_until_current(&mut following, &database).await;
    let build = index_dir.current_build().unwrap();
    let renumbered = "UPDATE read.checkpoint SET numbering = numbering + 1";
    database.pool.execute(renumbered).await.unwrap();
    step_until_current(&mut following, &database).await;
    assert!(index_dir.current_build().unwrap() > build);
    database.close().await;
}

#[tokio::test]
async fn one_indexer_writes_and_serves_the_requests_of_others() {
    let generator = HistoryGenerator::with_events(83, 7, 600);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path());
    let mut first = indexer(&database, &index_dir);
    let mut second = indexer(&database, &index_dir);
    step_until_current(&mut first, &database).await;
    assert_eq!(second.step().await.unwrap(), IndexingOutcome::Standby);
    let (pool, directory) = (database.pool.clone(), index_dir.clone());
    let (sender, mut progress_events) = tokio::sync::mpsc::unbounded_channel();
    let requester = tokio::spawn(rebuild_index(
        pool,
        directory,
        RebuildStart::InterruptedBuild,
        PreviousVersion::Drop,
        move |progress| {
            let _ = sender.send(progress);
        },
    ));
    assert_eq!(progress_events.recv().await, Some(IndexProgress::Delegated));
    eventually_true("the requested index is built", async || {
        let _ = first.step().await.unwrap();
        requester.is_finished()
    })
    .await;
    let built = requester.await.unwrap().unwrap();
    assert_eq!((built.position, built.resumed), (600, 0));
    assert!(built.messages > 0);
    let comparison = built.comparison.expect("a comparison with the first index");
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(index_dir.current_build().unwrap(), Some(2));
    assert_matches_read_model(&database, &index_dir).await;
    drop(first);
    step_until_current(&mut second, &database).await;
    database.close().await;
}
