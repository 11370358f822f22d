//! Uploads to a directory that is away, broken or full: the same as with a bucket. That a directory
//! may not be written is not tested, because root may write anything; it is the same error as one
//! that is no directory.

use std::path::{Path, PathBuf};

use rlimit::Resource;
use serde_json::json;
use tests::images;
use tests::uploads::{content, put, put_part, reserve, send_file, sha256, upload};
use tests::world::{Settings, World};

use crate::later_collector::LaterCollector;
use crate::store_faults::verify;

/// A path with a file in the place of what was there.
struct Replaced {
    path: PathBuf,
    kept: PathBuf,
}

impl Replaced {
    fn new(path: &Path) -> Self {
        let kept = path.with_extension("kept");
        if path.exists() {
            std::fs::rename(path, &kept).expect("renamed");
        } else {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        }
        std::fs::write(path, b"no directory").expect("a file");
        Self {
            path: path.to_owned(),
            kept,
        }
    }

    fn restore(self) {
        std::fs::remove_file(&self.path).expect("removed");
        if self.kept.exists() {
            std::fs::rename(&self.kept, &self.path).expect("renamed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_once_its_directory_is_back() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    let store = world.dir.join("data/files");
    let (old, position) = upload(&ann, "old.txt", b"old").await;
    let (deleted, _) = upload(&ann, "gone.txt", b"gone").await;
    let (image, last) = upload(&ann, "a.png", &images::png(600, 300)).await;
    world.wait_until_projected(position.max(last)).await;
    let id = reserve(&ann, "new.txt", 10).await;
    put_part(&ann, &id, "bytes 0-3/10", b"0123")
        .await
        .expect(202);

    let away = Replaced::new(&store);
    let announced = reserve(&ann, "later.txt", 5).await;
    for (range, bytes) in [("bytes 4-9/10", &b"456789"[..]), ("bytes */10", b"")] {
        let failed = put_part(&ann, &id, range, bytes).await;
        assert_eq!(
            failed.expect_problem(503),
            "file_store_unavailable",
            "{range}"
        );
        assert!(!failed.header("retry-after").is_empty());
    }
    let failed = ann.get(&content(&old)).await;
    assert_eq!(failed.expect_problem(503), "file_store_unavailable");
    let failed = ann.get(&format!("{}?size=256", content(&image))).await;
    assert_eq!(failed.expect_problem(503), "preview_unavailable");
    // Messages and deletions do not need the bytes.
    send_file(&ann, "room", "m1", &old).await.expect(201);
    let gone = ann.delete(&format!("/v1/files/{deleted}")).await;
    gone.expect(200);
    away.restore();

    let asked = put_part(&ann, &id, "bytes */10", b"").await.expect(202);
    assert_eq!(asked["received"], 4, "what had arrived is there");
    let stored = put_part(&ann, &id, "bytes 4-9/10", b"456789").await;
    assert_eq!(stored.expect(200)["sha256"], sha256(b"0123456789"));
    put(&ann, &announced, b"later").await.expect(200);
    let sent = send_file(&ann, "room", "m2", &id).await.position();
    world.wait_until_projected(sent).await;
    assert_eq!(ann.get(&content(&id)).await.body, "0123456789");
    assert_eq!(ann.get(&content(&old)).await.body, "old");
    ann.get(&format!("{}?size=256", content(&image)))
        .await
        .expect(200);
    let later = LaterCollector::start(&world, &Settings::default()).await;
    later.sweep().await.expect("a sweep");
    assert_eq!(verify(&world).await, (true, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_cannot_be_moved_into_place_wait_for_the_next_attempt() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    let id = reserve(&ann, "a.png", images::png(600, 300).len()).await;
    let bytes = images::png(600, 300);
    // The folders in which the object and its previews are to be.
    let folders = ["files", "previews"].map(|name| {
        let folder = world.dir.join("data/files").join(name).join(&id[34..]);
        Replaced::new(&folder)
    });
    let failed = put(&ann, &id, &bytes).await;
    assert_eq!(failed.expect_problem(503), "file_store_unavailable");
    let early = send_file(&ann, "room", "k", &id).await;
    assert_eq!(early.expect_problem(422), "file_not_ready");
    let [object, preview] = folders;
    object.restore();
    let query = format!("bytes */{}", bytes.len());
    let stored = put_part(&ann, &id, &query, b"").await;
    assert_eq!(stored.expect(200)["state"], "stored");
    world.wait_until_projected(stored.position()).await;
    let path = format!("{}?size=256", content(&id));
    let failed = ann.get(&path).await;
    assert_eq!(failed.expect_problem(503), "preview_unavailable");
    preview.restore();
    ann.get(&path).await.expect(200);
    assert_eq!(verify(&world).await, (true, 1));
}

/// Limits how large a file of the service can become, as a full disk does.
fn limit_files(world: &mut World, bytes: u64) {
    let process = i32::try_from(world.service().process.id()).expect("a process id");
    let limit = Some((bytes, rlimit::INFINITY));
    rlimit::prlimit(process, Resource::FSIZE, limit, None).expect("a limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_once_the_disk_has_room() {
    upload_to_full_disk(1_000_000, 2_000_000).await;
}

/// Large files are written past the page cache.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_goes_on_once_the_disk_has_room() {
    upload_to_full_disk(4_500_001, 17_000_000).await;
}

/// Uploads this many numbers of four bytes, while a file has room for so many bytes, and the rest
/// when it has more.
async fn upload_to_full_disk(numbers: u32, room: u64) {
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    let bytes: Vec<u8> = (0..numbers).flat_map(u32::to_be_bytes).collect();
    let size = bytes.len();
    let id = reserve(&ann, "numbers", size).await;
    limit_files(&mut world, room);
    let failed = put(&ann, &id, &bytes).await;
    assert_eq!(failed.expect_problem(507), "file_store_full");
    assert!(!failed.header("retry-after").is_empty());
    let early = send_file(&ann, "room", "k", &id).await;
    assert_eq!(early.expect_problem(422), "file_not_ready");
    let query = format!("bytes */{size}");
    let asked = put_part(&ann, &id, &query, b"").await.expect(202);
    let received = asked["received"].as_u64().expect("a number");
    assert!((room / 2..=room).contains(&received), "{received}");
    let received = usize::try_from(received).expect("a number");
    assert_eq!(asked["state"], json!("partial"));
    limit_files(&mut world, rlimit::INFINITY);
    let rest = format!("bytes {received}-{}/{size}", size - 1);
    let stored = put_part(&ann, &id, &rest, &bytes[received..]).await;
    assert_eq!(stored.expect(200)["sha256"], sha256(&bytes));
    world.wait_until_projected(stored.position()).await;
    assert!(ann.get(&content(&id)).await.body == bytes);
    assert_eq!(verify(&world).await, (true, 1));
}
