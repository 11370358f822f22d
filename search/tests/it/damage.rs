//! Damage to the files of an index is found, whatever it is and whenever it happens.

use std::sync::Arc;

use search::Query;
use search::index::{Checkpoint, Index, Sort, Touched, Visible, Writer, verify};

use crate::finding::{ask, at, plain};

/// An index of a few messages on disk.
fn on_disk(directory: &std::path::Path) -> Index {
    let index = Index::open(directory).expect("an index");
    let mut writer = index.writer().expect("the only writer");
    for n in 1..20 {
        let message = plain(n, &format!("message number {n}"));
        writer.add(&message).expect("added");
    }
    writer.commit(&at(19)).expect("committed");
    index.refresh().expect("refreshed");
    index
}

fn file_of(directory: &std::path::Path, ending: &str) -> std::path::PathBuf {
    std::fs::read_dir(directory)
        .expect("a directory")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|it| it == ending))
        .expect("such a file")
}

#[test]
fn an_index_on_disk_is_there_again() {
    let scratch = tempfile::tempdir().expect("a directory");
    let index = Index::open(scratch.path()).expect("an index");
    assert_eq!(
        index.checkpoint().expect("a new one"),
        Checkpoint::default()
    );
    drop(on_disk(scratch.path()));
    let index = Index::open(scratch.path()).expect("the index");
    assert_eq!(index.checkpoint().expect("what was committed"), at(19));
    assert_eq!(index.messages(), 19);
    verify(scratch.path()).expect("it is whole");
}

#[test]
fn damage_of_every_kind_to_every_file_is_found_and_takes_nobody_down() {
    for ending in ["term", "idx", "pos", "fast", "fieldnorm"] {
        for damage in ["a bit", "an end", "a file"] {
            let scratch = tempfile::tempdir().expect("a directory");
            let index = on_disk(scratch.path());
            index.watch().expect("looks");
            assert_eq!(index.look().expect("looks"), Touched::No);
            let file = file_of(scratch.path(), ending);
            let mut bytes = std::fs::read(&file).expect("it is there");
            match damage {
                "a bit" => {
                    bytes[1] ^= 1;
                    std::fs::write(&file, bytes).expect("written");
                }
                "an end" => std::fs::File::options()
                    .write(true)
                    .open(&file)
                    .and_then(|file| file.set_len(3))
                    .expect("cut short"),
                _ => std::fs::remove_file(&file).expect("removed"),
            }
            verify(scratch.path()).expect_err(&format!("{damage} of {ending}"));
            let seen = index.look().expect("looks");
            assert_eq!(seen, Touched::Here, "{damage} of {ending}");
            assert_eq!(index.look().expect("looks"), Touched::No);
            // Whoever searches meanwhile gets hits, an error or at worst a panic, and lives.
            let query = Query::parse("\"message number\"").expect("a query");
            let visible = Arc::new(Visible::everything());
            let search = || index.find(&ask(&query, &visible, Sort::Relevance)).ok();
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(search));
        }
    }
}

#[test]
fn damage_that_a_merge_has_taken_in_is_found() {
    for is_touched in [false, true] {
        let scratch = tempfile::tempdir().expect("a directory");
        let index = Index::open(scratch.path()).expect("an index");
        let mut writer = index.writer().expect("the only writer");
        index.watch().expect("watches");
        let commit = |writer: &mut Writer, n: u64| {
            writer
                .add(&plain(n, &format!("message number {n}")))
                .expect("added");
            writer.commit(&at(n)).expect("committed");
        };
        commit(&mut writer, 1);
        let file = file_of(scratch.path(), "fieldnorm");
        if is_touched {
            // The same bytes: any others may keep the merge from being made.
            let bytes = std::fs::read(&file).expect("it is there");
            std::fs::write(&file, bytes).expect("written");
        }
        // So many small segments become one.
        (2..20).for_each(|n| commit(&mut writer, n));
        writer.finish().expect("the merges end");
        // The next commit takes away what nothing refers to any more.
        commit(&mut index.writer().expect("the next writer"), 20);
        assert!(!file.exists(), "it was not merged, touched: {is_touched}");
        let expected = if is_touched {
            Touched::Gone
        } else {
            Touched::No
        };
        assert_eq!(index.look().expect("looks"), expected);
    }
}
