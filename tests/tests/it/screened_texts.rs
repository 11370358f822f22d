//! Where word lists and rules for links look, and in which forms they find what is listed: in both
//! scripts of Chinese, in captions, and whatever stands around a host.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::response::ApiResponse;
use tests::world::World;
use uuid::Uuid;

async fn send(client: &Client, kind: &str, body: Value) -> ApiResponse {
    let key = Uuid::new_v4().to_string();
    let message = json!({ "client_message_id": key, "type": kind, "body": body });
    client.send_message("c", message).await
}

async fn send_text(client: &Client, text: &str) -> ApiResponse {
    send(client, "text", json!({ "text": text })).await
}

fn is_refused(response: &ApiResponse) -> bool {
    response.status == 422 && response.json()["code"] == "content_refused"
}

async fn wait_until_refused(client: &Client, text: &str) {
    eventually(format!("{text} is refused"), async || {
        is_refused(&send_text(client, text).await).then_some(())
    })
    .await;
}

async fn set_list(admin: &Client, name: &str, action: &str, words: Value) {
    let list = json!({ "action": action, "match": "word", "words": words });
    let path = format!("/v1/moderation/lists/{name}");
    admin.put(&path, Some(list)).await.expect(200);
}

async fn world_with_group() -> World {
    let world = World::start().await;
    world.user("ann").create_group("c", &[]).await.expect(201);
    world
}

async fn stored(client: &Client, sent: &ApiResponse) -> Value {
    let (seq, position) = (sent.number("seq"), sent.position());
    let path = format!("/v1/conversations/c/messages/{seq}?min_position={position}");
    client.get_ok(&path).await["body"]["text"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_word_is_found_in_traditional_and_simplified_characters() {
    let world = world_with_group().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    // One word is listed in traditional characters, the other one in simplified ones.
    set_list(&admin, "mask", "mask", json!(["壞蛋", "骗子"])).await;
    set_list(&admin, "no", "refuse", json!(["垃圾郵件"])).await;
    wait_until_refused(&ann, "垃圾郵件").await;
    for (text, expected) in [
        ("你是壞蛋嗎", "你是**嗎"),
        ("你是坏蛋吗", "你是**吗"),
        ("這個騙子!", "這個**!"),
        ("这个骗子!", "这个**!"),
        ("壞 蛋", "***"),
    ] {
        let sent = send_text(&ann, text).await;
        assert_eq!(sent.expect(201)["masked"], true, "{text}");
        assert_eq!(stored(&ann, &sent).await, expected);
    }
    let refused = send_text(&ann, "又是垃圾邮件").await;
    assert!(is_refused(&refused), "{refused}");
    let fine = send_text(&ann, "郵件").await;
    assert_eq!(fine.expect(201).get("masked"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_stand_alone_are_a_word_only_if_they_spell_it() {
    let world = world_with_group().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    set_list(&admin, "mask", "mask", json!(["bad", "xx", "badly"])).await;
    set_list(&admin, "no", "refuse", json!(["schurke"])).await;
    wait_until_refused(&ann, "s c h u r k e").await;
    for (text, expected) in [
        ("so b a d", "so *****"),
        ("b.a.d", "*****"),
        ("b-a_d+l y", "*********"),
        ("xx", "**"),
        ("x.x", "x.x"),
        ("f :: b -> a, d", "f :: b -> a, d"),
    ] {
        let sent = send_text(&ann, text).await;
        sent.expect(201);
        assert_eq!(stored(&ann, &sent).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_are_screened_as_texts_are() {
    let world = world_with_group().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    set_list(&admin, "stars", "mask", json!(["trottel"])).await;
    let deny = json!({ "deny": ["evil.example"], "action": "refuse" });
    admin
        .put("/v1/moderation/links", Some(deny))
        .await
        .expect(200);
    set_list(&admin, "no", "refuse", json!(["schurke"])).await;
    wait_until_refused(&ann, "Schurke").await;
    wait_until_refused(&ann, "evil.example").await;
    let image = |text: &str| json!({ "url": "https://e.org/a.png", "text": text });
    for caption in ["du Schurke", "see https://evil.example/a"] {
        let refused = send(&ann, "image", image(caption)).await;
        assert!(is_refused(&refused), "{caption}: {refused}");
    }
    let masked = send(&ann, "image", image("ein Trottel")).await;
    assert_eq!(masked.expect(201)["masked"], true);
    assert_eq!(stored(&ann, &masked).await, "ein *******");
    let fine = send(&ann, "image", image("a view")).await;
    assert_eq!(fine.expect(201).get("masked"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_host_is_found_whatever_stands_around_it() {
    let world = world_with_group().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let deny = json!({ "deny": ["evil.example", "192.0.2.7"], "action": "refuse" });
    admin
        .put("/v1/moderation/links", Some(deny))
        .await
        .expect(200);
    wait_until_refused(&ann, "evil.example").await;
    for text in [
        "https://good.example@evil.example/",
        "https://user:secret@evil.example",
        "https://evil.example:8443/path",
        "evil.example:80",
        "https://evil.example./",
        "(evil.example)",
        "ftp://deep.evil.example/x?y#z",
        "https://EVIL%2eexample/",
        "http://192.0.2.7/",
        "http://192.0.2.7:8080/x",
    ] {
        let refused = send_text(&ann, text).await;
        assert!(is_refused(&refused), "{text}: {refused}");
    }
    for text in [
        "https://evil.example.org/",
        "notevil.example",
        "https://good.example/?next=evil",
        "192.0.2.77",
    ] {
        send_text(&ann, text).await.expect(201);
    }
}
