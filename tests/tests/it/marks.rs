//! Every command about read marks, acknowledgements, preferences and blocks; and batches.

use reqwest::Method;
use serde_json::{Value, json};

use crate::commands::world_with_conversation;

#[tokio::test(flavor = "multi_thread")]
async fn read_marks_and_acknowledgements_have_bounds_and_a_direction() {
    let world = world_with_conversation().await;
    let (bob, carol) = (world.user("bob"), world.user("carol"));
    let last = bob.send("room", "m2", "second").await;
    let read = carol.read("room", 99).await;
    assert_eq!(
        read.expect(200)["read_seq"],
        2,
        "beyond the head means the head"
    );
    let lower = carol.read("room", 1).await;
    assert_eq!(
        (lower.position(), lower.number("read_seq")),
        (read.position(), 2),
        "a read mark never goes back"
    );
    let mark = async |body: Value| carol.post("/v1/conversations/room/read", body).await;
    let unread = mark(json!({ "unread_from": 1 })).await;
    assert_eq!(unread.expect(200)["read_seq"], 0);
    for invalid in [
        json!({ "unread_from": 3 }),
        json!({ "unread_from": 0 }),
        json!({ "unread_from": -1 }),
        json!({ "unread_from": 1, "up_to": 1 }),
        json!({}),
        json!({ "up_to": -1 }),
    ] {
        assert_eq!(mark(invalid.clone()).await.status, 422, "{invalid}");
    }
    let ack = async |device: &str, cursor: i64| {
        carol
            .post(
                "/v1/inbox/ack",
                json!({ "device": device, "cursor": cursor }),
            )
            .await
    };
    let first = ack("phone", last.position()).await;
    first.expect(200);
    assert_eq!(
        ack("phone", 1).await.position(),
        first.position(),
        "an ack never goes back"
    );
    assert_eq!(
        ack("phone", last.position()).await.position(),
        first.position()
    );
    ack("web", 1).await.expect(200);
    ack("phone", first.position() + 100)
        .await
        .expect_problem(422);
    ack("", 1).await.expect_problem(422);
    ack("phone", -1).await.expect_problem(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_set_and_blocks_work_one_way() {
    let world = world_with_conversation().await;
    let (alice, dave) = (world.user("alice"), world.user("dave"));
    let set = async |body: Value| {
        alice
            .patch("/v1/conversations/room/preferences", body)
            .await
    };
    let muted = set(json!({ "muted": true, "pinned": true })).await;
    assert_eq!(
        set(json!({ "muted": true })).await.position(),
        muted.position()
    );
    let my = alice
        .get_ok(&format!(
            "/v1/conversations/room?min_position={}",
            muted.position()
        ))
        .await["my"]
        .clone();
    assert_eq!(
        (&my["muted"], &my["pinned"], &my["archived"]),
        (&json!(true), &json!(true), &json!(false))
    );

    let id = dave.create_direct("alice").await;
    let blocked = alice.put("/v1/blocks/dave", None).await;
    blocked.expect(200);
    assert_eq!(
        alice.put("/v1/blocks/dave", None).await.position(),
        blocked.position()
    );
    let listed = alice
        .get_ok(&format!("/v1/blocks?min_position={}", blocked.position()))
        .await;
    assert_eq!(listed, json!({ "users": ["dave"] }));
    assert_eq!(
        dave.send(&id, "d1", "hello?").await.expect_problem(403),
        "blocked"
    );
    alice
        .send(&id, "d2", "blocks work one way")
        .await
        .expect(201);
    let again = dave
        .post(
            "/v1/conversations",
            json!({ "kind": "direct", "members": ["alice"] }),
        )
        .await;
    again.expect(200);
    world
        .user("carol")
        .put("/v1/blocks/eve", None)
        .await
        .expect(200);
    let fresh = world
        .user("eve")
        .post(
            "/v1/conversations",
            json!({ "kind": "direct", "members": ["carol"] }),
        )
        .await;
    assert_eq!(fresh.expect_problem(403), "blocked");
    alice.delete("/v1/blocks/dave").await.expect(200);
    dave.send(&id, "d3", "hello!").await.expect(201);
    dave.create_group("party", &["alice"]).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_responds_to_each_line_in_order() {
    let world = world_with_conversation().await;
    let bob = world.user("bob");
    let lines = [
        json!({"op":"send","conversation_id":"room","client_message_id":"b1","type":"text","body":{"text":"one"}}),
        json!({"op":"send","conversation_id":"room","client_message_id":"b2","type":"text","body":{"text":""}}),
        json!({"op":"edit","conversation_id":"room","seq":2,"body":{"text":"uno"}}),
        json!({"op":"react","conversation_id":"room","seq":2,"key":"ok"}),
        json!({"op":"unreact","conversation_id":"room","seq":2,"key":"ok"}),
        json!({"op":"read","conversation_id":"room","up_to":2}),
        json!({"op":"ack","device":"phone","cursor":1}),
        json!({"op":"recall","conversation_id":"room","seq":1}),
        json!({"op":"dance"}),
        json!({"op":"send","conversation_id":"nowhere","client_message_id":"b3","type":"text","body":{"text":"x"}}),
        json!({"op":"send","conversation_id":"room","client_message_id":"b1","type":"text","body":{"text":"one"}}),
    ];
    let body: Vec<_> = lines
        .iter()
        .map(Value::to_string)
        .chain(["{nonsense".to_owned()])
        .collect();
    let request = bob
        .request(&Method::POST, "/v1/batch")
        .body("application/x-ndjson", body.join("\n"));
    let response = request.send().await;
    assert_eq!(response.status, 200, "{response}");
    let responses: Vec<Value> = String::from_utf8_lossy(&response.body)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let statuses: Vec<_> = responses
        .iter()
        .map(|response| response["status"].as_i64().unwrap_or_default())
        .collect();
    assert_eq!(
        statuses,
        [201, 422, 200, 200, 200, 200, 200, 200, 422, 404, 200, 400]
    );
    assert_eq!(responses[0]["seq"], responses[10]["seq"]);
    assert_eq!(responses[0]["position"], responses[10]["position"]);
    let shown = bob
        .get_ok(&format!(
            "/v1/conversations/room/messages/2?min_position={}",
            responses[7]["position"]
        ))
        .await;
    assert_eq!(shown["body"]["text"], "uno");
}
