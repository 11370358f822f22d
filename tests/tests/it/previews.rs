//! Previews: made of every image that can be read, turned, without what the original says of its
//! origin, for those who can see the file, and gone with it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use eventually::{eventually, eventually_true};
use reqwest::Method;
use serde_json::{Value, json};
use tests::binary;
use tests::client::Client;
use tests::images::{self, BLUE, RED, SECRET_PLACE};
use tests::response::ApiResponse;
use tests::uploads::{content, send_file, sha256, upload};
use tests::world::World;

/// Asks for a preview.
async fn preview(user: &Client, id: &str, size: &str) -> ApiResponse {
    user.get(&format!("{}?size={size}", content(id))).await
}

/// Where a world has the preview of a file.
fn preview_path(world: &World, id: &str, bytes: &[u8], size: u32) -> PathBuf {
    let digest = &sha256(bytes)[..16];
    let folder = world.dir.join("data/files/previews").join(&id[34..]);
    folder.join(format!("{id}.{digest}.{size}"))
}

/// The files below a directory.
fn list_files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let (folders, mut files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| list_files(folder)));
    files
}

/// Compares the store with the log.
async fn verify(world: &World) -> Value {
    let data = world.dir.join("data").display().to_string();
    let command = ["verify", "--files", "--json", "--data", &data];
    let output = world.run(&command).await;
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_has_previews_that_are_turned_and_say_nothing() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let (wide, high) = ((1_600, 800), (800, 1_600));
    for (name, bytes, (width, height)) in [
        ("a.jpg", images::jpeg(1_600, 800, 1), wide),
        ("turned.jpg", images::jpeg(1_600, 800, 6), high),
        ("a.png", images::png(1_600, 800), wide),
        ("a.webp", images::webp(1_600, 800, 1), wide),
        ("turned.webp", images::webp(1_600, 800, 6), high),
        ("moving.gif", images::animated_gif(1_600, 800), wide),
        ("moving.webp", images::animated_webp(1_600, 800), wide),
        ("small.png", images::png(100, 50), (100, 50)),
    ] {
        let (id, _) = upload(&ann, name, &bytes).await;
        let sent = send_file(&ann, "room", name, &id).await.position();
        world.wait_until_projected(sent).await;
        for size in [256, 1024_u32] {
            let answer = preview(&bob, &id, &size.to_string()).await;
            assert_eq!(answer.status, 200, "{name}: {answer}");
            let most = size.min(width.max(height));
            let expected = (
                width * most / width.max(height),
                height * most / width.max(height),
            );
            let (found_width, found_height, [first, second]) = images::describe(&answer.body);
            assert_eq!((found_width, found_height), expected, "{name}");
            assert!(images::is_near(first, RED), "{name}: {first:?}");
            assert!(images::is_near(second, BLUE), "{name}: {second:?}");
            assert!(!contains(&answer.body, b"Exif"), "{name}");
            assert!(!contains(&answer.body, SECRET_PLACE), "{name}");
            let disposition = format!("inline; filename*=UTF-8''{name}");
            for (header, value) in [
                ("content-type", "image/jpeg"),
                ("content-disposition", disposition.as_str()),
                ("x-content-type-options", "nosniff"),
                ("content-security-policy", "default-src 'none'; sandbox"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cache-control", "private, no-cache"),
                ("content-length", &answer.body.len().to_string()),
            ] {
                assert_eq!(answer.header(header), value, "{name}: {header}");
            }
        }
        let original = bob.get(&content(&id)).await;
        assert_eq!(original.body, bytes, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_kept_by_its_tag_and_has_two_sizes() {
    let world = World::start().await;
    let ann = world.user("ann");
    let bytes = images::transparent_png(600, 300);
    let (id, position) = upload(&ann, "clear.png", &bytes).await;
    world.wait_until_projected(position).await;
    let small = preview(&ann, &id, "256").await;
    small.expect_bytes("image/png");
    let image = image::load_from_memory(&small.body).expect("an image");
    assert_eq!((image.width(), image.height()), (256, 128));
    assert_eq!(image.to_rgba8().get_pixel(9, 9).0[3], 0);
    let large = preview(&ann, &id, "1024").await;
    let file = ann.get(&content(&id)).await;
    let tags = [&small, &large, &file].map(|answer| answer.header("etag").to_owned());
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
    for (size, status) in [("256", 304), ("1024", 200)] {
        let path = format!("{}?size={size}", content(&id));
        let request = ann.request(&Method::GET, &path);
        let known = request.header("if-none-match", &tags[0]).send().await;
        assert_eq!(known.status, status);
    }
    for bad in ["", "0", "255", "0256", "512", "-256", "large", "256,1024"] {
        let answer = preview(&ann, &id, bad).await;
        assert_eq!(answer.expect_problem(400), "malformed", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_are_made_before_anybody_asks_and_again_if_they_are_lost() {
    let mut world = World::start().await;
    let ann = world.user("ann");
    let bytes = images::png(300, 300);
    let (id, _) = upload(&ann, "a.png", &bytes).await;
    let paths = [256, 1024].map(|size| preview_path(&world, &id, &bytes, size));
    eventually_true("the previews are made", async || {
        paths.iter().all(|path| path.exists())
    })
    .await;
    std::fs::remove_file(&paths[0]).expect("removed");
    std::fs::write(&paths[1], b"<html>").expect("written");
    for size in ["256", "1024"] {
        preview(&ann, &id, size).await.expect_bytes("image/jpeg");
    }
    // What is stored while nobody follows the log is found at the next start.
    world.kill();
    for path in &paths {
        std::fs::remove_file(path).expect("removed");
    }
    let forget = "UPDATE files.preview_progress SET position = 0, tag = NULL";
    sqlx::query(forget)
        .execute(&world.pool)
        .await
        .expect("done");
    world.start_service().await;
    eventually_true("the previews are made again", async || {
        paths.iter().all(|path| path.exists())
    })
    .await;
    // The previews of a file that is gone are orphans, which are no part of the store.
    let stray = preview_path(&world, &id, b"other", 256);
    std::fs::write(&stray, b"stray").expect("written");
    let report = verify(&world).await;
    let name = stray.file_name().and_then(|name| name.to_str());
    assert_eq!(report["orphaned"], json!([name.expect("a name")]));
}

/// Who gets the bytes, the metadata and the preview, in every situation.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_see_the_file_see_its_preview_and_nobody_else() {
    let world = World::start().await;
    let users = ["ann", "bob", "cleo", "dave", "eve"].map(|name| world.user(name));
    let [ann, bob, cleo, ..] = &users;
    ann.create_group("room", &["bob", "cleo"]).await.expect(201);
    let since_join = json!({ "history": "since_join" });
    let changed = ann.patch("/v1/conversations/room", since_join).await;
    changed.expect(200);
    let (id, stored) = upload(ann, "a.png", &images::png(300, 300)).await;
    let expect = async |position: i64, expected: [u16; 5], when: &str| {
        let mut found = Vec::new();
        for user in &users {
            let at = format!("min_position={position}");
            let file = user.get(&format!("/v1/files/{id}?{at}")).await.status;
            let bytes = user.get(&format!("{}?{at}", content(&id))).await.status;
            for size in [256, 1024] {
                let path = format!("{}?size={size}&{at}", content(&id));
                let preview = user.get(&path).await;
                assert_eq!([file, bytes], [preview.status; 2], "{when}: one rule");
                if file == 404 {
                    assert_eq!(preview.expect_problem(404), "not_found", "{when}");
                }
            }
            found.push(file);
        }
        assert_eq!(found, expected, "{when}");
    };
    // dave joins later, and eve is a stranger.
    expect(stored, [200, 404, 404, 404, 404], "before it is sent").await;
    send_file(ann, "room", "m1", &id).await.expect(201);
    let members = json!({ "users": ["dave"] });
    let added = ann.post("/v1/conversations/room/members", members).await;
    expect(added.position(), [200, 200, 200, 404, 404], "sent").await;
    let left = cleo.delete("/v1/conversations/room/members/cleo").await;
    expect(left.position(), [200, 200, 404, 404, 404], "cleo has left").await;
    let message = "/v1/conversations/room/messages/1";
    let recalled = ann.delete(message).await.position();
    expect(recalled, [200, 404, 404, 404, 404], "recalled").await;
    let restored = ann.post(&format!("{message}/restore"), json!({})).await;
    expect(restored.position(), [200, 200, 404, 404, 404], "restored").await;
    let clear = json!({ "up_to": 1 });
    let cleared = bob.post("/v1/conversations/room/clear", clear).await;
    let cleared = cleared.position();
    expect(cleared, [200, 404, 404, 404, 404], "bob has cleared it").await;
    let again = send_file(ann, "room", "m2", &id).await.position();
    expect(again, [200, 200, 404, 200, 404], "sent again").await;
    for seq in [1, 2] {
        let erase = json!({ "conversation_id": "room", "seq": seq });
        let erased = world.admin().post("/v1/admin/erasures", erase).await;
        erased.expect(200);
    }
    let last = ann.send("room", "last", "last").await.position();
    world.wait_until_projected(last).await;
    for user in &users[1..] {
        for size in ["256", "1024"] {
            let answer = preview(user, &id, size).await;
            assert_eq!(answer.expect_problem(404), "not_found", "erased");
        }
    }
    // The collection may have been earlier.
    ann.delete(&format!("/v1/files/{id}")).await;
    eventually("nobody has the file", async || {
        let gone = preview(ann, &id, "256").await;
        (gone.status == 404).then_some(())
    })
    .await;
    wait_until_no_bytes_are_left(&world).await;
}

/// Waits until the file store is empty, and checks that it is what the log says.
async fn wait_until_no_bytes_are_left(world: &World) {
    eventually_true("no bytes are left", async || {
        let store = world.dir.join("data/files");
        list_files(&store.join("previews")).is_empty()
            && list_files(&store.join("files")).is_empty()
    })
    .await;
    let report = verify(world).await;
    assert_eq!(report["equal"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_has_no_preview_and_is_tried_once() {
    let world = World::start().await;
    let ann = world.user("ann");
    let whole = images::png(300, 300);
    for (name, bytes) in [
        ("a.txt", b"hello".to_vec()),
        ("half.png", whole[..whole.len() / 2].to_vec()),
        (
            "half.jpg",
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec(),
        ),
        ("a.pdf", b"%PDF-1.7\n".to_vec()),
    ] {
        let (id, position) = upload(&ann, name, &bytes).await;
        world.wait_until_projected(position).await;
        for _ in 0..3 {
            let answer = preview(&ann, &id, "256").await;
            assert_eq!(answer.expect_problem(404), "no_preview", "{name}");
        }
    }
    let metrics = world.anonymous().get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    let tried = "tidings_previews_total{outcome=\"unreadable\"} 2";
    assert!(metrics.contains(tried), "{metrics}");
}

/// The largest image that has a preview, one that has none, and what the program needs for them.
#[tokio::test(flavor = "multi_thread")]
async fn large_images_cost_the_program_nothing() {
    let mut world = World::start().await;
    let ann = world.user("ann");
    let before = world.service().process.memory().expect("memory").peak;
    for (width, height, expected) in [(7_000, 7_000, 200), (60_000, 1, 200), (8_000, 8_000, 404)] {
        let bytes = images::png(width, height);
        let (id, position) = upload(&ann, "large.png", &bytes).await;
        world.wait_until_projected(position).await;
        let answer = eventually("the image was looked at", async || {
            let answer = preview(&ann, &id, "1024").await;
            (answer.status != 503).then_some(answer)
        })
        .await;
        assert_eq!(answer.status, expected, "{width} x {height}: {answer}");
        if expected == 200 {
            let (found_width, found_height, _) = images::describe(&answer.body);
            let longest = width.max(height);
            let most = |side: u32| (side * 1_024 / longest).max(1);
            assert_eq!((found_width, found_height), (most(width), most(height)));
        }
    }
    let grown = world.service().process.memory().expect("memory").peak - before;
    assert!(grown < 100_000, "the program grew by {grown} kB");
}

/// The limits of a process, each with its two values.
fn read_limits(pid: u32) -> BTreeMap<String, (String, String)> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).expect("a process");
    let rows = limits.lines().skip(1).map(|line| {
        let (name, rest) = line.split_at(26);
        let mut values = rest.split_whitespace().map(str::to_owned);
        let pair = (values.next(), values.next());
        let (soft, hard) = (pair.0.expect("a value"), pair.1.expect("a value"));
        (name.trim().to_owned(), (soft, hard))
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_reads_images_can_do_nothing_else() {
    let mut command = Command::new(binary::path());
    command.arg("render-previews").env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("started");
    let expected = [
        ("Max cpu time", "5"),
        ("Max data size", "805306368"),
        ("Max open files", "3"),
        ("Max processes", "0"),
        ("Max file size", "0"),
        ("Max core file size", "0"),
    ];
    eventually_true("it limits itself before it reads", async || {
        let limits = read_limits(child.id());
        expected.iter().all(|(name, value)| {
            let limit = (value.to_string(), value.to_string());
            limits.get(*name) == Some(&limit)
        })
    })
    .await;
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(&images::png(300, 300)).expect("written");
    drop(input);
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{}", output.status);
    assert!(output.stdout[4..].starts_with(b"\xff\xd8\xff"));
}
