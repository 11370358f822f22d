//! The rules of files.

use domain::file::File;
use domain::file::command::{DeleteFile, FileCommand, StoreFile};
use domain::file::digest::Sha256Digest;
use domain::file::event::{
    DeletionReason, FileDeleted, FileEvent, FileReinstated, FileReserved, FileRetired, FileStored,
};
use domain::file::name::{FileName, MediaType};
use domain::file::quota::StorageQuota;
use domain::ids::UserId;
use domain::time::Timestamp;

use crate::builders::user;
use crate::given_when_then::given;

fn digest(digit: char) -> Sha256Digest {
    Sha256Digest::parse(&digit.to_string().repeat(64)).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn announced() -> FileReserved {
    FileReserved {
        uploader: user("anna"),
        name: Some(FileName::parse("menu.txt").unwrap()),
        declared_type: MediaType::parse("text/plain").unwrap(),
        size: 8,
        sha256: Some(digest('a')),
        expires_at: at(1_000),
    }
}

fn bytes(size: i64, digit: char) -> FileStored {
    FileStored {
        size,
        sha256: digest(digit),
        media_type: MediaType::parse("text/plain").unwrap(),
        width: None,
        height: None,
    }
}

fn reserved() -> FileEvent {
    FileEvent::FileReserved(announced())
}

fn stored() -> FileEvent {
    FileEvent::FileStored(bytes(8, 'a'))
}

fn retired() -> FileEvent {
    let reason = DeletionReason::Unused;
    FileEvent::FileRetired(FileRetired { reason })
}

fn deleted(reason: DeletionReason) -> FileEvent {
    FileEvent::FileDeleted(FileDeleted { reason, by: None })
}

fn store(file: FileStored, now: i64) -> FileCommand {
    FileCommand::Store(StoreFile { file, now: at(now) })
}

fn delete(reason: DeletionReason, now: i64) -> FileCommand {
    delete_since(Some(1), reason, now)
}

fn delete_since(retirement: Option<u64>, reason: DeletionReason, now: i64) -> FileCommand {
    FileCommand::Delete(DeleteFile {
        reason,
        by: None,
        retirement,
        now: at(now),
    })
}

#[test]
fn a_file_is_reserved_once_and_stored_as_announced() {
    given::<File>([])
        .when(FileCommand::Reserve(announced()))
        .then([reserved()]);
    given::<File>([reserved()])
        .when(FileCommand::Reserve(announced()))
        .then_refused("conflict");
    given::<File>([])
        .when(store(bytes(8, 'a'), 0))
        .then_refused("not_found");
    given::<File>([reserved()])
        .when(store(bytes(8, 'a'), 999))
        .then([stored()]);
    for (file, now, code) in [
        (bytes(7, 'a'), 0, "size_mismatch"),
        (bytes(8, 'b'), 0, "digest_mismatch"),
        (bytes(8, 'a'), 1_000, "upload_expired"),
    ] {
        given::<File>([reserved()])
            .when(store(file, now))
            .then_refused(code);
    }
}

#[test]
fn the_bytes_of_a_stored_file_never_change() {
    given::<File>([reserved(), stored()])
        .when(store(bytes(8, 'a'), 5_000))
        .then([]);
    given::<File>([reserved(), stored()])
        .when(store(bytes(8, 'b'), 0))
        .then_refused("conflict");
    given::<File>([
        reserved(),
        stored(),
        retired(),
        deleted(DeletionReason::Unused),
    ])
    .when(store(bytes(8, 'a'), 0))
    .then_refused("not_found");
}

#[test]
fn only_a_retired_file_is_deleted_unless_an_administrator_removes_it() {
    use DeletionReason as R;
    for reason in [R::Owner, R::Unused, R::Erased, R::Expired] {
        given::<File>([reserved(), stored()])
            .when(delete(reason, 5_000))
            .then_refused("conflict");
        given::<File>([reserved(), stored(), retired()])
            .when(delete(reason, 5_000))
            .then([deleted(reason)]);
    }
    given::<File>([reserved(), stored()])
        .when(delete(R::Removed, 0))
        .then([deleted(R::Removed)]);
    given::<File>([reserved(), deleted(R::Owner)])
        .when(delete(R::Removed, 0))
        .then([]);
}

#[test]
fn a_reservation_expires_when_its_time_is_over() {
    use DeletionReason as R;
    given::<File>([reserved()])
        .when(delete(R::Expired, 999))
        .then_refused("conflict");
    given::<File>([reserved()])
        .when(delete(R::Expired, 1_000))
        .then([deleted(R::Expired)]);
    given::<File>([reserved()])
        .when(delete(R::Owner, 0))
        .then([deleted(R::Owner)]);
}

#[test]
fn a_retired_file_can_be_reinstated() {
    let reinstated = || FileEvent::FileReinstated(FileReinstated {});
    given::<File>([reserved(), stored()])
        .when(FileCommand::Retire(DeletionReason::Unused))
        .then([retired()]);
    given::<File>([reserved(), stored(), retired()])
        .when(FileCommand::Reinstate)
        .then([reinstated()]);
    given::<File>([reserved(), stored(), retired(), reinstated()])
        .when(FileCommand::Reinstate)
        .then([]);
    given::<File>([reserved()])
        .when(FileCommand::Retire(DeletionReason::Unused))
        .then_refused("not_found");
}

#[test]
fn a_message_can_use_only_a_stored_file_of_its_sender() {
    let refusal = |events: Vec<FileEvent>, sender: &str| {
        let file = given::<File>(events).state;
        let refused = file.require_usable(&user(sender)).err();
        refused.map(|refusal| refusal.code)
    };
    assert_eq!(refusal(vec![], "anna"), Some("invalid"));
    assert_eq!(refusal(vec![reserved()], "anna"), Some("file_not_ready"));
    assert_eq!(refusal(vec![reserved(), stored()], "anna"), None);
    assert_eq!(refusal(vec![reserved(), stored()], "ben"), Some("invalid"));
    let retired = vec![reserved(), stored(), retired()];
    assert_eq!(refusal(retired, "anna"), Some("file_not_ready"));
}

#[test]
fn an_avatar_is_a_stored_image_of_whom_it_belongs_to() {
    let image = FileEvent::FileStored(FileStored {
        media_type: MediaType::parse("image/png").unwrap(),
        ..bytes(8, 'a')
    });
    let refusal = |events: Vec<FileEvent>, owners: &[&str]| {
        let file = given::<File>(events).state;
        let owners: Vec<UserId> = owners.iter().map(|owner| user(owner)).collect();
        let refused = file
            .require_avatar(&owners.iter().collect::<Vec<_>>())
            .err();
        refused.map(|refusal| {
            assert_eq!(refusal.field, Some("avatar"));
            refusal.code
        })
    };
    assert_eq!(refusal(vec![], &["anna"]), Some("invalid"));
    assert_eq!(refusal(vec![reserved()], &["anna"]), Some("file_not_ready"));
    assert_eq!(
        refusal(vec![reserved(), stored()], &["anna"]),
        Some("invalid")
    );
    let picture = vec![reserved(), image];
    assert_eq!(refusal(picture.clone(), &["anna"]), None);
    assert_eq!(refusal(picture.clone(), &["root", "anna"]), None);
    assert_eq!(refusal(picture.clone(), &["ben"]), Some("invalid"));
    let retired = [picture, vec![retired()]].concat();
    assert_eq!(refusal(retired, &["anna"]), Some("file_not_ready"));
}

#[test]
fn a_deleted_file_keeps_no_name() {
    let file = given::<File>([reserved(), deleted(DeletionReason::Owner)]).state;
    assert_eq!(file.reserved(), None);
    let json = serde_json::to_string(&file).unwrap();
    assert!(!json.contains("menu"), "{json}");
}

#[test]
fn who_has_looked_before_the_last_retirement_deletes_nothing() {
    let again = [
        reserved(),
        stored(),
        retired(),
        FileEvent::FileReinstated(FileReinstated {}),
        retired(),
    ];
    let reason = DeletionReason::Unused;
    for (retirement, is_deleted) in [(None, false), (Some(1), false), (Some(2), true)] {
        let when = given::<File>(again.clone()).when(delete_since(retirement, reason, 0));
        if is_deleted {
            when.then([deleted(reason)]);
        } else {
            when.then_refused("conflict");
        }
    }
}

#[test]
fn the_files_of_a_user_may_fill_the_quota_and_not_exceed_it() {
    let quota = StorageQuota::new(1_000);
    for (taken, size) in [(0, 1_000), (900, 100), (1_000, 0)] {
        assert_eq!(quota.check(taken, size), Ok(()), "{taken} + {size}");
    }
    for (taken, size) in [(0, 1_001), (901, 100), (1_000, 1), (u64::MAX, u64::MAX)] {
        let refusal = quota.check(taken, size).unwrap_err();
        assert_eq!(refusal.code, "quota", "{taken} + {size}");
    }
}
