//! An interrupted build of the search index resumes, and each new index is compared with the one
//! that it replaces.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use eventually::eventually_true;
use projector::index::{
    BuildReport, IndexBuilds, IndexComparison, Indexer, IndexingError, IndexingOutcome,
    IntegrityChecks, RebuildRequest, WriterGuard, rebuild_index, verify_index,
};
use projector::{PreviousVersion, RebuildStart};
use search::index::{DocumentKey, Index, IndexDir, MessageDocument};
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold, log};

/// How many events the log has when the first build begins.
const EVENTS_BEFORE_BUILD: usize = 2_000;

/// A history, the read model of its first events, and an index of that read model.
struct BuildFixture {
    generator: HistoryGenerator,
    database: ProjectorDatabase,
    index_dir: IndexDir,
    _scratch: tempfile::TempDir,
}

impl BuildFixture {
    async fn new(seed: u64) -> Self {
        let generator = HistoryGenerator::with_events(seed, 9, 3_000);
        let database = ProjectorDatabase::new().await;
        log::append(&database.pool, &generator.log[..EVENTS_BEFORE_BUILD]).await;
        fold(
            &database.pool,
            config(),
            &generator.log[..EVENTS_BEFORE_BUILD],
            500,
        )
        .await;
        let scratch = tempfile::tempdir().unwrap();
        let index_dir = IndexDir::new(scratch.path().join("search"));
        let fixture = Self {
            generator,
            database,
            index_dir,
            _scratch: scratch,
        };
        let built = fixture.rebuild(RebuildStart::Scratch).await;
        assert_eq!((built.build, built.comparison), (1, None));
        fixture
    }

    async fn rebuild(&self, start: RebuildStart) -> BuildReport {
        self.replace(start, PreviousVersion::Drop).await
    }

    async fn replace(&self, start: RebuildStart, replaced: PreviousVersion) -> BuildReport {
        let (pool, index_dir) = (self.database.pool.clone(), self.index_dir.clone());
        rebuild_index(pool, index_dir, start, replaced, |_| {})
            .await
            .unwrap()
    }

    async fn verify(&self) -> IndexComparison {
        verify_index(
            self.database.pool.clone(),
            self.index_dir.clone(),
            |_, _| {},
        )
        .await
        .unwrap()
    }

    /// Appends and folds the remaining events.
    async fn append_rest(&self) {
        let rest = &self.generator.log[EVENTS_BEFORE_BUILD..];
        log::append(&self.database.pool, rest).await;
        fold(&self.database.pool, config(), rest, 100).await;
    }

    async fn keys(&self) -> Vec<DocumentKey> {
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

    /// Simulates a build that is killed after a commit: it contains the first messages and records
    /// the last of them as its progress. Returns how many messages it contains.
    async fn interrupt_build(&self) -> u64 {
        let keys = self.keys().await;
        let (indexed, missing) = keys.split_at(keys.len() / 3);
        let writer = WriterGuard::acquire(&self.builds()).unwrap().unwrap();
        let build = writer.create_build().unwrap();
        let served = self.index_dir.current_build().unwrap().unwrap();
        copy_files(
            &self.index_dir.build_path(served),
            &self.index_dir.build_path(build),
        );
        let index = Index::open(&self.index_dir.build_path(build)).unwrap();
        let mut checkpoint = index.checkpoint().unwrap();
        checkpoint.filled = indexed.last().copied();
        let mut writer = index.writer().unwrap();
        writer.remove(missing.iter().copied()).unwrap();
        writer.commit(&checkpoint).unwrap();
        writer.wait_for_merges().unwrap();
        indexed.len() as u64
    }

    fn builds(&self) -> IndexBuilds {
        IndexBuilds::new(self.index_dir.clone())
    }

    async fn execute(&self, sql: &str) {
        sqlx::query(sql).execute(&self.database.pool).await.unwrap();
    }

    /// An indexer that checks the files in every step.
    fn indexer(&self) -> Indexer {
        let watch = IntegrityChecks {
            file_check_interval: Duration::ZERO,
            ..IntegrityChecks::default()
        };
        Indexer::new(self.database.pool.clone(), self.index_dir.clone(), watch)
    }

    /// Runs an indexer until it serves another build, and returns the report of that build.
    async fn follow_until_served(&self) -> BuildReport {
        let mut indexer = self.indexer();
        let before = self.index_dir.current_build().unwrap();
        steps_until(&mut indexer, "another build is served", |result| {
            is_up_to_date(result) && self.index_dir.current_build().unwrap() > before
        })
        .await;
        self.builds().read_report().unwrap().expect("a report")
    }

    /// An indexer that is up to date.
    async fn current_indexer(&self) -> Indexer {
        let mut indexer = self.indexer();
        steps_until(&mut indexer, "the index is up to date", is_up_to_date).await;
        indexer
    }

    /// Asserts that the served index equals one built from scratch.
    async fn assert_matches_read_model(&self) {
        let built = self.rebuild(RebuildStart::Scratch).await;
        let comparison = built
            .comparison
            .expect("a comparison with the previous index");
        assert!(comparison.is_equal(), "{comparison:?}");
        assert_eq!(comparison.built.messages, self.keys().await.len() as u64);
    }
}

fn copy_files(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Flips a bit in the middle of the largest file.
fn damage_largest_file(directory: &Path) {
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
async fn an_interrupted_build_resumes_after_further_events() {
    for by_command in [true, false] {
        let fixture = BuildFixture::new(171).await;
        let had = fixture.interrupt_build().await;
        fixture.append_rest().await;
        let built = if by_command {
            fixture.rebuild(RebuildStart::InterruptedBuild).await
        } else {
            fixture.follow_until_served().await
        };
        assert_eq!(
            (built.build, built.resumed),
            (2, had),
            "by command: {by_command}"
        );
        let comparison = built.comparison.expect("a comparison with the first index");
        assert!(comparison.is_equal(), "{comparison:?}");
        fixture.assert_matches_read_model().await;
        fixture.database.close().await;
    }
}

type StepResult = Result<IndexingOutcome, IndexingError>;

fn is_up_to_date(result: &StepResult) -> bool {
    matches!(result, Ok(IndexingOutcome::UpToDate))
}

/// Steps, ignoring errors, until a condition holds.
async fn steps_until(
    indexer: &mut Indexer,
    condition: &str,
    mut holds: impl FnMut(&StepResult) -> bool,
) {
    // Builds run concurrently with the steps.
    eventually_true(condition, async || {
        let result = indexer.step().await;
        if let Err(error) = &result {
            eprintln!("continuing after: {error}");
        }
        holds(&result)
    })
    .await;
}

#[tokio::test]
async fn a_requested_build_survives_database_errors() {
    let fixture = BuildFixture::new(191).await;
    let mut indexer = fixture.current_indexer().await;
    fixture
        .execute("ALTER TABLE read.messages RENAME TO away")
        .await;
    let builds = fixture.builds();
    builds.request_rebuild(RebuildRequest::default()).unwrap();
    let mut errors = 0;
    steps_until(&mut indexer, "three steps have failed", |result| {
        errors += u32::from(result.is_err());
        errors == 3
    })
    .await;
    assert!(
        builds.rebuild_request().unwrap().is_none(),
        "the request was accepted"
    );
    assert_eq!(
        fixture.index_dir.current_build().unwrap(),
        Some(1),
        "the old index is still served"
    );
    fixture
        .execute("ALTER TABLE read.away RENAME TO messages")
        .await;
    steps_until(&mut indexer, "the requested build is served", |_| {
        fixture.index_dir.current_build().unwrap() > Some(1)
    })
    .await;
    drop(indexer);
    fixture.assert_matches_read_model().await;
    fixture.database.close().await;
}

#[tokio::test]
async fn a_running_build_does_not_satisfy_a_later_request() {
    let fixture = BuildFixture::new(193).await;
    let mut indexer = fixture.current_indexer().await;
    let builds = fixture.builds();
    // One request per step. A stopped build may still be writing, so no build number is reused.
    for build in 2..10 {
        builds.request_rebuild(RebuildRequest::default()).unwrap();
        indexer.step().await.unwrap();
        assert_eq!(builds.last_begun_build().unwrap(), Some(build));
        assert!(builds.rebuild_request().unwrap().is_none());
    }
    steps_until(&mut indexer, "the last build is served", |_| {
        fixture.index_dir.current_build().unwrap() == Some(9)
    })
    .await;
    // Results of the earlier builds do not trigger another one.
    steps_until(&mut indexer, "the index is up to date", is_up_to_date).await;
    assert_eq!(builds.unfinished_build().unwrap(), None);
    drop(indexer);
    fixture.assert_matches_read_model().await;
    fixture.database.close().await;
}

#[tokio::test]
async fn a_waiting_process_builds_the_index_if_the_writer_ends() {
    let fixture = BuildFixture::new(197).await;
    let indexer = fixture.current_indexer().await;
    let (pool, index_dir) = (fixture.database.pool.clone(), fixture.index_dir.clone());
    let requester = tokio::spawn(rebuild_index(
        pool,
        index_dir,
        RebuildStart::InterruptedBuild,
        PreviousVersion::Drop,
        |_| (),
    ));
    eventually_true("the rebuild is requested", || async {
        fixture.builds().rebuild_request().unwrap().is_some()
    })
    .await;
    drop(indexer);
    let built = requester.await.unwrap().unwrap();
    assert_eq!((built.build, built.resumed), (2, 0));
    assert!(
        fixture.builds().rebuild_request().unwrap().is_none(),
        "the request is not served twice"
    );
    fixture.assert_matches_read_model().await;
    fixture.database.close().await;
}

#[tokio::test]
async fn a_build_that_cannot_resume_starts_from_scratch() {
    let fixture = BuildFixture::new(173).await;
    // Its files may contain content that has been erased since.
    fixture.interrupt_build().await;
    assert_eq!(fixture.rebuild(RebuildStart::Scratch).await.resumed, 0);
    fixture.assert_matches_read_model().await;
    // A corrupted build.
    fixture.interrupt_build().await;
    let unfinished = fixture.builds().unfinished_build().unwrap().unwrap();
    damage_largest_file(&fixture.index_dir.build_path(unfinished));
    assert_eq!(
        fixture
            .rebuild(RebuildStart::InterruptedBuild)
            .await
            .resumed,
        0
    );
    fixture.assert_matches_read_model().await;
    // A build with another numbering.
    fixture.interrupt_build().await;
    sqlx::query("UPDATE read.checkpoint SET numbering = numbering + 1")
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    let built = fixture.rebuild(RebuildStart::InterruptedBuild).await;
    assert_eq!((built.resumed, built.comparison), (0, None));
    fixture.assert_matches_read_model().await;
    fixture.database.close().await;
}

#[tokio::test]
async fn the_previous_index_is_kept_and_restored() {
    for by_command in [true, false] {
        let fixture = BuildFixture::new(199).await;
        let first = fixture.keys().await.len() as u64;
        assert_eq!(fixture.builds().kept_build().unwrap(), None);
        let second = fixture
            .replace(RebuildStart::InterruptedBuild, PreviousVersion::Keep)
            .await;
        assert_eq!((second.build, second.resumed), (2, 0));
        assert_eq!(fixture.builds().kept_build().unwrap(), Some(1));
        // The kept index does not follow the log, and it outlives builds that were not requested.
        fixture.interrupt_build().await;
        fixture.append_rest().await;
        assert_eq!(fixture.follow_until_served().await.build, 3);
        assert_eq!(fixture.builds().kept_build().unwrap(), Some(1));
        let restored = if by_command {
            fixture
                .replace(RebuildStart::KeptVersion, PreviousVersion::Keep)
                .await
        } else {
            let request = RebuildRequest {
                from_kept: true,
                keep: true,
            };
            fixture.builds().request_rebuild(request).unwrap();
            fixture.follow_until_served().await
        };
        assert_eq!((restored.build, restored.resumed), (4, first));
        let comparison = restored
            .comparison
            .expect("a comparison with the third index");
        assert!(comparison.is_equal(), "{comparison:?}");
        assert_eq!(fixture.builds().kept_build().unwrap(), Some(3));
        assert!(fixture.builds().remove_kept().unwrap());
        assert!(!fixture.index_dir.build_path(3).exists());
        fixture.assert_matches_read_model().await;
        fixture.database.close().await;
    }
}

#[tokio::test]
async fn a_kept_index_is_not_restored_if_corrupted_and_a_scratch_build_removes_it() {
    let fixture = BuildFixture::new(211).await;
    fixture
        .replace(RebuildStart::InterruptedBuild, PreviousVersion::Keep)
        .await;
    damage_largest_file(&fixture.index_dir.build_path(1));
    let restored = fixture
        .replace(RebuildStart::KeptVersion, PreviousVersion::Keep)
        .await;
    assert_eq!(restored.resumed, 0);
    let kept = fixture
        .builds()
        .kept_build()
        .unwrap()
        .expect("the second build is kept");
    // Its files may contain content that has been erased since.
    fixture.rebuild(RebuildStart::Scratch).await;
    assert_eq!(fixture.builds().kept_build().unwrap(), None);
    assert!(!fixture.index_dir.build_path(kept).exists());
    fixture.assert_matches_read_model().await;
    fixture.database.close().await;
}

#[tokio::test]
async fn differing_messages_are_listed() {
    let fixture = BuildFixture::new(179).await;
    let keys = fixture.keys().await;
    let (lost, other) = (keys[7], keys[keys.len() / 2]);
    let invented = (keys[0].0, 1_000_000);
    let document = |key: DocumentKey, text: &str| MessageDocument {
        position: 1_900,
        conversation: key.0,
        seq: key.1,
        sender: 1,
        sent_at: 0,
        kind: "text".into(),
        mentions: Vec::new(),
        text: text.into(),
    };
    let index = Index::open(&fixture.index_dir.build_path(1)).unwrap();
    let mut writer = index.writer().unwrap();
    writer.remove([lost, other]).unwrap();
    writer
        .add(&document(other, "a text that was never sent"))
        .unwrap();
    writer
        .add(&document(invented, "another invented text"))
        .unwrap();
    writer.commit(&index.checkpoint().unwrap()).unwrap();
    writer.wait_for_merges().unwrap();
    let verified = fixture.verify().await;
    let built = fixture.rebuild(RebuildStart::InterruptedBuild).await;
    let comparison = built
        .comparison
        .expect("a comparison with the served index");
    assert!(!comparison.is_equal());
    assert_eq!(
        verified, comparison,
        "verification reports the same as the rebuild"
    );
    let mut named: Vec<(String, u64)> = Vec::new();
    for (conversation, seq) in [lost, other, invented] {
        named.push((fixture.name(conversation).await, seq));
    }
    named.sort();
    let differing = comparison.differing.into_iter();
    let differing: Vec<_> = differing
        .map(|message| (message.conversation, message.seq))
        .collect();
    assert_eq!(differing, named);
    fixture.assert_matches_read_model().await;
    fixture.database.close().await;
}

#[tokio::test]
async fn an_index_written_by_another_process_is_verified_in_place() {
    let fixture = BuildFixture::new(181).await;
    let mut indexer = fixture.current_indexer().await;
    fixture.append_rest().await;
    let (pool, index_dir) = (fixture.database.pool.clone(), fixture.index_dir.clone());
    let verifying = tokio::spawn(verify_index(pool, index_dir, |_, _| {}));
    steps_until(&mut indexer, "the verification has finished", |result| {
        assert!(result.is_ok(), "{result:?}");
        verifying.is_finished()
    })
    .await;
    let comparison = verifying.await.unwrap().unwrap();
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(comparison.position, 3_000);
    assert_eq!(
        fixture.index_dir.current_build().unwrap(),
        Some(1),
        "nothing was replaced"
    );
    fixture.database.close().await;
}
