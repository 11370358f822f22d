//! Silences and bans.

use eventually::eventually;
use serde_json::{Value, json};

use crate::policies::{entries_of, patch, world_with_room};

#[tokio::test(flavor = "multi_thread")]
async fn a_silenced_user_reads_and_does_not_write_until_the_silence_ends() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    carol.send("room", "1", "before").await.expect(201);
    let soon = "SELECT to_char((now() + interval '4 seconds') AT TIME ZONE 'UTC',
                    'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let until: String = sqlx::query_scalar(soon)
        .fetch_one(&world.pool)
        .await
        .expect("a time");
    let silence = "/v1/conversations/room/silences/carol";
    let put = alice
        .put(silence, Some(json!({ "until": until, "reason": "spam" })))
        .await;
    put.expect(200);
    let message = "/v1/conversations/room/messages/1";
    let reaction = format!("{message}/reactions/x");
    let edit = json!({ "body": { "text": "better" } });
    for refused in [
        carol.send("room", "2", "after").await,
        carol.put(message, Some(edit)).await,
        carol.delete(message).await,
        carol.put(&reaction, None).await,
    ] {
        assert_eq!(refused.expect_problem(403), "silenced");
        let shown = refused.json()["until"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(shown[..19], until[..19], "{refused}");
    }
    world.wait_until_projected(put.position()).await;
    carol.get_ok("/v1/conversations/room/messages").await;
    let listed = alice.get_ok("/v1/conversations/room/silences").await;
    let [silenced] = &listed["silences"].as_array().expect("a list")[..] else {
        panic!("{listed}");
    };
    assert_eq!(
        (&silenced["user"], &silenced["reason"], &silenced["by"]),
        (&json!("carol"), &json!("spam"), &json!("alice"))
    );
    assert_eq!(listed["next"], Value::Null);
    // Members see who is silenced until when, and not why; the user themselves does.
    let entry = &entries_of(&world.user("dave"), "member_silenced", 0).await[0];
    assert_eq!(entry["data"]["user"], "carol");
    assert!(!entry.to_string().contains("spam"), "{entry}");
    assert_eq!(carol.get_ok(silence).await["reason"], "spam");
    let refused = world.user("dave").get(silence).await;
    assert_eq!(refused.expect_problem(403), "forbidden");
    eventually("the silence ends by itself", async || {
        let answer = carol.send("room", "2", "after").await;
        (answer.status == 201).then_some(())
    })
    .await;
    let listed = alice.get_ok("/v1/conversations/room/silences").await;
    assert_eq!(listed["silences"], json!([]));
    alice.get(silence).await.expect_problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn sanctions_are_idempotent_and_can_be_lifted() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    for kind in ["silences", "bans"] {
        let path = format!("/v1/conversations/room/{kind}/carol");
        let first = alice.put(&path, None).await;
        first.expect(200);
        let again = alice.put(&path, Some(json!({}))).await;
        assert_eq!(again.position(), first.position(), "{kind}");
        let key = "Idempotency-Key";
        let with_key = async || {
            let request = alice.request(&reqwest::Method::PUT, &path);
            let body = json!({ "reason": "other" });
            request.json(&body).header(key, kind).send().await
        };
        let (one, replay) = (with_key().await, with_key().await);
        assert!(replay.is_replay() && !one.is_replay(), "{replay}");
        assert_eq!(one.position(), replay.position());
        let lifted = alice.delete(&path).await;
        assert!(lifted.position() > one.position(), "{lifted}");
        let again = alice.delete(&path).await;
        assert_eq!(again.position(), lifted.position(), "{kind}");
        let past = json!({ "until": "2020-01-01T00:00:00Z" });
        let refused = alice.put(&path, Some(past)).await;
        assert_eq!(refused.expect_problem(422), "invalid");
        let odd = json!({ "until": "tomorrow" });
        let refused = alice.put(&path, Some(odd)).await;
        assert_eq!(refused.json()["errors"][0]["field"], "until", "{refused}");
    }
    // A lifted ban does not add the user back.
    carol.send("room", "1", "back?").await.expect_problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_user_is_removed_and_cannot_come_back() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    alice.send("room", "1", "secret").await.expect(201);
    patch(&alice, json!({ "join": "open" })).await;
    let link = alice
        .post("/v1/conversations/room/links", json!({}))
        .await
        .expect(201);
    let link = format!("/v1/links/{}", link["code"].as_str().expect("a code"));
    let ban = "/v1/conversations/room/bans/carol";
    let banned = alice.put(ban, Some(json!({ "reason": "spam" }))).await;
    banned.expect(200);
    world.wait_until_projected(banned.position()).await;
    let join = "/v1/conversations/room/join";
    for refused in [
        carol.post(join, json!({})).await,
        carol.request(&reqwest::Method::POST, &link).send().await,
        carol.get(&link).await,
        alice
            .post(
                "/v1/conversations/room/members",
                json!({ "members": ["carol"] }),
            )
            .await,
    ] {
        assert_eq!(refused.expect_problem(403), "banned");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
    // For the banned user, the conversation is over; everybody else sees who did that.
    for path in [
        "",
        "/messages",
        "/members",
        "/bans",
        "/join-requests",
        "/links",
    ] {
        let path = format!("/v1/conversations/room{path}");
        carol.get(&path).await.expect_problem(404);
    }
    let kinds = |entries: Value| -> Vec<Value> {
        let entries = entries["entries"].as_array().expect("a list").iter();
        entries.map(|entry| entry["type"].clone()).collect()
    };
    let own = carol.get_ok("/v1/inbox/entries?after=0").await;
    assert_eq!(kinds(own), ["member_removed"]);
    let entry = &entries_of(&world.user("dave"), "member_banned", 0).await[0];
    assert_eq!(
        entry["data"],
        json!({ "user": "carol", "until": null, "by": "alice" })
    );
    let found = carol.get_ok("/v1/search?q=secret").await;
    assert!(!found.to_string().contains("secret\""), "{found}");
    let listed = alice.get_ok("/v1/conversations/room/bans").await;
    assert_eq!(listed["bans"][0]["reason"], "spam");
    alice.delete(ban).await.expect(200);
    let joined = carol.post(join, json!({})).await;
    assert_eq!(joined.expect(200)["state"], "joined");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_sanction_whom() {
    let world = world_with_room().await;
    let admin = world.admin();
    for kind in ["silences", "bans"] {
        let path = |user: &str| format!("/v1/conversations/room/{kind}/{user}");
        for (by, whom, status) in [
            ("bob", "alice", 403),
            ("bob", "bob", 403),
            ("carol", "dave", 403),
            ("carol", "carol", 403),
            ("alice", "alice", 403),
            ("zoe", "carol", 404),
            ("bob", "dave", 200),
            ("alice", "bob", 200),
        ] {
            let answer = world.user(by).put(&path(whom), None).await;
            assert_eq!(answer.status, status, "{answer}");
        }
        // A moderator need not be a member, and may sanction the owner.
        let put = admin.put(&path("alice"), None).await;
        put.expect(200);
        world.wait_until_projected(put.position()).await;
        let listed = admin.get(&format!("/v1/conversations/room/{kind}")).await;
        listed.expect(200);
        for user in ["alice", "bob", "dave"] {
            admin.delete(&path(user)).await.expect(200);
        }
        let unknown = format!("/v1/conversations/nowhere/{kind}/carol");
        admin.put(&unknown, None).await.expect_problem(404);
    }
    // The owner was banned: somebody else owns the group.
    let carol = world.user("carol");
    let members = eventually("the owner is gone", async || {
        let page = carol.get("/v1/conversations/room/members").await.json();
        let members = page["members"].as_array().cloned().unwrap_or_default();
        (members.len() == 1).then_some(members)
    })
    .await;
    assert_eq!(members[0]["role"], "owner");
    let direct = carol.create_direct("dave").await;
    let path = |kind: &str| format!("/v1/conversations/{direct}/{kind}/carol");
    admin.put(&path("bans"), None).await.expect_problem(422);
    admin.put(&path("silences"), None).await.expect(200);
    let refused = carol.send(&direct, "1", "hello").await;
    assert_eq!(refused.expect_problem(403), "silenced");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_without_an_end_has_null_as_its_end() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    let silence = "/v1/conversations/room/silences/carol";
    alice.put(silence, None).await.expect(200);
    let refused = carol.send("room", "1", "after").await;
    assert_eq!(refused.expect_problem(403), "silenced");
    assert_eq!(refused.json().get("until"), Some(&Value::Null), "{refused}");
}
