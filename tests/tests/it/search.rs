//! `GET /v1/search`: the query language, hits, pages, visibility and invalid input.

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
fn hit_ids(page: &Value) -> BTreeSet<String> {
    let hits = page["hits"].as_array().expect("a list").iter();
    hits.map(|hit| {
        let conversation = hit["conversation_id"].as_str().unwrap_or_default();
        format!("{conversation}:{}", hit["seq"])
    })
    .collect()
}

/// The highlighted parts of a hit's text.
fn highlighted(hit: &Value) -> Vec<String> {
    let text: Vec<char> = hit["text"].as_str().expect("a text").chars().collect();
    let ranges = hit["highlights"].as_array().expect("a list").iter();
    ranges
        .map(|range| {
            let bound = |end: usize| range[end].as_u64().expect("a number") as usize;
            text[bound(0)..bound(1)].iter().collect()
        })
        .collect()
}

/// A world whose conversation `talk` has messages in several scripts, all of them indexed; and ann,
/// who sent most of them.
async fn world_in_many_scripts() -> (World, Client) {
    let world = World::start().await;
    let position = send_messages_in_many_scripts(&world).await;
    let ann = world.user("ann");
    search(&ann, "x", &format!("&min_position={position}")).await;
    (world, ann)
}

/// Fills the conversation `talk`; returns the position of the last message.
async fn send_messages_in_many_scripts(world: &World) -> i64 {
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
    for (n, text) in [
        "x 🆘",
        "rm -rf /tmp/x; git commit --amend",
        "ٱلكتـاب ٤٢",
        "🇦🇺🇸🇪",
        "ดื่มนํ้า",
    ]
    .iter()
    .enumerate()
    {
        last = ann.send("talk", &format!("s{n}"), text).await.position();
    }
    last
}

/// Queries of ann in the conversation `talk`, and the seqs of their hits.
const QUERIES: &[(&str, &[i64])] = &[
    ("morning", &[1, 13]),
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
    ("🆘", &[14]),
    ("rm -rf", &[15]),
    ("rm -\"rf\"", &[]),
    ("git commit --amend -m", &[]),
    ("git --amend", &[15]),
    ("الكتاب 42", &[16]),
    ("🇦🇺", &[17]),
    ("🇺🇸", &[]),
    ("น้ำ", &[18]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_script_is_found_as_a_whole_and_in_parts() {
    let (_world, ann) = world_in_many_scripts().await;
    for (q, seqs) in QUERIES {
        let expected: BTreeSet<String> = seqs.iter().map(|seq| format!("talk:{seq}")).collect();
        for sort in ["relevance", "newest"] {
            let page = search(&ann, q, &format!("&sort={sort}")).await;
            assert_eq!(hit_ids(&page), expected, "{q}");
            assert_eq!(page["total"], expected.len(), "{q}");
            assert_eq!(page["total_is_exact"], true);
            assert_eq!(page["next"], Value::Null);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_has_the_text_and_the_highlights() {
    let (_world, ann) = world_in_many_scripts().await;
    let page = search(&ann, "cafe", "").await;
    let hit = &page["hits"][0];
    assert_eq!(highlighted(hit), ["café"]);
    assert_eq!(
        (&hit["sender"], &hit["type"], &hit["text"]),
        (&json!("ann"), &json!("text"), &json!("café con leche"))
    );
    let score = hit["score"].as_f64();
    assert!(score.is_some_and(|score| score > 0.0), "{hit}");
    assert!(hit["sent_at"].is_string() && page["took_ms"].is_number());
    for (q, parts) in [("添加 好友", ["添加", "好友"]), ("💯 👍", ["💯", "👍🏽"])]
    {
        let page = search(&ann, q, "").await;
        assert_eq!(highlighted(&page["hits"][0]), parts, "{q}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_are_found_in_their_newest_form_and_recalled_messages_are_not_found() {
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
    // Without waiting for the index: a message that the history no longer shows is not found.
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
        let seqs = |page: &Value| -> Vec<Value> {
            let hits = page["hits"].as_array().expect("a list").iter();
            hits.map(|hit| hit["seq"].clone()).collect()
        };
        let whole = format!("&sort={sort}&limit=100&min_position={position}");
        let expected = seqs(&search(&ann, "tea green OR tea", &whole).await);
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let next_page = format!("&sort={sort}&limit=7{cursor}");
            let page = search(&ann, "tea green OR tea", &next_page).await;
            paged.extend(seqs(&page));
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
async fn a_total_beyond_1000_is_a_lower_bound() {
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
        let response = request
            .body("application/x-ndjson", batch.join("\n"))
            .send()
            .await;
        let text = String::from_utf8(response.body.to_vec()).expect("UTF-8");
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

/// Invalid operators and syntax of other search languages that contain something to search for.
const SEARCHED_AS_TEXT: [&str; 16] = [
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
    "x:\"y",
    "\u{200b}x",
    "-\"a b",
    "type:",
    "has:nothing",
];

/// Queries that contain nothing to search for.
const EMPTY: [&str; 6] = ["", " ", "!?", "\u{200b}", "(((((", "-"];

#[tokio::test(flavor = "multi_thread")]
async fn invalid_syntax_is_searched_as_text() {
    let (_world, ann) = world_in_many_scripts().await;
    for q in SEARCHED_AS_TEXT {
        search(&ann, q, "").await;
    }
    for q in EMPTY {
        let response = ann.get(&format!("/v1/search?q={}", encoded(q))).await;
        assert_eq!(response.expect_problem(422), "invalid", "{q:?}");
    }
    assert_eq!(ann.get("/v1/search").await.expect_problem(422), "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_has_at_most_1024_characters() {
    let (world, ann) = world_in_many_scripts().await;
    for (piece, status) in [
        ("NOT ", 200),
        ("a* ", 200),
        ("OR ", 200),
        ("添", 200),
        ("\"a\" ", 200),
        ("from:x ", 200),
        ("(", 422),
        ("\"", 422),
        (":", 422),
        ("*", 422),
        ("-", 422),
    ] {
        let longest: String = piece.chars().cycle().take(1_024).collect();
        let path = format!("/v1/search?q={}", encoded(&longest));
        let response = ann.get(&path).await;
        assert_eq!(response.status, status, "{piece}: {response}");
        let too_long = ann.get(&format!("{path}x")).await;
        assert_eq!(too_long.expect_problem(422), "invalid", "{piece}");

        // A request line of 100 KB is refused before it is parsed.
        let huge = encoded(piece).repeat(100_000 / piece.len() / 3);
        let request =
            format!("GET /v1/search?q={huge} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let response = exchange(&world, request.as_bytes()).await;
        assert!(response.starts_with("HTTP/1.1 431 "), "{piece}: {response}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_parameters_are_refused() {
    let world = World::start().await;
    let ann = world.user("ann");
    for parameter in [
        "limit=0",
        "limit=101",
        "limit=x",
        "sort=best",
        "cursor=nonsense",
        "min_position=-1",
    ] {
        let response = ann.get(&format!("/v1/search?q=morning&{parameter}")).await;
        response.expect_problem(400);
    }
    let ahead = ann.get("/v1/search?q=x&min_position=1000000").await;
    assert_eq!(ahead.expect_problem(503), "projection_behind");
    let anonymous = world.anonymous().get("/v1/search?q=x").await;
    anonymous.expect_problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_valid_only_for_its_caller_query_and_order() {
    let (world, ann) = world_in_many_scripts().await;
    let bob = world.user("bob");
    let page = search(&ann, "morning", "&limit=1").await;
    let cursor = page["next"].as_str().expect("a second page");
    for (client, rest, status) in [
        (&ann, "q=morning", 200),
        (&bob, "q=morning", 400),
        (&ann, "q=good", 400),
        (&ann, "q=morning&sort=newest", 400),
    ] {
        let path = format!("/v1/search?{rest}&cursor={cursor}");
        let response = client.get(&path).await;
        assert_eq!(response.status, status, "{response}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_searches_everything_or_as_a_user() {
    let (world, _) = world_in_many_scripts().await;
    let data = world.dir.join("data");
    let data = data.to_str().expect("a path");
    let run = async |arguments: &[&str]| {
        world
            .run_ok(&[&["search", "--data", data], arguments].concat())
            .await
    };
    let found = run(&["添加"]).await;
    assert!(
        found.contains("talk #4  ann: 系统提示：已添加为好友"),
        "{found}"
    );
    assert!(found.contains("1 found, up to position"), "{found}");
    let as_bob = run(&["--as", "bob", "--json", "mentions:ann"]).await;
    let as_bob: Value = serde_json::from_str(&as_bob).expect("JSON");
    assert_eq!(hit_ids(&as_bob), BTreeSet::from(["talk:13".to_owned()]));
    let as_stranger = run(&["--as", "zoe", "morning"]).await;
    assert!(as_stranger.starts_with("0 found"), "{as_stranger}");
    let empty = world.run(&["search", "--data", data, "?!"]).await;
    assert_eq!(empty.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cached_visibility_of_a_user_follows_every_change() {
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
    // New messages in known conversations.
    position = ann.send("c9", "c9", "more tea").await.position();
    assert_eq!(total(position).await, 4);
    assert_eq!(total(position).await, 4);
    // Leaving, being removed, returning, a new conversation, another history setting.
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
