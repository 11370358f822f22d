//! `GET /v1/search`: the language of the contract, answers, pages, and wrong input.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

use crate::wire::exchange;

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn search(client: &Client, q: &str, rest: &str) -> Value {
    client
        .get_ok(&format!("/v1/search?q={}{rest}", encoded(q)))
        .await
}

/// The hits as `conversation:seq`.
fn places(page: &Value) -> BTreeSet<String> {
    let hits = page["hits"].as_array().expect("a list").iter();
    hits.map(|hit| {
        let conversation = hit["conversation_id"].as_str().unwrap_or_default();
        format!("{conversation}:{}", hit["seq"])
    })
    .collect()
}

/// What is marked of a hit's text.
fn marked(hit: &Value) -> Vec<String> {
    let text: Vec<char> = hit["text"].as_str().expect("a text").chars().collect();
    let places = hit["highlights"].as_array().expect("a list").iter();
    places
        .map(|place| {
            let at = |end: usize| place[end].as_u64().expect("a number") as usize;
            text[at(0)..at(1)].iter().collect()
        })
        .collect()
}

/// A conversation of several scripts; gives the position of the last message.
async fn talk(world: &World) -> i64 {
    let ann = world.user("ann");
    ann.create_group("talk", &["bob"]).await.expect(201);
    let mut last = 0;
    for (n, text) in [
        "Good morning, have you tried qwen3.6?",
        "The file is foo.png, see https://example.com/docs/foo",
        "C++20 beats C, says #1234",
        "系统提示：已添加为好友",
        "請發佈新版本",
        "café con leche",
        "東京タワーに行きました",
        "안녕하세요 여러분",
        "on 💯 days: 👍🏽",
        "去Tokyo了吗",
    ]
    .iter()
    .enumerate()
    {
        last = ann.send("talk", &format!("k{n}"), text).await.position();
    }
    let bob = world.user("bob");
    for message in [
        json!({ "client_message_id": "f", "type": "file", "body": { "name": "Résumé-2026.pdf", "size": 3 } }),
        json!({ "client_message_id": "c", "type": "control", "body": { "text": "morning" } }),
        json!({ "client_message_id": "m", "type": "text", "body": { "text": "morning @ann" }, "mentions": ["ann"] }),
    ] {
        last = bob.send_message("talk", message).await.position();
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn every_script_is_found_whole_and_by_part() {
    let world = World::start().await;
    let position = talk(&world).await;
    let ann = world.user("ann");
    ann.get_ok(&format!("/v1/search?q=x&min_position={position}"))
        .await;
    for (q, expected) in [
        ("morning", &[1, 13][..]),
        ("GOOD morning", &[1]),
        ("\"good morning\"", &[1]),
        ("\"morning good\"", &[]),
        ("morning -good", &[13]),
        ("qwen3.6", &[1]),
        ("qwen3", &[1]),
        ("qwen*", &[1]),
        ("foo", &[2]),
        ("foo.png", &[2]),
        ("png", &[2]),
        ("example.com", &[2]),
        ("https://example.com/docs/foo", &[2]),
        ("C++20", &[3]),
        ("c++", &[3]),
        ("#1234", &[3]),
        ("1234", &[3]),
        ("添加", &[4]),
        ("加为好", &[4]),
        ("添", &[4]),
        ("友", &[4]),
        ("发布", &[5]),
        ("發佈", &[5]),
        ("发", &[5]),
        ("cafe", &[6]),
        ("CAFÉ", &[6]),
        ("タワー", &[7]),
        ("行きま", &[7]),
        ("하세", &[8]),
        ("💯", &[9]),
        ("👍", &[9]),
        ("tokyo", &[10]),
        ("去", &[10]),
        ("resume", &[11]),
        ("résumé-2026.pdf", &[11]),
        ("pdf OR png", &[2, 11]),
        ("good OR café morning", &[1]),
        ("type:file", &[11]),
        ("has:link", &[2]),
        ("has:mention", &[13]),
        ("mentions:me", &[13]),
        ("mentions:bob", &[]),
        ("from:bob", &[11, 13]),
        ("from:me morning", &[1]),
        ("from:nobody", &[]),
        ("in:talk morning", &[1, 13]),
        ("in:elsewhere morning", &[]),
        ("before:2020-01-01", &[]),
        ("after:2020-01-01 cafe", &[6]),
        ("before:yesterday", &[]),
        ("nothing", &[]),
    ] {
        let expected: BTreeSet<String> = expected.iter().map(|seq| format!("talk:{seq}")).collect();
        for sort in ["relevance", "newest"] {
            let page = search(&ann, q, &format!("&sort={sort}")).await;
            assert_eq!(places(&page), expected, "{q}");
            assert_eq!(page["total"], expected.len(), "{q}");
            assert_eq!(page["total_is_exact"], true);
            assert_eq!(page["next"], Value::Null);
        }
    }
    let page = search(&ann, "添加 好友", "").await;
    assert_eq!(marked(&page["hits"][0]), ["添加", "好友"]);
    let page = search(&ann, "💯 👍", "").await;
    assert_eq!(marked(&page["hits"][0]), ["💯", "👍🏽"]);
    let hit = &search(&ann, "cafe", "").await["hits"][0];
    assert_eq!(marked(hit), ["café"]);
    assert_eq!(
        (&hit["sender"], &hit["type"], &hit["text"]),
        (&json!("ann"), &json!("text"), &json!("café con leche"))
    );
    assert!(
        hit["score"].as_f64().is_some_and(|score| score > 0.0),
        "{hit}"
    );
    assert!(hit["sent_at"].is_string() && page["took_ms"].is_number());
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_are_found_in_their_newest_form_and_recalls_not_at_all() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    ann.send("c", "1", "alpha").await.expect(201);
    let sent = ann.send("c", "2", "beta").await.position();
    let at = |position: i64| format!("&min_position={position}");
    assert_eq!(search(&bob, "alpha OR beta", &at(sent)).await["total"], 2);
    let edited = ann
        .put(
            "/v1/conversations/c/messages/1",
            Some(json!({ "body": { "text": "gamma" } })),
        )
        .await
        .position();
    assert_eq!(search(&bob, "alpha", &at(edited)).await["total"], 0);
    assert_eq!(search(&bob, "gamma", &at(edited)).await["total"], 1);
    let recalled = ann
        .delete("/v1/conversations/c/messages/2")
        .await
        .position();
    // Without waiting for the index: what history does not show any more is not found either.
    ann.get_ok(&format!("/v1/inbox/unread?min_position={recalled}"))
        .await;
    let page = search(&bob, "beta", "").await;
    assert_eq!((&page["total"], &page["hits"]), (&json!(0), &json!([])));
    let left = bob
        .delete("/v1/conversations/c/members/bob")
        .await
        .position();
    ann.get_ok(&format!("/v1/inbox/unread?min_position={left}"))
        .await;
    assert_eq!(search(&bob, "gamma", "").await["total"], 0);
    assert_eq!(search(&ann, "gamma", "").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_while_messages_arrive() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let mut position = 0;
    for n in 0..60 {
        let text = format!("tea {} number{n}", "green ".repeat(n % 4));
        position = ann.send("c", &n.to_string(), &text).await.position();
    }
    for sort in ["relevance", "newest"] {
        let mut expected: Vec<Value> = Vec::new();
        let all = search(
            &ann,
            "tea green OR tea",
            &format!("&sort={sort}&limit=100&min_position={position}"),
        )
        .await;
        expected.extend(
            all["hits"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|hit| hit["seq"].clone()),
        );
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = search(
                &ann,
                "tea green OR tea",
                &format!("&sort={sort}&limit=7{cursor}"),
            )
            .await;
            paged.extend(
                page["hits"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|hit| hit["seq"].clone()),
            );
            let Some(next) = page["next"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
            let sent = ann
                .send("c", &format!("{sort}{}", paged.len()), "tea green tea")
                .await;
            position = sent.position();
            search(&ann, "x", &format!("&min_position={position}")).await;
        }
        assert_eq!(paged, expected, "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_total_is_at_least() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let lines: Vec<String> = (0..1_002)
        .map(|n| {
            json!({ "op": "send", "conversation_id": "c", "client_message_id": format!("b{n}"),
                    "type": "text", "body": { "text": format!("tea {n}") } })
            .to_string()
        })
        .collect();
    let mut position = 0;
    for batch in lines.chunks(500) {
        let request = ann.request(&reqwest::Method::POST, "/v1/batch");
        let answer = request
            .body("application/x-ndjson", batch.join("\n"))
            .send()
            .await;
        let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
        let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
        position = last["position"].as_i64().expect("a position");
    }
    let page = search(&ann, "tea", &format!("&min_position={position}")).await;
    assert_eq!(
        (&page["total"], &page["total_is_exact"]),
        (&json!(1_000), &json!(false))
    );
    let page = search(&ann, "tea -1 -2", "").await;
    assert_eq!(
        (&page["total"], &page["total_is_exact"]),
        (&json!(1_000), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_is_text_and_what_cannot_be_meant_is_refused() {
    let world = World::start().await;
    let position = talk(&world).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    search(&ann, "x", &format!("&min_position={position}")).await;
    for junk in [
        "(((((",
        "\"open",
        "AND OR NOT",
        "OR",
        "field:",
        "sender:*",
        "id:[* TO *]",
        "~99999",
        "^1e308",
        "/(a*)*b/",
        "+(a",
        "a:b:c",
        "-",
        "x:\"y",
        "\u{200b}x",
        "-\"a b",
        "type:",
        "has:nothing",
    ] {
        let answer = ann.get(&format!("/v1/search?q={}", encoded(junk))).await;
        assert!(matches!(answer.status, 200 | 422), "{junk}: {answer}");
    }
    for piece in [
        "(", "\"", "NOT ", ":", "*", "-", "a* ", "OR ", "添", "\"a\" ", "from:x ",
    ] {
        let longest: String = piece.chars().cycle().take(1_024).collect();
        let answer = ann
            .get(&format!("/v1/search?q={}", encoded(&longest)))
            .await;
        assert!(matches!(answer.status, 200 | 422), "{piece}: {answer}");
        let answer = ann
            .get(&format!("/v1/search?q={}", encoded(&format!("{longest}x"))))
            .await;
        assert_eq!(answer.expect_problem(422), "invalid");
        let huge = encoded(piece).repeat(100_000 / piece.len() / 3);
        let answer = exchange(
            &world,
            format!("GET /v1/search?q={huge} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .as_bytes(),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{piece}: {answer}");
    }
    for empty in ["", "%20", "%21%3F", "%E2%80%8B"] {
        let answer = ann.get(&format!("/v1/search?q={empty}")).await;
        assert_eq!(answer.expect_problem(422), "invalid", "{empty:?}");
    }
    assert_eq!(ann.get("/v1/search").await.expect_problem(422), "invalid");
    for wrong in [
        "limit=0",
        "limit=101",
        "limit=x",
        "sort=best",
        "cursor=nonsense",
        "min_position=-1",
    ] {
        let answer = ann.get(&format!("/v1/search?q=morning&{wrong}")).await;
        answer.expect_problem(400);
    }
    // A cursor is for its caller, its query and its order.
    let page = search(&ann, "morning", "&limit=1").await;
    let cursor = page["next"].as_str().expect("a second page");
    ann.get(&format!("/v1/search?q=morning&cursor={cursor}"))
        .await
        .expect(200);
    for (client, rest) in [
        (&bob, "q=morning"),
        (&ann, "q=good"),
        (&ann, "q=morning&sort=newest"),
    ] {
        let answer = client
            .get(&format!("/v1/search?{rest}&cursor={cursor}"))
            .await;
        answer.expect_problem(400);
    }
    world
        .anonymous()
        .get("/v1/search?q=x")
        .await
        .expect_problem(401);
    let answer = ann.get("/v1/search?q=x&min_position=1000000").await;
    assert_eq!(answer.expect_problem(503), "projection_behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_searches_everything_or_as_somebody() {
    let world = World::start().await;
    let position = talk(&world).await;
    search(
        &world.user("ann"),
        "x",
        &format!("&min_position={position}"),
    )
    .await;
    let data = world.dir.join("data");
    let data = data.to_str().expect("a path");
    let run = async |arguments: &[&str]| {
        let output = world
            .run(&[&["search", "--data", data], arguments].concat())
            .await;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let found = run(&["添加"]).await;
    assert!(
        found.contains("talk #4  ann: 系统提示：已添加为好友"),
        "{found}"
    );
    assert!(found.contains("1 found, up to position"), "{found}");
    let json: Value =
        serde_json::from_str(&run(&["--as", "bob", "--json", "mentions:ann"]).await).expect("JSON");
    assert_eq!(places(&json), BTreeSet::from(["talk:13".to_owned()]));
    assert!(
        run(&["--as", "zoe", "morning"])
            .await
            .starts_with("0 found")
    );
    let output = world.run(&["search", "--data", data, "?!"]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_of_many_conversations_sees_is_remembered_only_while_it_stands() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let mut position = 0;
    for n in 0..205 {
        let id = format!("c{n}");
        ann.create_group(&id, &["bob"]).await.expect(201);
        if n < 3 {
            position = ann.send(&id, &id, "tea for all").await.position();
        }
    }
    let total = async |position: i64| {
        search(&bob, "tea", &format!("&min_position={position}")).await["total"].clone()
    };
    assert_eq!(total(position).await, 3);
    // New messages in what is known.
    position = ann.send("c9", "c9", "more tea").await.position();
    assert_eq!(total(position).await, 4);
    assert_eq!(total(position).await, 4);
    // Leaving, being removed, coming back, a new conversation, another rule.
    position = bob
        .delete("/v1/conversations/c0/members/bob")
        .await
        .position();
    assert_eq!(total(position).await, 3);
    position = ann
        .delete("/v1/conversations/c1/members/bob")
        .await
        .position();
    assert_eq!(total(position).await, 2);
    ann.send("c0", "away", "tea while bob is away")
        .await
        .expect(201);
    position = ann
        .post("/v1/conversations/c0/members", json!({ "users": ["bob"] }))
        .await
        .position();
    assert_eq!(total(position).await, 4);
    position = ann
        .patch("/v1/conversations/c0", json!({ "history": "since_join" }))
        .await
        .position();
    assert_eq!(total(position).await, 3);
    position = ann.send("c0", "new", "tea again").await.position();
    assert_eq!(total(position).await, 4);
    ann.create_group("fresh", &["bob"]).await.expect(201);
    position = ann.send("fresh", "f", "fresh tea").await.position();
    assert_eq!(total(position).await, 5);
    position = ann
        .patch("/v1/conversations/c0", json!({ "history": "all" }))
        .await
        .position();
    assert_eq!(total(position).await, 6);
}
