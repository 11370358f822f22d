//! The question that the hook asks names the user who sends, also if a service acts for them, and
//! each message of a batch has its own answer.

use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::response::ApiResponse;
use tests::token;
use tests::world::World;

use crate::hook::{hook, set_hook, start, start_service};

/// A call that a service makes for bob.
async fn for_bob(service: &Client, method: Method, path: &str, body: &Value) -> ApiResponse {
    let request = service.request(&method, path);
    let request = request.header("tidings-act-for", "bob");
    request.json(body).send().await
}

fn service_of(world: &World) -> Client {
    let token = token::issued_at("crm", token::unix_now(), "service");
    world.user("crm").with_token(Some(token))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_names_the_user_for_whom_a_service_acts() {
    let world = start().await;
    let checks = start_service().await;
    set_hook(&world, hook(&checks, "allow"), "refuse x", 422).await;
    let service = service_of(&world);
    let asked_about = |text: &str| {
        let mut questions = checks.questions().into_iter();
        questions.find(|question| question["data"]["body"]["text"] == text)
    };
    let messages = "/v1/conversations/team/messages";
    let message = |key: &str, text: &str| json!({ "client_message_id": key, "type": "text", "body": { "text": text } });

    // When a service sends, edits and schedules for bob
    let sent = for_bob(&service, Method::POST, messages, &message("1", "sent")).await;
    let one = format!("{messages}/{}", sent.expect(201)["seq"]);
    let edit = json!({ "body": { "text": "edited" } });
    let edited = for_bob(&service, Method::PUT, &one, &edit).await;
    edited.expect(200);
    let due = domain::time::Timestamp::from_millis(token::unix_now() * 1_000 + 2_000);
    let mut scheduled = message("2", "scheduled");
    scheduled["send_at"] = json!(due);
    let later = for_bob(&service, Method::POST, messages, &scheduled).await;
    later.expect(202);

    // Then bob is the sender in each question
    for text in ["sent", "edited", "scheduled"] {
        let question = eventually(format!("the hook is asked about {text}"), async || {
            asked_about(text)
        })
        .await;
        assert_eq!(question["data"]["sender"], "bob", "{question}");
        assert!(!question.to_string().contains("crm"), "{question}");
    }

    // When what the service sends is held, then it is bob's
    let held = for_bob(&service, Method::POST, messages, &message("3", "hold it")).await;
    let held = held.expect(202)["held_id"].clone();
    let waiting = eventually("bob sees it", async || {
        let page = world.user("bob").get_ok("/v1/held").await;
        page["held"].get(0).cloned()
    })
    .await;
    assert_eq!(waiting["held_id"], held);
    assert_eq!(service.get_ok("/v1/held").await["held"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_of_a_batch_is_held_in_its_line() {
    let world = start().await;
    let checks = start_service().await;
    set_hook(&world, hook(&checks, "allow"), "refuse x", 422).await;
    let line = |key: &str, text: &str| {
        json!({ "op": "send", "conversation_id": "team", "client_message_id": key, "type": "text",
            "body": { "text": text } })
    };
    let lines = json!([line("1", "one"), line("2", "hold two"), line("3", "three")]);
    let ann = world.user("ann");
    let batch = ann.post("/v1/batch", lines).await.expect(200);
    let statuses: Vec<_> = batch.as_array().expect("lines").iter().collect();
    let statuses: Vec<_> = statuses.iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [&json!(201), &json!(202), &json!(201)], "{batch}");
    assert_eq!(batch[1]["state"], "held");
    assert!(batch[1]["held_id"].is_string() && batch[1]["position"].is_i64());
    // It has no seq, and the messages around it have the next ones.
    assert_eq!(batch[1].get("seq"), None);
    let (one, three) = (batch[0]["seq"].as_i64(), batch[2]["seq"].as_i64());
    assert_eq!(three, one.map(|seq| seq + 1), "{batch}");
    eventually("it is held", async || {
        let held = ann.get_ok("/v1/held").await["held"].clone();
        (held.get(0)?["held_id"] == batch[1]["held_id"]).then_some(())
    })
    .await;
}
