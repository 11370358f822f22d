//! Legal holds: what a hold covers is not erased, neither by a command nor by retention, until the
//! hold is lifted.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::{Settings, World};

async fn hold(admin: &Client, name: &str, body: Value) {
    let path = format!("/v1/admin/holds/{name}");
    admin.put(&path, Some(body)).await.expect(200);
}

async fn erase(admin: &Client, scope: Value) -> (u16, Value) {
    let answer = admin.post("/v1/admin/erasures", scope).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_erases_what_a_hold_covers() {
    // Given two groups with messages of two users
    let world = World::start().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    for group in ["a", "b"] {
        ann.create_group(group, &["bob"]).await.expect(201);
        ann.send(group, &format!("{group} 1"), "of ann")
            .await
            .expect(201);
        bob.send(group, &format!("{group} 1"), "of bob")
            .await
            .expect(201);
    }
    let held = |(status, body): &(u16, Value)| *status == 409 && body["code"] == "held";

    // When a conversation is held, then nothing in it is erased, and the rest is
    hold(
        &admin,
        "h",
        json!({ "conversation": "a", "reason": "a court" }),
    )
    .await;
    for scope in [
        json!({ "conversation_id": "a" }),
        json!({ "conversation_id": "a", "seq": 1 }),
        json!({ "user": "ann" }),
    ] {
        let outcome = erase(&admin, scope.clone()).await;
        assert!(held(&outcome), "{scope}: {outcome:?}");
    }
    let listed = admin.get_ok("/v1/admin/holds").await;
    assert_eq!(listed["holds"][0]["conversation"], "a");
    assert_eq!(
        (&listed["holds"][0]["by"], &listed["next"]),
        (&json!("admin"), &Value::Null)
    );

    // When it is replaced by one on a user, then that user's messages are held everywhere
    hold(&admin, "h", json!({ "user": "bob", "reason": "a court" })).await;
    for scope in [
        json!({ "user": "bob" }),
        json!({ "conversation_id": "b" }),
        json!({ "conversation_id": "a", "seq": 2 }),
    ] {
        let outcome = erase(&admin, scope.clone()).await;
        assert!(held(&outcome), "{scope}: {outcome:?}");
    }
    let (status, erased) = erase(&admin, json!({ "conversation_id": "a", "seq": 1 })).await;
    assert_eq!((status, &erased["messages"]), (200, &json!(1)));

    // When it covers a user in one conversation only, then the other one can be erased
    hold(
        &admin,
        "h",
        json!({ "user": "bob", "conversation": "a", "reason": "a court" }),
    )
    .await;
    let (status, erased) = erase(&admin, json!({ "conversation_id": "b" })).await;
    assert_eq!((status, &erased["messages"]), (200, &json!(2)));
    assert!(held(&erase(&admin, json!({ "user": "bob" })).await));

    // When it is lifted, then everything can be
    admin.delete("/v1/admin/holds/h").await.expect(200);
    admin.delete("/v1/admin/holds/h").await.expect(200);
    let (status, erased) = erase(&admin, json!({ "user": "bob" })).await;
    assert_eq!((status, &erased["messages"]), (200, &json!(1)));
    let empty = json!({ "reason": "of what?" });
    let refused = admin.put("/v1/admin/holds/x", Some(empty)).await;
    assert_eq!(refused.expect_problem(422), "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_leaves_out_what_is_held_and_makes_up_for_it() {
    // Given a system that erases at once, where a group and a user are held
    let world = World::start_with(Settings::default().with("TIDINGS_RETAIN_GROUPS", "1s")).await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    hold(
        &admin,
        "group",
        json!({ "conversation": "held", "reason": "a court" }),
    )
    .await;
    hold(
        &admin,
        "user",
        json!({ "user": "bob", "reason": "a court" }),
    )
    .await;
    for group in ["held", "free"] {
        ann.create_group(group, &["bob"]).await.expect(201);
        ann.send(group, &format!("{group} 1"), "of ann")
            .await
            .expect(201);
        bob.send(group, &format!("{group} 1"), "of bob")
            .await
            .expect(201);
    }
    let last = ann.send("free", "2", "the end").await.position();
    world.wait_until_projected(last).await;
    let is_gone = async |group: &str, seq: i64| {
        let path = format!("/v1/conversations/{group}/messages/{seq}");
        ann.get_ok(&path).await["body"].is_null()
    };

    // When the messages are due, then only those that are not held are erased
    eventually("the last message is erased", async || {
        is_gone("free", 3).await.then_some(())
    })
    .await;
    let mut gone = Vec::new();
    for (group, seq) in [("held", 1), ("held", 2), ("free", 1), ("free", 2)] {
        gone.push(is_gone(group, seq).await);
    }
    assert_eq!(gone, [false, false, true, false]);

    // When the holds are lifted, then the rest follows
    for name in ["group", "user"] {
        admin
            .delete(&format!("/v1/admin/holds/{name}"))
            .await
            .expect(200);
    }
    for (group, seq) in [("held", 1), ("held", 2), ("free", 2)] {
        eventually(format!("{group} {seq} is erased"), async || {
            is_gone(group, seq).await.then_some(())
        })
        .await;
    }
}
