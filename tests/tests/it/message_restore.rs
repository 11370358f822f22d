//! `POST .../messages/{seq}/restore`: undoes a recall, for everyone and in every answer.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::feed;
use tests::response::ApiResponse;
use tests::token;
use tests::world::World;

const MESSAGE: &str = "/v1/conversations/room/messages/1";

async fn restore(client: &Client) -> ApiResponse {
    client.post(&format!("{MESSAGE}/restore"), json!({})).await
}

/// A message of bob to ann, the owner, and cid: edited, with a mention and a reaction.
async fn world_with_message() -> World {
    let world = World::start().await;
    let (ann, bob, cid) = (world.user("ann"), world.user("bob"), world.user("cid"));
    ann.create_group("room", &["bob", "cid"]).await.expect(201);
    let message = json!({ "client_message_id": "m", "type": "text", "mentions": ["cid"],
        "body": { "text": "the first quokka" } });
    bob.send_message("room", message).await.expect(201);
    let edit = json!({ "body": { "text": "a better quokka" } });
    bob.put(MESSAGE, Some(edit)).await.expect(200);
    let heart = format!("{MESSAGE}/reactions/heart");
    let reacted = cid.put(&heart, None).await.position();
    world.wait_until_projected(reacted).await;
    world
}

/// What a user is served of the message: itself, its versions, the inbox and the unread counts.
async fn view(client: &Client, position: i64) -> Vec<Value> {
    let mut view = Vec::new();
    for path in [
        MESSAGE,
        &format!("{MESSAGE}/history"),
        "/v1/inbox",
        "/v1/inbox/unread",
    ] {
        let path = format!("{path}?min_position={position}");
        view.push(client.get_ok(&path).await);
    }
    view
}

async fn find(client: &Client, position: i64) -> usize {
    let path = format!("/v1/search?q=quokka&min_position={position}");
    let hits = client.get_ok(&path).await["hits"].clone();
    hits.as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_message_is_as_it_was_in_every_answer() {
    // Given a message that cid has not read,
    let mut world = world_with_message().await;
    let users = ["ann", "bob", "cid"].map(|user| world.user(user));
    let mut before = Vec::new();
    for user in &users {
        before.push(view(user, 0).await);
    }
    let [ann, bob, cid] = &users;
    assert_eq!(cid.get_ok("/v1/inbox/unread").await["total"], 1);

    // when it is recalled, it has no body, does not count and is not found;
    let recalled = bob.delete(MESSAGE).await.position();
    let seen = view(cid, recalled).await;
    assert_eq!(
        (&seen[0]["body"], &seen[3]["total"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(find(cid, recalled).await, 0);

    // when it is restored, everything is as before,
    let restored = restore(ann).await;
    restored.expect(200);
    let restored = restored.position();
    for (user, before) in users.iter().zip(&before) {
        assert_eq!(&view(user, restored).await, before, "{}", user.user());
        assert_eq!(find(user, restored).await, 1);
        let entries = feed::read_all(user, 100, restored).await;
        let entry = entries.last().expect("an entry");
        let data = json!({ "seq": 1, "by": "ann" });
        assert_eq!(
            (&entry["type"], &entry["data"]),
            (&json!("message_restored"), &data)
        );
    }
    // also after a rebuild,
    let live = view(cid, 0).await;
    world.stop();
    world.run_ok(&["rebuild"]).await;
    world.start_service().await;
    let cid = world.user("cid");
    assert_eq!(view(&cid, restored).await, live);
    eventually("search finds it", async || {
        (find(&cid, restored).await == 1).then_some(())
    })
    .await;
    // and restoring it again appends nothing.
    assert_eq!(restore(&world.user("ann")).await.position(), restored);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_and_admins_of_a_group_restore() {
    let world = world_with_message().await;
    let (ann, bob, cid) = (world.user("ann"), world.user("bob"), world.user("cid"));
    bob.delete(MESSAGE).await.expect(200);
    for member in [&bob, &cid] {
        assert_eq!(restore(member).await.expect_problem(403), "forbidden");
    }
    restore(&world.user("eve")).await.expect_problem(404);
    let unknown = "/v1/conversations/room/messages/9/restore";
    ann.post(unknown, json!({})).await.expect_problem(404);
    let members = "/v1/conversations/room/members";
    let promoted = json!({ "users": ["cid"], "role": "admin" });
    ann.post(members, promoted).await.expect(200);
    restore(&cid).await.expect(200);
    // It can be recalled and restored again.
    let recalled = bob.delete(MESSAGE).await.position();
    let restored = restore(&ann).await.position();
    assert!(restored > recalled);

    let direct = ann.create_direct("bob").await;
    ann.send(&direct, "d", "hello").await.expect(201);
    let message = format!("/v1/conversations/{direct}/messages/1");
    ann.delete(&message).await.expect(200);
    for user in [&ann, &bob] {
        let answer = user.post(&format!("{message}/restore"), json!({})).await;
        assert_eq!(answer.expect_problem(403), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_message_stays_erased() {
    let world = world_with_message().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    let erasure = json!({ "conversation_id": "room", "seq": 1 });
    let erased = admin.post("/v1/admin/erasures", erasure).await;
    erased.expect(200);
    assert_eq!(restore(&ann).await.expect_problem(422), "erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_as_of_a_time_between_recall_and_restore_shows_it_recalled() {
    let world = world_with_message().await;
    let ann = world.user("ann").with_token(Some(token::for_admin("ann")));
    let mut moments = Vec::new();
    for _ in 0..2 {
        let recalled = ann.delete(MESSAGE).await.position();
        moments.push((recalled - 1, recalled));
        let restored = restore(&ann).await.position();
        moments.push((restored, recalled));
    }
    let last = ann.delete(MESSAGE).await.position();
    world.wait_until_projected(last).await;
    let text = async |position: i64| {
        let path = format!("{MESSAGE}?as_of={position}");
        ann.get_ok(&path).await["body"]["text"].clone()
    };
    for (shown, hidden) in moments {
        assert_eq!(text(shown).await, "a better quokka", "as of {shown}");
        assert_eq!(text(hidden).await, Value::Null, "as of {hidden}");
    }
    assert_eq!(text(last).await, Value::Null);
}
