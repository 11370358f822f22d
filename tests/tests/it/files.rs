//! Files: uploads, who can see a file, and that a file goes with its last message.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::uploads::{PNG, content, put, put_part, reserve, send_file, sha256, status, upload};
use tests::world::{Settings, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_uploaded_sent_and_read() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let id = reserve(&ann, "../Menü.png", PNG.len()).await;
    let refused = send_file(&ann, "room", "early", &id).await;
    assert_eq!(refused.expect_problem(422), "file_not_ready");
    let stored = put(&ann, &id, PNG).await;
    let expected = json!({
        "state": "stored", "received": PNG.len(), "size": PNG.len(), "sha256": sha256(PNG),
        "type": "image/png", "width": 3, "height": 2, "position": stored.position(),
    });
    assert_eq!(stored.expect(200), expected);

    let message = json!({ "client_message_id": "m1", "type": "image",
                          "body": { "file": id, "mime": "text/html", "text": "today" } });
    let sent = ann.send_message("room", message.clone()).await;
    sent.expect(201);
    assert!(ann.send_message("room", message).await.is_replay());
    let at = format!("?min_position={}", sent.position());
    let read = bob
        .get_ok(&format!("/v1/conversations/room/messages/1{at}"))
        .await;
    let file = json!({ "id": id, "name": "Menü.png", "type": "image/png", "size": PNG.len(),
                       "width": 3, "height": 2 });
    assert_eq!(read["file"], file);
    let body = json!({ "file": id, "name": "Menü.png", "mime": "image/png", "size": PNG.len(),
                       "width": 3, "height": 2, "text": "today" });
    assert_eq!(read["body"], body);
    let entries = bob.get_ok(&format!("/v1/inbox/entries{at}")).await;
    let entries = entries["entries"].as_array().expect("entries");
    assert_eq!(entries.last().expect("an entry")["data"]["file"], file);

    let bytes = bob.get(&content(&id)).await;
    bytes.expect(200);
    assert_eq!(bytes.body, PNG);
    for (name, value) in [
        ("content-type", "image/png"),
        (
            "content-disposition",
            "inline; filename*=UTF-8''Men%C3%BC.png",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "private, no-cache"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(bytes.header(name), value, "{name}");
    }
    let request = bob.request(&Method::GET, &content(&id));
    let known = request
        .header("if-none-match", bytes.header("etag"))
        .send()
        .await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let list = ann.get_ok("/v1/files").await;
    assert_eq!(list["files"][0]["id"], id.as_str());
    assert_eq!(bob.get_ok("/v1/files").await["files"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_answered_as_asked() {
    let world = World::start().await;
    let ann = world.user("ann");
    let (id, position) = upload(&ann, "digits.txt", b"0123456789").await;
    world.wait_until_projected(position).await;
    for (range, status, body, answered) in [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=4-99", 206, "456789", "bytes 4-9/10"),
        ("bytes=0-1,4-5", 200, "0123456789", ""),
        ("lines=0-1", 200, "0123456789", ""),
    ] {
        let request = ann.request(&Method::GET, &content(&id));
        let answer = request.header("range", range).send().await;
        assert_eq!(
            (answer.status, &answer.body[..]),
            (status, body.as_bytes()),
            "{range}"
        );
        assert_eq!(answer.header("content-range"), answered, "{range}");
        assert!(
            answer
                .header("content-disposition")
                .starts_with("attachment")
        );
    }
    let request = ann.request(&Method::GET, &content(&id));
    let refused = request.header("range", "bytes=10-").send().await;
    assert_eq!(refused.expect_problem(416), "range_not_satisfiable");
    assert_eq!(refused.header("content-range"), "bytes */10");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_resumes_where_it_stopped_also_after_a_kill() {
    resume_after_kill(200_000, 300_000).await;
}

/// Large files are written past the page cache, except what does not fill a block.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_resumes_within_a_block_also_after_a_kill() {
    resume_after_kill(4_500_001, 9_000_001).await;
}

/// Sends this many numbers of four bytes, kills the service when it has `half` of the bytes, and
/// sends the rest.
async fn resume_after_kill(numbers: u32, half: usize) {
    let mut world = World::start().await;
    let ann = world.user("ann");
    let bytes: Vec<u8> = (0..numbers).flat_map(u32::to_be_bytes).collect();
    let size = bytes.len();
    let id = reserve(&ann, "numbers", size).await;
    let range = format!("bytes 0-{}/{size}", half - 1);
    let first = put_part(&ann, &id, &range, &bytes[..half])
        .await
        .expect(202);
    assert_eq!(
        (&first["state"], &first["received"]),
        (&json!("partial"), &json!(half))
    );
    world.kill();
    world.start_service().await;
    let ann = world.user("ann");
    let query = format!("bytes */{size}");
    let asked = put_part(&ann, &id, &query, b"").await.expect(202);
    assert_eq!(asked["received"], half);
    let known = ann.get(&format!("/v1/files/{id}")).await.expect(200);
    assert_eq!(
        (&known["state"], &known["received"], &known["size"]),
        (&json!("partial"), &json!(half), &json!(size))
    );
    assert_eq!(ann.get("/v1/files").await.expect(200)["files"][0], known);
    let wrong = put_part(&ann, &id, &format!("bytes 5-9/{size}"), b"56789").await;
    assert_eq!(wrong.expect_problem(409), "wrong_offset");
    assert_eq!(wrong.json()["received"], half);
    let rest = format!("bytes {half}-{}/{size}", size - 1);
    let stored = put_part(&ann, &id, &rest, &bytes[half..]).await;
    assert_eq!(stored.expect(200)["sha256"], sha256(&bytes));
    world.wait_until_projected(stored.position()).await;
    assert!(ann.get(&content(&id)).await.body == bytes);
    let known = ann.get(&format!("/v1/files/{id}")).await.expect(200);
    assert_eq!(
        (&known["state"], &known["received"]),
        (&json!("stored"), &json!(size))
    );
    // A repeat changes nothing, and other bytes change nothing either.
    let repeated = put_part(&ann, &id, &query, b"").await.expect(200);
    assert_eq!(repeated["state"], "stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_announced_is_not_stored() {
    let settings = Settings::default()
        .with("TIDINGS_MAX_FILE", 1_000)
        .with("TIDINGS_FILE_QUOTA", 1_500);
    let world = World::start_with(settings).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let file = |size: usize, sha256: Option<String>| json!({ "name": "a", "type": "text/plain", "size": size, "sha256": sha256 });
    let large = ann.post("/v1/files", file(1_001, None)).await;
    assert_eq!(large.expect_problem(413), "too_large");
    let announced = ann.post("/v1/files", file(3, Some(sha256(b"abc")))).await;
    let id = announced.expect(201)["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        put(&ann, &id, b"abcd").await.expect_problem(422),
        "size_mismatch"
    );
    assert_eq!(
        put(&ann, &id, b"abd").await.expect_problem(422),
        "digest_mismatch"
    );
    let asked = put_part(&ann, &id, "bytes */3", b"").await.expect(202);
    assert_eq!(
        (&asked["state"], &asked["received"]),
        (&json!("reserved"), &json!(0))
    );
    assert_eq!(
        put(&bob, &id, b"abc").await.expect_problem(404),
        "not_found"
    );
    put(&ann, &id, b"abc").await.expect(200);
    let last = ann.post("/v1/files", file(1_000, None)).await.position();
    world.wait_until_projected(last).await;
    let over = ann.post("/v1/files", file(1_000, None)).await;
    assert_eq!(over.expect_problem(422), "quota");
    bob.post("/v1/files", file(1_000, None)).await.expect(201);
    for bad in [
        json!({ "name": "..", "type": "text/plain", "size": 1 }),
        json!({ "name": "a", "type": "text", "size": 1 }),
        json!({ "name": "a", "type": "text/plain", "size": 1, "sha256": "ABC" }),
        json!({ "name": "a", "type": "text/plain", "size": -1 }),
        json!({ "name": "a", "type": "text/plain" }),
    ] {
        let status = ann.post("/v1/files", bad.clone()).await.status;
        assert_eq!(status, 422, "{bad}");
    }
}

/// A group of ann, bob and cleo. Those who join later see nothing that was sent before.
async fn create_room(ann: &Client) {
    ann.create_group("room", &["bob", "cleo"]).await.expect(201);
    let since_join = json!({ "history": "since_join" });
    let changed = ann.patch("/v1/conversations/room", since_join).await;
    changed.expect(200);
}

/// The code with which the deletion of a file is refused.
async fn refused_deletion(user: &Client, id: &str, status: u16) -> String {
    let refused = user.delete(&format!("/v1/files/{id}")).await;
    refused.expect_problem(status)
}

/// Checks that the file store is what the log says, and that this is nothing.
async fn expect_empty_store(world: &World) {
    let report = world.run_ok(&["verify", "--files", "--json"]).await;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(
        (&report["equal"], &report["files"]),
        (&json!(true), &json!(0))
    );
}

/// Who gets bytes and metadata, in every situation.
#[tokio::test(flavor = "multi_thread")]
async fn only_users_who_see_a_message_see_its_file() {
    let world = World::start().await;
    let users = ["ann", "bob", "cleo", "dave", "eve"].map(|name| world.user(name));
    let [ann, bob, cleo, dave, _] = &users;
    create_room(ann).await;
    let (id, stored) = upload(ann, "a.txt", b"hello").await;
    let expect = async |position: i64, expected: [u16; 5], when: &str| {
        let mut found = Vec::new();
        for user in &users {
            found.push(status(user, &id, position).await);
        }
        assert_eq!(found, expected, "{when}");
    };
    expect(stored, [200, 404, 404, 404, 404], "before it is sent").await;
    let sent = send_file(ann, "room", "m1", &id).await.position();
    let added = ann
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["dave"] }),
        )
        .await
        .position();
    // dave joined later, and eve is a stranger.
    expect(sent.max(added), [200, 200, 200, 404, 404], "sent").await;
    let left = cleo
        .delete("/v1/conversations/room/members/cleo")
        .await
        .position();
    expect(left, [200, 200, 404, 404, 404], "after cleo left").await;
    let message = "/v1/conversations/room/messages/1";
    let recalled = ann.delete(message).await.position();
    expect(recalled, [200, 404, 404, 404, 404], "recalled").await;
    let restored = ann
        .post(&format!("{message}/restore"), json!({}))
        .await
        .position();
    expect(restored, [200, 200, 404, 404, 404], "restored").await;
    let cleared = bob
        .post("/v1/conversations/room/clear", json!({ "up_to": 1 }))
        .await
        .position();
    expect(cleared, [200, 404, 404, 404, 404], "bob has cleared it").await;
    let again = send_file(ann, "room", "m2", &id).await.position();
    expect(again, [200, 200, 404, 200, 404], "sent again").await;
    assert_eq!(refused_deletion(ann, &id, 409).await, "file_in_use");
    let second = "/v1/conversations/room/messages/2";
    let caption = Some(json!({ "body": { "text": "a caption" } }));
    let edited = ann.put(second, caption).await.position();
    expect(edited, [200, 200, 404, 200, 404], "edited").await;
    assert_eq!(refused_deletion(dave, &id, 404).await, "not_found");
    ann.delete(second).await.expect(200);
    ann.delete(message).await.position();
    let deleted = ann.delete(&format!("/v1/files/{id}")).await.position();
    expect(deleted, [404; 5], "deleted").await;
    let restored = ann.post(&format!("{message}/restore"), json!({})).await;
    assert_eq!(restored.expect_problem(422), "file_deleted");
    let refused = send_file(ann, "room", "m3", &id).await;
    assert_eq!(refused.expect_problem(422), "file_not_ready");
    expect_empty_store(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_can_use_only_a_file_of_its_sender_in_every_command() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let (id, _) = upload(&ann, "a.txt", b"hello").await;
    let foreign = send_file(&bob, "room", "k", &id).await;
    assert_eq!(foreign.expect_problem(422), "invalid");
    let image = json!({ "client_message_id": "i", "type": "image", "body": { "file": id } });
    assert_eq!(
        ann.send_message("room", image).await.expect_problem(422),
        "invalid"
    );
    bob.send_message(
        "room",
        json!({ "client_message_id": "n", "type": "file",
                                     "body": { "name": "own" } }),
    )
    .await
    .expect(201);
    let edit = Some(json!({ "body": { "file": id } }));
    let edited = bob.put("/v1/conversations/room/messages/1", edit).await;
    assert_eq!(edited.expect_problem(422), "invalid");
    let line = json!({ "op": "send", "conversation_id": "room", "client_message_id": "b",
                       "type": "file", "body": { "file": id } });
    for (user, status) in [(&ann, 201), (&bob, 422)] {
        let request = user.request(&Method::POST, "/v1/batch");
        let answer = request
            .body("application/x-ndjson", line.to_string())
            .send()
            .await;
        assert_eq!(answer.json()["status"], status, "{answer}");
    }
    let scheduled = json!({ "client_message_id": "s", "type": "file", "body": { "file": id },
                            "send_at": "2100-01-01T00:00:00Z" });
    assert_eq!(
        bob.send_message("room", scheduled.clone()).await.status,
        422
    );
    // A text may have anything under the same key.
    let text = json!({ "client_message_id": "t", "type": "text",
                       "body": { "text": "a", "file": id } });
    let sent = bob.send_message("room", text).await;
    sent.expect(201);
    assert_eq!(
        status(&bob, &id, sent.position()).await,
        200,
        "ann's batch has sent it"
    );
    let import = |sender: &str| {
        json!([{ "line": 1, "conversation": "old", "id": sender, "sender": sender,
                 "sent_at": "2020-02-20T11:30:00Z", "file": id }])
    };
    let admin = world.admin();
    for (sender, outcome) in [("ann", "imported"), ("bob", "rejected")] {
        let answer = admin
            .post("/v1/admin/import", import(sender))
            .await
            .expect(200);
        assert_eq!(answer[0]["status"], outcome, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_removes_any_file() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    let (id, _) = upload(&ann, "virus.exe", b"MZ evil").await;
    send_file(&ann, "room", "m1", &id).await.expect(201);
    let removed = world
        .admin()
        .delete(&format!("/v1/files/{id}"))
        .await
        .position();
    assert_eq!(status(&ann, &id, removed).await, 404);
    let message = ann.get_ok("/v1/conversations/room/messages/1").await;
    assert_eq!(message["file"]["name"], "virus.exe");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_what_is_missing_damaged_and_orphaned() {
    let world = World::start().await;
    let ann = world.user("ann");
    let mut files = Vec::new();
    for name in ["missing", "damaged", "whole"] {
        let (id, position) = upload(&ann, name, name.as_bytes()).await;
        files.push((id, sha256(name.as_bytes()), position));
    }
    world.wait_until_projected(files[2].2).await;
    let object = |(id, digest, _): &(String, String, i64)| {
        let folder = world.dir.join("data/files/files").join(&id[34..]);
        folder.join(format!("{id}.{}", &digest[..16]))
    };
    std::fs::remove_file(object(&files[0])).expect("removed");
    std::fs::write(object(&files[1]), b"other").expect("written");
    let stray = object(&(files[2].0.clone(), sha256(b"stray"), 0));
    std::fs::write(&stray, b"stray").expect("written");
    let data = world.dir.join("data").display().to_string();
    let command = ["verify", "--files", "--json", "--data", &data];
    let output = world.run(&command).await;
    assert!(!output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["missing"], json!([files[0].0]));
    assert_eq!(report["damaged"], json!([files[1].0]));
    let stray = stray
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name");
    assert_eq!(report["orphaned"], json!([stray]));
}
