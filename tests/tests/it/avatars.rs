//! Avatars that are files: who can choose them, and who sees them.

use serde_json::{Value, json};
use tests::client::Client;
use tests::uploads::{PNG, content, put, reserve, send_file, status, upload};
use tests::world::{Settings, World};

/// A PNG with a color of its own, as far as its first bytes say.
fn picture(color: u8) -> Vec<u8> {
    [PNG, &[color]].concat()
}

async fn upload_picture(user: &Client, color: u8) -> (String, i64) {
    upload(user, "me.png", &picture(color)).await
}

async fn set_own(user: &Client, avatar: &str) -> i64 {
    set(user, "/v1/users/me", avatar).await
}

async fn set(user: &Client, path: &str, avatar: &str) -> i64 {
    let changed = user.patch(path, json!({ "avatar": avatar })).await;
    changed.expect(200);
    changed.position()
}

/// Checks who gets bytes and metadata, and that the same users get previews.
async fn expect(users: &[Client], (id, position): (&str, i64), expected: &[u16], when: &str) {
    let mut found = Vec::new();
    for user in users {
        found.push(status(user, id, position).await);
        let preview = format!("{}?size=256&min_position={position}", content(id));
        let code = user.get(&preview).await.expect_problem(404);
        // These images end too early for a preview.
        let expected = if found.last() == Some(&200) {
            "no_preview"
        } else {
            "not_found"
        };
        assert_eq!(code, expected, "{when}");
    }
    assert_eq!(found, expected, "{when}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_users_who_see_a_profile_see_its_avatar() {
    let world = World::start().await;
    let users = ["ann", "bob", "cleo", "dave", "eve"].map(|name| world.user(name));
    let [ann, bob, cleo, dave, eve] = &users;
    ann.create_group("room", &["bob", "dave"]).await.expect(201);
    let (id, stored) = upload_picture(ann, 1).await;
    let expect = async |position: i64, expected: [u16; 5], when: &str| {
        expect(&users, (&id, position), &expected, when).await;
    };
    expect(stored, [200, 404, 404, 404, 404], "before it is an avatar").await;
    let set = set_own(ann, &id).await;
    let profile = bob
        .get_ok(&format!("/v1/users/ann?min_position={set}"))
        .await;
    assert_eq!(profile["avatar"], id.as_str());
    expect(set, [200, 200, 404, 200, 404], "an avatar").await;
    let left = dave.delete("/v1/conversations/room/members/dave").await;
    expect(
        left.position(),
        [200, 200, 404, 404, 404],
        "after dave left",
    )
    .await;
    let asked = ann.put("/v1/contacts/cleo", Some(json!({}))).await;
    expect(
        asked.position(),
        [200, 200, 200, 404, 404],
        "cleo was asked",
    )
    .await;
    let wish = eve.put("/v1/contacts/ann", Some(json!({}))).await;
    expect(wish.position(), [200, 200, 200, 404, 404], "eve only asks").await;
    let ended = cleo.delete("/v1/contacts/ann").await;
    expect(ended.position(), [200, 200, 404, 404, 404], "cleo declined").await;
    let refused = ann.delete(&format!("/v1/files/{id}")).await;
    assert_eq!(refused.expect_problem(409), "file_in_use");

    let (other, _) = upload_picture(ann, 2).await;
    let replaced = set_own(ann, &other).await;
    expect(replaced, [200, 404, 404, 404, 404], "replaced").await;
    let sent = send_file(ann, "room", "m1", &id).await.position();
    expect(sent, [200, 200, 404, 404, 404], "a message uses it too").await;
    assert_eq!(status(bob, &other, sent).await, 200);
    let erase = json!({ "user": "ann" });
    let erased = world.admin().post("/v1/admin/erasures", erase).await;
    for user in &users[1..] {
        assert_eq!(status(user, &id, erased.position()).await, 404);
        assert_eq!(status(user, &other, erased.position()).await, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_see_the_avatar_of_a_group() {
    let world = World::start().await;
    let users = ["ann", "bob", "cleo", "dave", "eve"].map(|name| world.user(name));
    let [ann, _, cleo, _, eve] = &users;
    ann.create_group("room", &["bob", "cleo"]).await.expect(201);
    let room = "/v1/conversations/room";
    let open = json!({ "history": "since_join", "join": "open" });
    ann.patch(room, open).await.expect(200);
    let (id, _) = upload_picture(ann, 1).await;
    let set_at = set(ann, room, &id).await;
    let expect = async |position: i64, expected: [u16; 5], when: &str| {
        expect(&users, (&id, position), &expected, when).await;
    };
    expect(set_at, [200, 200, 200, 404, 404], "an avatar").await;
    let dave = json!({ "users": ["dave"] });
    let added = ann.post(&format!("{room}/members"), dave).await;
    expect(
        added.position(),
        [200, 200, 200, 200, 404],
        "dave joined later",
    )
    .await;
    let left = cleo.delete(&format!("{room}/members/cleo")).await;
    expect(left.position(), [200, 200, 404, 200, 404], "cleo left").await;
    let link = ann
        .post(&format!("{room}/links"), json!({}))
        .await
        .expect(201);
    let code = link["code"].as_str().expect("a code");
    let at = link["position"].as_i64().expect("a position");
    let target = eve
        .get_ok(&format!("/v1/links/{code}?min_position={at}"))
        .await;
    assert_eq!(target["avatar"], id.as_str());
    expect(at, [200, 200, 404, 200, 404], "eve has a link").await;
    let gone = ann.delete(&format!("{room}/members/ann")).await;
    expect(
        gone.position(),
        [200, 200, 404, 200, 404],
        "its uploader left",
    )
    .await;

    // As of then, the group had this avatar; the file is for those who see it now.
    let address = set(&world.user("bob"), room, "https://example.com/a.png").await;
    expect(address, [200, 404, 404, 404, 404], "replaced").await;
    let past = format!("{room}?as_of={set_at}&as_user=bob&min_position={address}");
    let past = world.admin().get_ok(&past).await;
    assert_eq!(past["policy"]["avatar"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_open_directory_everybody_sees_the_avatars_of_users() {
    let world = World::start_with(Settings::default().with("TIDINGS_DIRECTORY", "open")).await;
    let users = ["ann", "eve"].map(|name| world.user(name));
    let (id, stored) = upload_picture(&users[0], 1).await;
    expect(&users, (&id, stored), &[200, 404], "stored").await;
    let set = set_own(&users[0], &id).await;
    expect(&users, (&id, set), &[200, 200], "an avatar").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avatar_is_a_stored_image_of_the_caller() {
    let world = World::start().await;
    let (ann, bob, admin) = (world.user("ann"), world.user("bob"), world.admin());
    ann.create_group("room", &["bob"]).await.expect(201);
    let (own, _) = upload_picture(&ann, 1).await;
    let (foreign, _) = upload_picture(&bob, 2).await;
    let (text, _) = upload(&ann, "me.png", b"no image").await;
    let (script, _) = upload(&ann, "me.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>").await;
    let expected = reserve(&ann, "me.png", PNG.len()).await;
    let (deleted, _) = upload_picture(&ann, 3).await;
    ann.delete(&format!("/v1/files/{deleted}"))
        .await
        .expect(200);
    let unknown = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a".to_owned();
    for path in ["/v1/users/me", "/v1/conversations/room"] {
        for (id, code) in [
            (&foreign, "invalid"),
            (&unknown, "invalid"),
            (&text, "invalid"),
            (&script, "invalid"),
            (&expected, "file_not_ready"),
            (&deleted, "file_not_ready"),
        ] {
            let refused = ann.patch(path, json!({ "avatar": id })).await;
            assert_eq!(refused.expect_problem(422), code, "{path}: {refused}");
            assert_eq!(refused.json()["errors"][0]["field"], "avatar", "{refused}");
        }
    }
    // Who may not change the group learns nothing of the file.
    let refused = bob
        .patch("/v1/conversations/room", json!({ "avatar": unknown }))
        .await;
    assert_eq!(refused.expect_problem(403), "forbidden");
    put(&ann, &expected, PNG).await.expect(200);
    set_own(&ann, &expected).await;
    set(&ann, "/v1/conversations/room", &own).await;

    // An administrator names a file of their own, or of the user.
    let (made, _) = upload_picture(&admin, 4).await;
    let mut changed = 0;
    for (avatar, status) in [(&foreign, 200), (&made, 200), (&own, 422)] {
        let change = json!({ "avatar": avatar });
        let answer = admin.put("/v1/admin/users/bob", Some(change)).await;
        assert_eq!(answer.status, status, "{answer}");
        if status == 200 {
            changed = answer.position();
        }
    }
    let bob_now = bob
        .get_ok(&format!("/v1/users/me?min_position={changed}"))
        .await;
    assert_eq!(bob_now["avatar"], made.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avatar_whose_file_was_removed_stays_until_it_is_changed() {
    let world = World::start().await;
    let ann = world.user("ann");
    let (id, _) = upload_picture(&ann, 1).await;
    set_own(&ann, &id).await;
    let removed = world.admin().delete(&format!("/v1/files/{id}")).await;
    assert_eq!(status(&ann, &id, removed.position()).await, 404);
    let other = json!({ "avatar": id, "about": "hello" });
    ann.patch("/v1/users/me", other).await.expect(200);
    let null = ann.patch("/v1/users/me", json!({ "avatar": null })).await;
    null.expect(200);
    let again = ann.patch("/v1/users/me", json!({ "avatar": id })).await;
    assert_eq!(again.expect_problem(422), "file_not_ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn avatars_survive_a_rebuild_and_are_exported() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let (own, _) = upload_picture(&ann, 1).await;
    let (room, _) = upload_picture(&ann, 2).await;
    set_own(&ann, &own).await;
    let set_at = set(&ann, "/v1/conversations/room", &room).await;
    world.wait_until_projected(set_at).await;
    world.run_ok(&["rebuild"]).await;
    for id in [&own, &room] {
        assert_eq!(status(&bob, id, set_at).await, 200);
    }
    let orphans = world.admin().get_ok("/v1/admin/storage/orphans").await;
    assert_eq!(orphans["files"], json!([]));
    let storage = world
        .admin()
        .get_ok("/v1/admin/storage/conversations")
        .await;
    let found = (
        &storage["conversations"][0]["id"],
        &storage["conversations"][0]["files"],
    );
    assert_eq!(found, (&json!("room"), &json!(1)));
    let report = world.run_ok(&["verify", "--files", "--json"]).await;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(
        (&report["equal"], &report["files"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(bob.get(&content(&own)).await.body, picture(1));
    let exported = world.run_ok(&["export-user", "ann"]).await;
    let lines: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let profile = lines.iter().find(|line| line["kind"] == "profile");
    assert_eq!(profile.expect("a profile")["avatar"], own.as_str());
    for id in [&own, &room] {
        let is_listed = |line: &Value| line["kind"] == "file" && line["id"] == id.as_str();
        assert!(lines.iter().any(is_listed), "{exported}");
    }
}
