//! A build of the search index that was broken off is gone on with, and one that is served was compared with the one
//! before.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use projector::Replaced;
use projector::index::{
    Built, IndexComparison, Indexed, Indexer, IndexingError, Start, Watch, rebuild_index,
    verify_index,
};
use search::index::{Index, Key, Message, Place, Wish};
use support::history::World;
use support::{Database, config, eventually, fold, log};

/// Where the first build begins.
const BEFORE: usize = 2_000;

/// A history, the read models of its beginning, and an index of these.
struct Begun {
    world: World,
    database: Database,
    place: Place,
    _scratch: tempfile::TempDir,
}

impl Begun {
    async fn new(seed: u64) -> Self {
        let world = World::of(seed, 9, 3_000);
        let database = Database::new().await;
        log::append(&database.pool, &world.log[..BEFORE]).await;
        fold(&database.pool, config(), &world.log[..BEFORE], 500).await;
        let scratch = tempfile::tempdir().unwrap();
        let place = Place::at(scratch.path().join("search"));
        let begun = Self {
            world,
            database,
            place,
            _scratch: scratch,
        };
        let built = begun.rebuild(Start::Anew).await;
        assert_eq!((built.build, built.comparison), (1, None));
        begun
    }

    async fn rebuild(&self, start: Start) -> Built {
        self.replace(start, Replaced::Dropped).await
    }

    async fn replace(&self, start: Start, replaced: Replaced) -> Built {
        let (pool, place) = (self.database.pool.clone(), self.place.clone());
        rebuild_index(pool, place, start, replaced, |_| {})
            .await
            .unwrap()
    }

    async fn verify(&self) -> IndexComparison {
        verify_index(self.database.pool.clone(), self.place.clone(), |_, _| {})
            .await
            .unwrap()
    }

    /// What comes after the beginning.
    async fn go_on(&self) {
        let rest = &self.world.log[BEFORE..];
        log::append(&self.database.pool, rest).await;
        fold(&self.database.pool, config(), rest, 100).await;
    }

    async fn keys(&self) -> Vec<Key> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT conversation, seq FROM read.messages WHERE NOT recalled AND type <> 'control' ORDER BY 1, 2",
        )
        .fetch_all(&self.database.pool)
        .await
        .unwrap();
        rows.iter()
            .map(|row| (row.0.unsigned_abs(), row.1.unsigned_abs()))
            .collect()
    }

    async fn name(&self, conversation: u64) -> String {
        sqlx::query_scalar("SELECT name FROM read.conversations WHERE id = $1")
            .bind(conversation.cast_signed())
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// What a build leaves behind that is killed after a commit: the first messages, and the last of them as where
    /// it is. Answers how many.
    async fn leave_behind(&self) -> u64 {
        let keys = self.keys().await;
        let (there, not_yet) = keys.split_at(keys.len() / 3);
        let lock = self.place.lock().unwrap().unwrap();
        let build = self.place.begin(&lock).unwrap();
        let served = self.place.current().unwrap().unwrap();
        copy(&self.place.directory(served), &self.place.directory(build));
        let index = Index::open(&self.place.directory(build)).unwrap();
        let mut checkpoint = index.checkpoint().unwrap();
        checkpoint.filled = there.last().copied();
        let mut writer = index.writer().unwrap();
        writer.remove(not_yet.iter().copied()).unwrap();
        writer.commit(&checkpoint).unwrap();
        writer.finish().unwrap();
        there.len() as u64
    }

    async fn execute(&self, sql: &str) {
        sqlx::query(sql).execute(&self.database.pool).await.unwrap();
    }

    /// One that looks at the files in every step.
    fn indexer(&self) -> Indexer {
        let watch = Watch {
            look_every: Duration::ZERO,
            ..Watch::default()
        };
        Indexer::new(self.database.pool.clone(), self.place.clone(), watch)
    }

    /// What the index that follows says of the build that it serves in the end.
    async fn followed(&self) -> Built {
        let mut indexer = self.indexer();
        let before = self.place.current().unwrap();
        steps_until(&mut indexer, "another one is served", |it| {
            is_up_to_date(it) && self.place.current().unwrap() > before
        })
        .await;
        let told = self.place.told().unwrap().expect("it tells");
        serde_json::from_str(&told).unwrap()
    }

    /// One that follows the index and has nothing to do.
    async fn following(&self) -> Indexer {
        let mut indexer = self.indexer();
        steps_until(&mut indexer, "it is up to date", is_up_to_date).await;
        indexer
    }

    /// Whether what is served is what a build from the beginning gives.
    async fn is_right(&self) {
        let built = self.rebuild(Start::Anew).await;
        let comparison = built.comparison.expect("there was one");
        assert!(comparison.is_equal(), "{comparison:?}");
        assert_eq!(comparison.built.messages, self.keys().await.len() as u64);
    }
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// A bit in the middle of the largest file.
fn damage(directory: &Path) {
    let files = std::fs::read_dir(directory).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let largest = paths.max_by_key(|path| path.metadata().unwrap().len());
    let largest = largest.unwrap();
    let mut bytes = std::fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&largest, bytes).unwrap();
}

#[tokio::test]
async fn a_build_that_was_broken_off_is_gone_on_with_whatever_has_happened_meanwhile() {
    for by_a_command in [true, false] {
        let begun = Begun::new(171).await;
        let had = begun.leave_behind().await;
        begun.go_on().await;
        let built = if by_a_command {
            begun.rebuild(Start::GoOn).await
        } else {
            begun.followed().await
        };
        assert_eq!(
            (built.build, built.had),
            (2, had),
            "by a command: {by_a_command}"
        );
        let comparison = built.comparison.expect("compared with the first");
        assert!(comparison.is_equal(), "{comparison:?}");
        begun.is_right().await;
        begun.database.close().await;
    }
}

type Stepped = Result<Indexed, IndexingError>;

fn is_up_to_date(stepped: &Stepped) -> bool {
    matches!(stepped, Ok(Indexed::Nothing))
}

/// Steps, whatever comes of it, until something is so.
async fn steps_until(indexer: &mut Indexer, what: &str, mut is_so: impl FnMut(&Stepped) -> bool) {
    let mut last = None;
    for _ in 0..5_000 {
        let stepped = indexer.step().await;
        if is_so(&stepped) {
            return;
        }
        last = Some(stepped);
        // Builds go on beside the steps.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("never: {what}; the last step: {last:?}");
}

#[tokio::test]
async fn what_somebody_wants_is_built_though_the_database_is_away_meanwhile() {
    let begun = Begun::new(191).await;
    let mut indexer = begun.following().await;
    begun
        .execute("ALTER TABLE read.messages RENAME TO away")
        .await;
    begun.place.want_rebuild(Wish::default()).unwrap();
    let mut errors = 0;
    steps_until(&mut indexer, "it has failed three times", |it| {
        errors += u32::from(it.is_err());
        errors == 3
    })
    .await;
    assert!(begun.place.wish().unwrap().is_none(), "it was heard");
    assert_eq!(begun.place.current().unwrap(), Some(1), "and still serves");
    begun
        .execute("ALTER TABLE read.away RENAME TO messages")
        .await;
    steps_until(&mut indexer, "what was wanted is served", |_| {
        begun.place.current().unwrap() > Some(1)
    })
    .await;
    drop(indexer);
    begun.is_right().await;
    begun.database.close().await;
}

#[tokio::test]
async fn a_build_that_was_under_way_is_no_answer_to_who_asks_later() {
    let begun = Begun::new(193).await;
    let mut indexer = begun.following().await;
    // A wish at each step: what is stopped may still be writing, so no number comes twice.
    for build in 2..10 {
        begun.place.want_rebuild(Wish::default()).unwrap();
        indexer.step().await.unwrap();
        assert_eq!(begun.place.begun().unwrap(), Some(build));
        assert!(begun.place.wish().unwrap().is_none());
    }
    steps_until(&mut indexer, "the last one is served", |_| {
        begun.place.current().unwrap() == Some(9)
    })
    .await;
    // Nothing that was heard of the ones before makes another necessary.
    steps_until(&mut indexer, "it is up to date", is_up_to_date).await;
    assert_eq!(begun.place.leftover().unwrap(), None);
    drop(indexer);
    begun.is_right().await;
    begun.database.close().await;
}

#[tokio::test]
async fn who_waits_for_a_process_that_ends_does_it_itself() {
    let begun = Begun::new(197).await;
    let indexer = begun.following().await;
    let (pool, place) = (begun.database.pool.clone(), begun.place.clone());
    let asking = tokio::spawn(rebuild_index(
        pool,
        place,
        Start::GoOn,
        Replaced::Dropped,
        |_| (),
    ));
    eventually("somebody asks", || async {
        begun.place.wish().unwrap().is_some()
    })
    .await;
    drop(indexer);
    let built = asking.await.unwrap().unwrap();
    assert_eq!((built.build, built.had), (2, 0));
    assert!(
        begun.place.wish().unwrap().is_none(),
        "nobody does it twice"
    );
    begun.is_right().await;
    begun.database.close().await;
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_is_begun_anew() {
    let begun = Begun::new(173).await;
    // What was erased since may be in its files.
    begun.leave_behind().await;
    assert_eq!(begun.rebuild(Start::Anew).await.had, 0);
    begun.is_right().await;
    // Damaged.
    begun.leave_behind().await;
    damage(
        &begun
            .place
            .directory(begun.place.leftover().unwrap().unwrap()),
    );
    assert_eq!(begun.rebuild(Start::GoOn).await.had, 0);
    begun.is_right().await;
    // Of other numbers.
    begun.leave_behind().await;
    sqlx::query("UPDATE read.checkpoint SET numbering = numbering + 1")
        .execute(&begun.database.pool)
        .await
        .unwrap();
    let built = begun.rebuild(Start::GoOn).await;
    assert_eq!((built.had, built.comparison), (0, None));
    begun.is_right().await;
    begun.database.close().await;
}

#[tokio::test]
async fn what_was_replaced_is_kept_and_served_again() {
    for by_a_command in [true, false] {
        let begun = Begun::new(199).await;
        let first = begun.keys().await.len() as u64;
        assert_eq!(begun.place.kept().unwrap(), None);
        let second = begun.replace(Start::GoOn, Replaced::Kept).await;
        assert_eq!((second.build, second.had), (2, 0));
        assert_eq!(begun.place.kept().unwrap(), Some(1));
        // It follows nothing meanwhile, and outlives builds that nobody has asked for.
        begun.leave_behind().await;
        begun.go_on().await;
        assert_eq!(begun.followed().await.build, 3);
        assert_eq!(begun.place.kept().unwrap(), Some(1));
        let back = if by_a_command {
            begun.replace(Start::Kept, Replaced::Kept).await
        } else {
            let wish = Wish {
                from_kept: true,
                keep: true,
            };
            begun.place.want_rebuild(wish).unwrap();
            begun.followed().await
        };
        assert_eq!((back.build, back.had), (4, first));
        let comparison = back.comparison.expect("compared with the third");
        assert!(comparison.is_equal(), "{comparison:?}");
        assert_eq!(begun.place.kept().unwrap(), Some(3));
        assert!(begun.place.drop_kept().unwrap());
        assert!(!begun.place.directory(3).exists());
        begun.is_right().await;
        begun.database.close().await;
    }
}

#[tokio::test]
async fn what_was_kept_goes_with_a_build_anew_and_is_not_served_if_it_is_damaged() {
    let begun = Begun::new(211).await;
    begun.replace(Start::GoOn, Replaced::Kept).await;
    damage(&begun.place.directory(1));
    let back = begun.replace(Start::Kept, Replaced::Kept).await;
    assert_eq!(back.had, 0);
    let kept = begun.place.kept().unwrap().expect("the second one");
    // What was erased since may be in its files.
    begun.rebuild(Start::Anew).await;
    assert_eq!(begun.place.kept().unwrap(), None);
    assert!(!begun.place.directory(kept).exists());
    begun.is_right().await;
    begun.database.close().await;
}

#[tokio::test]
async fn what_is_not_the_same_is_named() {
    let begun = Begun::new(179).await;
    let keys = begun.keys().await;
    let (lost, other) = (keys[7], keys[keys.len() / 2]);
    let made_up = (keys[0].0, 1_000_000);
    let said = |key: Key, text: &str| Message {
        position: 1_900,
        conversation: key.0,
        seq: key.1,
        sender: 1,
        sent_at: 0,
        kind: "text".into(),
        mentions: Vec::new(),
        text: text.into(),
    };
    let index = Index::open(&begun.place.directory(1)).unwrap();
    let mut writer = index.writer().unwrap();
    writer.remove([lost, other]).unwrap();
    writer.add(&said(other, "nobody ever said this")).unwrap();
    writer.add(&said(made_up, "nor this")).unwrap();
    writer.commit(&index.checkpoint().unwrap()).unwrap();
    writer.finish().unwrap();
    let verified = begun.verify().await;
    let built = begun.rebuild(Start::GoOn).await;
    let comparison = built.comparison.expect("compared");
    assert!(!comparison.is_equal());
    assert_eq!(
        verified, comparison,
        "as somebody says who replaces nothing"
    );
    let mut named: Vec<(String, u64)> = Vec::new();
    for (conversation, seq) in [lost, other, made_up] {
        named.push((begun.name(conversation).await, seq));
    }
    named.sort();
    let differing = comparison.differing.into_iter();
    let differing: Vec<_> = differing.map(|it| (it.conversation, it.seq)).collect();
    assert_eq!(differing, named);
    begun.is_right().await;
    begun.database.close().await;
}

#[tokio::test]
async fn an_index_that_somebody_else_writes_is_verified_where_it_is() {
    let begun = Begun::new(181).await;
    let mut indexer = begun.following().await;
    begun.go_on().await;
    let (pool, place) = (begun.database.pool.clone(), begun.place.clone());
    let verifying = tokio::spawn(verify_index(pool, place, |_, _| {}));
    steps_until(&mut indexer, "it is verified", |it| {
        assert!(it.is_ok(), "{it:?}");
        verifying.is_finished()
    })
    .await;
    let comparison = verifying.await.unwrap().unwrap();
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(comparison.position, 3_000);
    assert_eq!(
        begun.place.current().unwrap(),
        Some(1),
        "nothing was replaced"
    );
    begun.database.close().await;
}
