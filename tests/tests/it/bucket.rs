//! Files in a bucket of a real S3 server.

use serde_json::{Value, json};
use tests::bucket::BucketServer;
use tests::images;
use tests::uploads::{content, put_part, reserve, sha256, upload};
use tests::world::{World, create_dir};

/// More than one part of a bucket.
fn large() -> Vec<u8> {
    (0..5_000_000_u32).flat_map(u32::to_be_bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_in_a_bucket_and_leave_it() {
    let server = tokio::task::block_in_place(|| BucketServer::start(&create_dir()));
    let world = World::start_with(server.settings()).await;
    let ann = world.user("ann");
    let bytes = large();
    let (small, _) = upload(&ann, "small.txt", b"hello").await;
    let (large, position) = upload(&ann, "large", &bytes).await;
    world.wait_until_projected(position).await;
    assert_eq!(ann.get(&content(&small)).await.body, "hello");
    let whole = ann.get(&content(&large)).await;
    assert_eq!(sha256(&whole.body), sha256(&bytes));
    let request = ann.request(&reqwest::Method::GET, &content(&large));
    let part = request
        .header("range", "bytes=9000000-9000007")
        .send()
        .await;
    assert_eq!(
        (part.status, &part.body[..]),
        (206, &bytes[9_000_000..9_000_008])
    );
    let verify = async || -> Value {
        let report = world.run_ok(&["verify", "--files", "--json"]).await;
        serde_json::from_str(&report).expect("JSON")
    };
    let report = verify().await;
    assert_eq!(
        (&report["equal"], &report["files"]),
        (&json!(true), &json!(2))
    );
    let (image, position) = upload(&ann, "a.png", &images::png(600, 300)).await;
    world.wait_until_projected(position).await;
    for size in [256, 1024] {
        let preview = ann.get(&format!("{}?size={size}", content(&image))).await;
        preview.expect_bytes("image/jpeg");
        assert_eq!(images::describe(&preview.body).0, size.min(600));
    }
    let deleted = ann.delete(&format!("/v1/files/{image}")).await.position();
    world.wait_until_projected(deleted).await;
    let report = verify().await;
    assert_eq!(
        (&report["equal"], &report["files"]),
        (&json!(true), &json!(2)),
        "previews go with their file: {report}"
    );
    let deleted = ann.delete(&format!("/v1/files/{large}")).await.position();
    world.wait_until_projected(deleted).await;
    let report = verify().await;
    assert_eq!(
        (&report["equal"], &report["files"]),
        (&json!(true), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_completed_once_the_bucket_is_back() {
    let mut server = tokio::task::block_in_place(|| BucketServer::start(&create_dir()));
    let world = World::start_with(server.settings()).await;
    let ann = world.user("ann");
    let bytes = large();
    let size = bytes.len();
    let id = reserve(&ann, "large", size).await;
    server.kill();
    let all = format!("bytes 0-{}/{size}", size - 1);
    let failed = put_part(&ann, &id, &all, &bytes).await;
    assert_eq!(failed.expect_problem(503), "file_store_unavailable");
    tokio::task::block_in_place(|| server.restart());
    // All bytes have arrived, so an empty request is enough.
    let query = format!("bytes */{size}");
    let stored = eventually::eventually("the bucket takes the file", async || {
        let answer = put_part(&ann, &id, &query, b"").await;
        (answer.status == 200).then_some(answer)
    });
    let stored = stored.await;
    assert_eq!(stored.json()["sha256"], sha256(&bytes));
    world.wait_until_projected(stored.position()).await;
    assert_eq!(ann.get(&content(&id)).await.body.len(), size);
}
