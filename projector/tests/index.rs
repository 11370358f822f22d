//! The search index says what the read models say, whatever happens to it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use projector::Replaced;
use projector::index::{IndexProgress, Indexed, Indexer, Start, Watch, rebuild_index};
use search::index::{Digest, Index, Place};
use sqlx::Executor as _;
use support::history::World;
use support::{Database, config, fold, log};

/// Looks at the files in every step.
fn watch() -> Watch {
    Watch {
        look_every: Duration::ZERO,
        ..Watch::default()
    }
}

fn indexer(database: &Database, place: &Place) -> Indexer {
    Indexer::new(database.pool.clone(), place.clone(), watch())
}

/// Steps until the index has what the read models have.
async fn up_to(indexer: &mut Indexer, database: &Database) {
    for _ in 0..2_000 {
        match indexer.step().await {
            Ok(Indexed::Nothing) if !indexer.is_verifying() => return,
            Ok(Indexed::Building | Indexed::Nothing) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(_) => {}
            Err(error) => eprintln!("goes on after: {error}"),
        }
    }
    let position = database
        .number("SELECT position FROM read.checkpoint")
        .await;
    panic!("the index does not get to {position}");
}

/// What the served index says, and what one says that is made from the read models now.
async fn compared(database: &Database, place: &Place) -> (Digest, Digest) {
    let served = Index::open(&place.directory(place.current().unwrap().unwrap())).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let other = Place::at(scratch.path());
    rebuild_index(
        database.pool.clone(),
        other.clone(),
        Start::Anew,
        Replaced::Dropped,
        |_| (),
    )
    .await
    .unwrap();
    let anew = Index::open(&other.directory(other.current().unwrap().unwrap())).unwrap();
    assert_eq!(
        served.checkpoint().unwrap().position.cast_signed(),
        database
            .number("SELECT position FROM read.checkpoint")
            .await
    );
    (served.digest().unwrap(), anew.digest().unwrap())
}

async fn is_right(database: &Database, place: &Place) {
    let (served, anew) = compared(database, place).await;
    assert_eq!(served, anew);
    let there = "SELECT count(*) FROM read.messages WHERE NOT recalled AND type <> 'control'";
    assert_eq!(served.messages.cast_signed(), database.number(there).await);
    assert!(served.messages > 0, "nothing to compare");
}

#[tokio::test]
async fn following_gives_what_building_gives() {
    let world = World::of(71, 9, 3_000);
    let database = Database::new().await;
    let scratch = tempfile::tempdir().unwrap();
    let place = Place::at(scratch.path());
    let mut following = indexer(&database, &place);
    let mut projector = fold(&database.pool, config(), &[], 1).await;
    up_to(&mut following, &database).await;
    for (events, nth) in world.log.chunks(170).zip(0..) {
        log::append(&database.pool, events).await;
        // Sometimes the projector is several batches ahead.
        projector.step(events).await.unwrap();
        if nth % 3 != 1 {
            up_to(&mut following, &database).await;
        }
        if nth % 5 == 4 {
            following = indexer(&database, &place);
        }
    }
    up_to(&mut following, &database).await;
    assert_eq!(place.current().unwrap(), Some(1), "it was built once");
    is_right(&database, &place).await;
    database.close().await;
}

#[tokio::test]
async fn damage_is_noticed_and_repaired_while_the_old_one_is_served() {
    let world = World::of(73, 7, 800);
    let database = Database::new().await;
    log::append(&database.pool, &world.log).await;
    fold(&database.pool, config(), &world.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let place = Place::at(scratch.path().join("search"));
    let mut following = indexer(&database, &place);
    up_to(&mut following, &database).await;
    for (damage, is_seen_at_once) in [
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
        let build = place.current().unwrap().unwrap();
        if !is_seen_at_once {
            drop(following);
            following = indexer(&database, &place);
        }
        hurt(&place, damage);
        up_to(&mut following, &database).await;
        let now = place.current().unwrap().unwrap();
        assert!(
            now > build || damage == "everything",
            "{damage}: {now} after {build}"
        );
        is_right(&database, &place).await;
        assert_eq!(builds(&place), 1, "the damaged one is gone");
    }
    database.close().await;
}

fn builds(place: &Place) -> usize {
    let names = std::fs::read_dir(place.path()).unwrap().flatten();
    names.filter(|entry| entry.path().is_dir()).count()
}

fn hurt(place: &Place, damage: &str) {
    let directory = place.directory(place.current().unwrap().unwrap());
    let file = |ending: &str| {
        std::fs::read_dir(&directory)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|it| it == ending))
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
        "everything" => std::fs::remove_dir_all(place.path()).unwrap(),
        _ => {
            let meta = std::fs::read_to_string(directory.join("meta.json")).unwrap();
            let other = meta.replace("tidings-1", "tidings-0");
            assert_ne!(meta, other);
            write(&directory.join("meta.json"), other.as_bytes());
        }
    }
}

#[tokio::test]
async fn an_index_of_another_log_or_another_past_is_built_again() {
    let world = World::of(79, 7, 600);
    let database = Database::new().await;
    log::append(&database.pool, &world.log).await;
    fold(&database.pool, config(), &world.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let place = Place::at(scratch.path());
    up_to(&mut indexer(&database, &place), &database).await;
    for another in [
        "UPDATE log.head SET log_id = gen_random_uuid()",
        "UPDATE read.checkpoint SET numbering = numbering + 1",
        "UPDATE log.events SET occurred_at = occurred_at + interval '1 s' WHERE position = (SELECT position FROM log.head)",
    ] {
        let build = place.current().unwrap();
        database.pool.execute(another).await.unwrap();
        up_to(&mut indexer(&database, &place), &database).await;
        assert!(place.current().unwrap() > build, "{another}");
        is_right(&database, &place).await;
    }
    // A numbering that changes while it is open is noticed too.
    let mut following = indexer(&database, &place);
    up_to(&mut following, &database).await;
    let build = place.current().unwrap();
    let renumbered = "UPDATE read.checkpoint SET numbering = numbering + 1";
    database.pool.execute(renumbered).await.unwrap();
    up_to(&mut following, &database).await;
    assert!(place.current().unwrap() > build);
    database.close().await;
}

#[tokio::test]
async fn one_writes_and_does_what_the_others_want() {
    let world = World::of(83, 7, 600);
    let database = Database::new().await;
    log::append(&database.pool, &world.log).await;
    fold(&database.pool, config(), &world.log, 300).await;
    let scratch = tempfile::tempdir().unwrap();
    let place = Place::at(scratch.path());
    let mut first = indexer(&database, &place);
    let mut second = indexer(&database, &place);
    up_to(&mut first, &database).await;
    assert_eq!(second.step().await.unwrap(), Indexed::Standby);
    let (pool, here) = (database.pool.clone(), place.clone());
    let (telling, mut told) = tokio::sync::mpsc::unbounded_channel();
    let asking = tokio::spawn(rebuild_index(
        pool,
        here,
        Start::GoOn,
        Replaced::Dropped,
        move |progress| {
            let _ = telling.send(progress);
        },
    ));
    assert_eq!(told.recv().await, Some(IndexProgress::Elsewhere));
    for _ in 0..5_000 {
        if asking.is_finished() {
            break;
        }
        let _ = first.step().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(asking.is_finished(), "never built");
    let built = asking.await.unwrap().unwrap();
    assert_eq!((built.position, built.had), (600, 0));
    assert!(built.messages > 0);
    let comparison = built.comparison.expect("compared with the first");
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(place.current().unwrap(), Some(2));
    is_right(&database, &place).await;
    drop(first);
    up_to(&mut second, &database).await;
    database.close().await;
}
