//! Reading, previews and deletion while the bucket is away, slow or full, or answers errors: the
//! client learns that it must come back, and then gets what it should.

use std::time::Duration;

use eventually::{eventually, eventually_within};
use reqwest::Method;
use tests::client::Client;
use tests::images;
use tests::store_proxy::{StoreFault, StoreProxy, StoreRequest};
use tests::uploads::{content, put, reserve, send_file, upload};
use tests::world::World;

use crate::later_collector::LaterCollector;
use crate::store_faults::{FaultyBucket, verify};

const BUSY: StoreFault = StoreFault::Answer(503, "SlowDown");
const DENIED: StoreFault = StoreFault::Answer(403, "AccessDenied");
const FULL: StoreFault = StoreFault::Answer(507, "InsufficientStorage");

/// What goes wrong with what reads.
const FAULTS: [StoreFault; 5] = [
    BUSY,
    DENIED,
    StoreFault::Stall,
    StoreFault::CutRequest,
    StoreFault::CutAnswer,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_its_file_once_the_bucket_answers() {
    let bucket = FaultyBucket::start().await;
    let world = World::start_with(bucket.settings.clone()).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let (id, _) = upload(&ann, "numbers", &bytes).await;
    let sent = send_file(&ann, "room", "m", &id).await.position();
    world.wait_until_projected(sent).await;
    let path = content(&id);
    let expect_whole = async |when: StoreFault| {
        let whole = bob.get(&path).await;
        whole.expect(200);
        assert!(whole.body == bytes, "{when:?}");
    };
    for fault in FAULTS.into_iter().chain([StoreFault::Refuse]) {
        bucket.proxy.fail(&id, StoreRequest::Get, fault);
        let failed = bob.get(&path).await;
        assert_eq!(failed.expect_problem(503), "file_store_unavailable");
        assert!(!failed.header("retry-after").is_empty(), "{fault:?}");
        // What is known of the file does not depend on the store.
        bob.get(&format!("/v1/files/{id}")).await.expect(200);
        assert!(bucket.proxy.heal(&id).await, "{fault:?}");
        expect_whole(fault).await;
    }
    // The answer has begun, so it can only end early: never as if it were whole.
    bucket
        .proxy
        .fail(&id, StoreRequest::Get, StoreFault::CutBody);
    let cut = bob.request(&Method::GET, &path).try_send().await;
    assert!(cut.is_err(), "the client sees that bytes are missing");
    bucket.proxy.heal(&id).await;
    expect_whole(StoreFault::CutBody).await;
    bucket
        .proxy
        .fail(&id, StoreRequest::Get, StoreFault::Trickle);
    expect_whole(StoreFault::Trickle).await;
}

/// Uploads an image whose previews meet a fault.
async fn preview_case(
    (user, proxy): (&Client, &StoreProxy),
    image: &[u8],
    (step, fault): (StoreRequest, StoreFault),
) {
    let id = reserve(user, "a.png", image.len()).await;
    proxy.fail(&id, step, fault);
    put(user, &id, image).await.expect(200);
    let path = format!("{}?size=256", content(&id));
    let show = async || user.get(&path).await;
    // Until the file is in the read model, it is unknown.
    let first = eventually("the file is known", async || {
        let answer = show().await;
        (answer.status != 404 || answer.expect_problem(404) != "not_found").then_some(answer)
    });
    let first = first.await;
    if fault == StoreFault::Trickle {
        first.expect_bytes("image/jpeg");
    } else {
        let code = first.expect_problem(503);
        assert_eq!(code, "preview_unavailable", "{step:?} {fault:?}");
        assert!(
            !first.header("retry-after").is_empty(),
            "{step:?} {fault:?}"
        );
    }
    assert!(proxy.heal(&id).await, "{step:?} {fault:?} was not met");
    let shown = eventually_within(Duration::from_secs(60), "the preview", async || {
        let answer = show().await;
        assert_ne!(answer.status, 404, "{step:?} {fault:?}: {answer}");
        (answer.status == 200).then_some(answer)
    });
    let shown = shown.await;
    shown.expect_bytes("image/jpeg");
    assert_eq!(images::describe(&shown.body).0, 256);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_has_its_preview_once_the_bucket_answers() {
    let bucket = FaultyBucket::start().await;
    let world = World::start_with(bucket.settings.clone()).await;
    let ann = world.user("ann");
    let image = images::png(600, 300);
    let steps = [
        StoreRequest::GetPreview,
        StoreRequest::FindPreview,
        StoreRequest::Get,
        StoreRequest::PutPreview,
    ];
    let mut count = 0;
    for step in steps {
        for fault in [BUSY, FULL, StoreFault::Stall, StoreFault::CutAnswer] {
            preview_case((&ann, &bucket.proxy), &image, (step, fault)).await;
            count += 1;
        }
    }
    for step in [StoreRequest::GetPreview, StoreRequest::Get] {
        let trickle = (step, StoreFault::Trickle);
        preview_case((&ann, &bucket.proxy), &image, trickle).await;
        count += 1;
    }
    assert_eq!(verify(&world).await, (true, count));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_leaves_the_bucket_once_it_answers() {
    let bucket = FaultyBucket::start().await;
    let world = World::start_with(bucket.settings.clone()).await;
    let ann = world.user("ann");
    let mut ids = Vec::new();
    for fault in FAULTS {
        let (id, position) = upload(&ann, "a.txt", b"hello").await;
        world.wait_until_projected(position).await;
        bucket.proxy.fail(&id, StoreRequest::Delete, fault);
        // The deletion counts, whatever becomes of the bytes.
        let deleted = ann.delete(&format!("/v1/files/{id}")).await;
        deleted.expect(200);
        world.wait_until_projected(deleted.position()).await;
        let gone = ann.get(&content(&id)).await;
        assert_eq!(gone.expect_problem(404), "not_found");
        ids.push(id);
    }
    let later = LaterCollector::start(&world, &bucket.settings).await;
    let before = later.count_objects().await.expect("a list");
    assert_eq!(
        before,
        FAULTS.len() - 1,
        "one answer was cut after it was done"
    );
    assert!(later.sweep().await.is_err(), "the store does not answer");
    // A store that cannot be listed loses nothing.
    bucket.proxy.fail("", StoreRequest::List, BUSY);
    assert!(later.sweep().await.is_err());
    bucket.proxy.heal("").await;
    for id in &ids {
        assert!(bucket.proxy.heal(id).await);
    }
    later.sweep().await.expect("a sweep");
    assert_eq!(later.count_objects().await.expect("a list"), 0);
    assert_eq!(verify(&world).await, (true, 0));
}
