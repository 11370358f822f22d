//! Integrity checks detect every kind of damage to the files of an index.

use std::sync::Arc;

use search::ParsedQuery;
use search::index::{
    Index, IndexCheckpoint, SearchIndexWriter, Sort, Tampering, VisibilityFilter, verify,
};

use crate::index_search::{checkpoint_at, search_request, text_message};

/// Creates an index of a few messages on disk.
fn create_on_disk(directory: &std::path::Path) -> Index {
    let index = Index::open(directory).expect("opens the index");
    let mut writer = index.writer().expect("the only writer");
    for n in 1..20 {
        let message = text_message(n, &format!("message number {n}"));
        writer.add(&message).expect("added");
    }
    writer.commit(&checkpoint_at(19)).expect("committed");
    index.refresh().expect("refreshed");
    index
}

fn find_file(directory: &std::path::Path, ending: &str) -> std::path::PathBuf {
    std::fs::read_dir(directory)
        .expect("a directory")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == ending)
        })
        .expect("a file with this extension")
}

#[test]
fn an_index_on_disk_can_be_reopened() {
    let scratch = tempfile::tempdir().expect("a directory");
    let index = Index::open(scratch.path()).expect("opens the index");
    assert_eq!(
        index.checkpoint().expect("default checkpoint"),
        IndexCheckpoint::default()
    );
    drop(create_on_disk(scratch.path()));
    let index = Index::open(scratch.path()).expect("reopens the index");
    assert_eq!(
        index.checkpoint().expect("committed checkpoint"),
        checkpoint_at(19)
    );
    assert_eq!(index.message_count(), 19);
    verify(scratch.path()).expect("the index is intact");
}

#[test]
fn detects_every_kind_of_damage_to_every_file_and_survives_it() {
    for ending in ["term", "idx", "pos", "fast", "fieldnorm"] {
        for damage in ["flipped bit", "truncation", "removal"] {
            let scratch = tempfile::tempdir().expect("a directory");
            let index = create_on_disk(scratch.path());
            index.watch_files().expect("starts watching");
            assert_eq!(
                index.check_files().expect("checks the files"),
                Tampering::None
            );
            let file = find_file(scratch.path(), ending);
            let mut bytes = std::fs::read(&file).expect("the file exists");
            match damage {
                "flipped bit" => {
                    bytes[1] ^= 1;
                    std::fs::write(&file, bytes).expect("written");
                }
                "truncation" => std::fs::File::options()
                    .write(true)
                    .open(&file)
                    .and_then(|file| file.set_len(3))
                    .expect("truncated"),
                _ => std::fs::remove_file(&file).expect("removed"),
            }
            verify(scratch.path()).expect_err(&format!("{damage} of {ending} file"));
            let tampering = index.check_files().expect("checks the files");
            assert_eq!(tampering, Tampering::Present, "{damage} of {ending} file");
            assert_eq!(
                index.check_files().expect("checks the files"),
                Tampering::None
            );
            // A concurrent search returns hits or an error, or at worst panics; the process
            // survives.
            let query = ParsedQuery::parse("\"message number\"").expect("valid query");
            let visible = Arc::new(VisibilityFilter::unrestricted());
            let search = || {
                index
                    .search(&search_request(&query, &visible, Sort::Relevance))
                    .ok()
            };
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(search));
        }
    }
}

#[test]
fn detects_damage_that_a_merge_has_absorbed() {
    for is_touched in [false, true] {
        let scratch = tempfile::tempdir().expect("a directory");
        let index = Index::open(scratch.path()).expect("opens the index");
        let mut writer = index.writer().expect("the only writer");
        index.watch_files().expect("starts watching");
        let commit = |writer: &mut SearchIndexWriter, n: u64| {
            writer
                .add(&text_message(n, &format!("message number {n}")))
                .expect("added");
            writer.commit(&checkpoint_at(n)).expect("committed");
        };
        commit(&mut writer, 1);
        let file = find_file(scratch.path(), "fieldnorm");
        if is_touched {
            // Rewrite the same bytes: different ones could make the merge fail.
            let bytes = std::fs::read(&file).expect("the file exists");
            std::fs::write(&file, bytes).expect("written");
        }
        // Enough small segments to trigger a merge.
        (2..20).for_each(|n| commit(&mut writer, n));
        writer.wait_for_merges().expect("merges finish");
        // The next commit removes unreferenced files.
        commit(&mut index.writer().expect("the next writer"), 20);
        assert!(
            !file.exists(),
            "the file was not merged away; is_touched: {is_touched}"
        );
        let expected = if is_touched {
            Tampering::Merged
        } else {
            Tampering::None
        };
        assert_eq!(index.check_files().expect("checks the files"), expected);
    }
}
