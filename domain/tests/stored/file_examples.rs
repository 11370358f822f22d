//! The expected event of each golden file of a file.

use domain::file::digest::Sha256Digest;
use domain::file::event::{
    DeletionReason, FileDeleted, FileEvent, FileReinstated, FileReserved, FileRetired, FileStored,
};
use domain::file::name::{FileName, MediaType};

use crate::example_values::{Example, time, user};

pub fn file() -> Vec<Example<FileEvent>> {
    use FileEvent as E;
    let sha256 = Sha256Digest::parse(&"0123456789abcdef".repeat(4)).unwrap();
    let png = MediaType::parse("image/png").unwrap();
    let reserved = FileReserved {
        uploader: user("anna"),
        name: Some(FileName::parse("Menü 菜单.png").unwrap()),
        declared_type: png.clone(),
        size: 48_213,
        sha256: Some(sha256.clone()),
        expires_at: time("2026-11-02T09:30:00.250Z"),
    };
    let stored = FileStored {
        size: 48_213,
        sha256,
        media_type: png,
        width: Some(800),
        height: Some(600),
    };
    let retired = FileRetired {
        reason: DeletionReason::Unused,
    };
    let deleted = FileDeleted {
        reason: DeletionReason::Owner,
        by: Some(user("anna")),
    };
    vec![
        ("file_reserved", 1, E::FileReserved(reserved)),
        ("file_stored", 1, E::FileStored(stored)),
        ("file_retired", 1, E::FileRetired(retired)),
        ("file_reinstated", 1, E::FileReinstated(FileReinstated {})),
        ("file_deleted", 1, E::FileDeleted(deleted)),
    ]
}

#[test]
fn the_names_of_reasons_never_change() {
    use DeletionReason as R;
    let reasons = [R::Owner, R::Unused, R::Expired, R::Erased, R::Removed];
    assert_eq!(
        serde_json::to_string(&reasons).unwrap(),
        r#"["owner","unused","expired","erased","removed"]"#
    );
}
