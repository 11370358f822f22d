//! The search index always matches the read model, even after corruption.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use projector::Replaced;
use projector::index::{IndexProgress, Indexed, Indexer, Start, Watch, rebuild_index};
use search::index::{Index, IndexDigest, IndexDir};
use sqlx::Executor as _;
use support::history::World;
use support::{Database, config, fold, log};

/// Checks that look at the files in every step.
fn watch() -> Watch {
    Watch {
        look_every: Duration::ZERO,
        ..Watch::default()
    }
}

fn indexer(database: &Database, index_dir: &IndexDir) -> Indexer {
    Indexer::new(database.pool.clone(), index_dir.clone(), watch())
}

/// Steps until the index has caught up with the read model.
async fn up_to(indexer: &mut Indexer, database: &Database) {
    for _ in 0..2_000 {
        match indexer.step().await {
            Ok(Indexed::Nothing) if !indexer.is_verifying() => return,
            Ok(Indexed::Building | Indexed::Nothing) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(_) => {}
            Err(error) => eprintln!("continuing after: {error}"),
        }
    }
    let position = database
        .number("SELECT position FROM read.checkpoint")
        .await;
    panic!("the index did not reach position {position}");
}

/// The digests of the served index and of one built from the current read model.
async fn compared(database: &Database, index_dir: &IndexDir) -> (IndexDigest, IndexDigest) {
    let served =
        Index::open(&index_dir.build_path(index_dir.current_build().unwrap().unwrap())).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let other = IndexDir::new(scratch.path());
    rebuild_index(
        database.pool.clone(),
        other.clone(),
        Start::Anew,
        Replaced::Dropped,
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

async fn is_right(database: &Database, index_dir: &IndexDir) {
    let (served, rebuilt) = compared(database, index_dir).await;
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
    let generator = World::of(71, 9, 3_000);
    let database = Database::new().await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path());
    let mut following = indexer(&database, &index_dir);
    let mut projector = fold(&database.pool, config(), &[], 1).await;
    up_to(&mut following, &database).await;
    for (events, nth) in generator.log.chunks(170).zip(0..) {
        log::append(&database.pool, events).await;
        // Sometimes the projector is several batches ahead.
        projector.step(events).await.unwrap();
        if nth % 3 != 1 {
            up_to(&mut following, &database).await;
        }
        if nth % 5 == 4 {
            following = indexer(&database, &index_dir);
        }
    }
    up_to(&mut following, &database).await;
    assert_eq!(
        index_dir.current_build().unwrap(),
        Some(1),
        "the index was built only once"
    );
    is_right(&database, &index_dir).await;
    database.close().await;
}

#[tokio::test]
async fn corruption_is_detected_and_repaired_while_the_old_index_is_served() {
    let generator = World::of(73, 7, 800);
    let database = Database::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path().join("search"));
    let mut following = indexer(&database, &index_dir);
    up_to(&mut following, &database).await;
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
        hurt(&index_dir, damage);
        up_to(&mut following, &database).await;
        let now = index_dir.current_build().unwrap().unwrap();
        assert!(
            now > build || damage == "everything",
            "{damage}: {now} after {build}"
        );
        is_right(&database, &index_dir).await;
        assert_eq!(
            builds(&index_dir),
            1,
            "the corrupted build has been removed"
        );
    }
    database.close().await;
}

fn builds(index_dir: &IndexDir) -> usize {
    let names = std::fs::read_dir(index_dir.path()).unwrap().flatten();
    names.filter(|entry| entry.path().is_dir()).count()
}

fn hurt(index_dir: &IndexDir, damage: &str) {
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
            let other = meta.replace("tidings-1", "tidings-0");
            assert_ne!(meta, other);
            write(&directory.join("meta.json"), other.as_bytes());
        }
    }
}

#[tokio::test]
async fn an_index_of_another_log_numbering_or_history_is_rebuilt() {
    let generator = World::of(79, 7, 600);
    let database = Database::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path());
    up_to(&mut indexer(&database, &index_dir), &database).await;
    for another in [
        "UPDATE log.head SET log_id = gen_random_uuid()",
        "UPDATE read.checkpoint SET numbering = numbering + 1",
        "UPDATE log.events SET occurred_at = occurred_at + interval '1 s' WHERE position = (SELECT position FROM log.head)",
    ] {
        let build = index_dir.current_build().unwrap();
        database.pool.execute(another).await.unwrap();
        up_to(&mut indexer(&database, &index_dir), &database).await;
        assert!(index_dir.current_build().unwrap() > build, "{another}");
        is_right(&database, &index_dir).await;
    }
    // A numbering that changes while the index is open is detected too.
    let mut following = indexer(&database, &index_dir);
    up_to(&mut following, &database).await;
    let build = index_dir.current_build().unwrap();
    let renumbered = "UPDATE read.checkpoint SET numbering = numbering + 1";
    database.pool.execute(renumbered).await.unwrap();
    up_to(&mut following, &database).await;
    assert!(index_dir.current_build().unwrap() > build);
    database.close().await;
}

#[tokio::test]
async fn one_indexer_writes_and_serves_the_requests_of_others() {
    let generator = World::of(83, 7, 600);
    let database = Database::new().await;
    log::append(&database.pool, &generator.log).await;
    fold(&database.pool, config(), &generator.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let index_dir = IndexDir::new(scratch.path());
    let mut first = indexer(&database, &index_dir);
    let mut second = indexer(&database, &index_dir);
    up_to(&mut first, &database).await;
    assert_eq!(second.step().await.unwrap(), Indexed::Standby);
    let (pool, directory) = (database.pool.clone(), index_dir.clone());
    let (sender, mut progress_events) = tokio::sync::mpsc::unbounded_channel();
    let requester = tokio::spawn(rebuild_index(
        pool,
        directory,
        Start::GoOn,
        Replaced::Dropped,
        move |progress| {
            let _ = sender.send(progress);
        },
    ));
    assert_eq!(progress_events.recv().await, Some(IndexProgress::Elsewhere));
    for _ in 0..5_000 {
        if requester.is_finished() {
            break;
        }
        let _ = first.step().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(
        requester.is_finished(),
        "the requested index was never built"
    );
    let built = requester.await.unwrap().unwrap();
    assert_eq!((built.position, built.had), (600, 0));
    assert!(built.messages > 0);
    let comparison = built.comparison.expect("a comparison with the first index");
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(index_dir.current_build().unwrap(), Some(2));
    is_right(&database, &index_dir).await;
    drop(first);
    up_to(&mut second, &database).await;
    database.close().await;
}
