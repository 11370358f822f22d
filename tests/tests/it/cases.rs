//! api2, section 4: reports, cases, and what moderators decide.

use serde_json::{Value, json};
use tests::client::Client;
use tests::token;
use tests::world::World;

use crate::policies::world_with_room;

/// The moderator of a world, who belongs to no conversation.
pub fn moderator(world: &World) -> Client {
    let now = token::unix_now();
    world
        .user("mo")
        .with_token(Some(token::issued_at("mo", now, "moderator")))
}

/// Reports message `seq` of `room`, and returns the path of the case.
pub async fn report(user: &Client, seq: i64, body: Value) -> String {
    let path = format!("/v1/conversations/room/messages/{seq}/reports");
    let answer = user.post(&path, body).await.expect(201);
    format!(
        "/v1/moderation/cases/{}",
        answer["case_id"].as_str().expect("an id")
    )
}

pub fn spam() -> Value {
    json!({ "reason": "spam" })
}

async fn list(client: &Client, query: &str) -> Vec<Value> {
    let page = client
        .get_ok(&format!("/v1/moderation/cases?{query}"))
        .await;
    page["cases"].as_array().expect("a list").clone()
}

pub async fn resolve(client: &Client, case: &str, decision: Value) -> i64 {
    let answer = client.post(&format!("{case}/resolve"), decision).await;
    answer.expect(200);
    answer.position()
}

pub async fn reopen(client: &Client, case: &str) -> i64 {
    let answer = client.post(&format!("{case}/reopen"), Value::Null).await;
    answer.expect(200);
    answer.position()
}

async fn body_of(client: &Client, path: &str) -> String {
    String::from_utf8_lossy(&client.get(path).await.body).into_owned()
}

pub fn types(acts: &Value) -> Vec<&str> {
    let acts = acts["acts"].as_array().expect("a list").iter();
    acts.map(|act| act["type"].as_str().expect("a type"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_case_gathers_the_reports_of_its_target() {
    let world = world_with_room().await;
    let [alice, carol, dave] = ["alice", "carol", "dave"].map(|user| world.user(user));
    carol.send("room", "1", "buy now").await.expect(201);
    // Given two reports of the same message, and one of them again,
    let note = json!({ "reason": "abuse", "note": "every day" });
    let case = report(&alice, 1, note.clone()).await;
    assert_eq!(report(&dave, 1, spam()).await, case);
    let again = alice
        .post("/v1/conversations/room/messages/1/reports", note)
        .await;
    assert!(case.ends_with(again.expect(200)["case_id"].as_str().expect("an id")));
    world.wait_until_projected(again.position()).await;
    // then moderators see one case with both,
    let moderator = moderator(&world);
    let [found] = &list(&moderator, "").await[..] else {
        panic!("not one case");
    };
    let target = json!({ "type": "message", "conversation_id": "room", "seq": 1, "user": "carol", "held_id": null });
    assert_eq!(
        [
            &found["kind"],
            &found["target"],
            &found["reports"],
            &found["state"],
            &found["excerpt"]
        ],
        [
            &json!("report"),
            &target,
            &json!(2),
            &json!("open"),
            &json!("buy now")
        ],
    );
    assert!(
        case.ends_with(found["id"].as_str().expect("an id")),
        "{found}"
    );
    // and in it everything that happened.
    let detail = moderator.get_ok(&case).await;
    assert_eq!(
        types(&detail),
        ["case_opened", "report_filed", "report_filed"]
    );
    assert_eq!(detail["acts"][1]["reporter"], "alice");
    assert_eq!(detail["acts"][1]["note"], "every day");
    assert_eq!(detail["acts"][2]["reason"], "spam");
    // A closed case is opened again by a new reporter, and not by the same one.
    resolve(&moderator, &case, json!({ "action": "none" })).await;
    let path = "/v1/conversations/room/messages/1/reports";
    alice.post(path, spam()).await.expect(200);
    let bob = world.user("bob").post(path, spam()).await;
    bob.expect(201);
    world.wait_until_projected(bob.position()).await;
    let [found] = &list(&moderator, "state=open").await[..] else {
        panic!("not one case");
    };
    assert_eq!(
        (&found["id"], &found["reports"]),
        (&detail["id"], &json!(3))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_context_is_what_is_stored_now() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    for n in 1..=14 {
        let text = format!("line {n}");
        carol.send("room", &text, &text).await.expect(201);
    }
    let case = report(&alice, 7, spam()).await;
    let moderator = moderator(&world);
    let edit = json!({ "body": { "text": "better" } });
    carol
        .put("/v1/conversations/room/messages/6", Some(edit))
        .await
        .expect(200);
    carol
        .delete("/v1/conversations/room/messages/8")
        .await
        .expect(200);
    let erase = json!({ "conversation_id": "room", "seq": 9 });
    let erased = world.admin().post("/v1/admin/erasures", erase).await;
    erased.expect(200);
    let last = carol.send("room", "last", "last").await.position();
    world.wait_until_projected(last).await;
    let detail = moderator.get_ok(&case).await;
    let context = detail["context"].as_array().expect("a list");
    let seqs: Vec<_> = context
        .iter()
        .map(|message| message["seq"].as_i64())
        .collect();
    assert_eq!(seqs, (2..=12).map(Some).collect::<Vec<_>>());
    let texts: Vec<_> = context
        .iter()
        .map(|message| &message["body"]["text"])
        .collect();
    assert_eq!(
        texts[4..8],
        [
            &json!("better"),
            &json!("line 7"),
            &Value::Null,
            &Value::Null
        ]
    );
    assert!(context[6]["recalled"] == true && context[7]["recalled"] == true);
    assert_eq!(detail["excerpt"], "line 7");
    // A recalled message is shown as such to moderators too, and at the beginning there is less.
    let first = report(&alice, 1, spam()).await;
    let recalled = carol.delete("/v1/conversations/room/messages/1").await;
    world.wait_until_projected(recalled.position()).await;
    let detail = moderator.get_ok(&first).await;
    assert_eq!(detail["context"].as_array().map(Vec::len), Some(6));
    assert_eq!(
        (&detail["excerpt"], &detail["context"][0]["body"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_listed_by_state_and_conversation_in_pages() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    carol.create_group("other", &["alice"]).await.expect(201);
    let mut cases = Vec::new();
    for n in 1..=5 {
        let text = n.to_string();
        carol.send("room", &text, &text).await.expect(201);
        cases.push(report(&alice, n, spam()).await);
    }
    let elsewhere = carol.send("other", "elsewhere", "elsewhere").await;
    elsewhere.expect(201);
    let elsewhere = alice
        .post("/v1/conversations/other/messages/1/reports", spam())
        .await;
    elsewhere.expect(201);
    let moderator = moderator(&world);
    let last = resolve(&moderator, &cases[1], json!({ "action": "none" })).await;
    world.wait_until_projected(last).await;
    let seqs = |cases: &[Value]| -> Vec<i64> {
        let seqs = cases.iter().map(|case| case["target"]["seq"].as_i64());
        seqs.map(Option::unwrap_or_default).collect()
    };
    assert_eq!(list(&moderator, "").await.len(), 6);
    assert_eq!(
        seqs(&list(&moderator, "conversation=room").await),
        [5, 4, 3, 2, 1]
    );
    let open = "conversation=room&state=open";
    assert_eq!(seqs(&list(&moderator, open).await), [5, 4, 3, 1]);
    assert_eq!(seqs(&list(&moderator, "state=closed").await), [2]);
    assert_eq!(list(&moderator, "conversation=none").await.len(), 0);
    // Pages follow each other without a gap.
    let mut paged = Vec::new();
    let mut next = String::new();
    for _ in 0..3 {
        let path = format!("/v1/moderation/cases?{open}&limit=2&after={next}");
        let page = moderator.get_ok(&path).await;
        paged.extend(page["cases"].as_array().expect("a list").clone());
        let Some(cursor) = page["next"].as_str() else {
            break;
        };
        cursor.clone_into(&mut next);
    }
    assert_eq!(seqs(&paged), [5, 4, 3, 1]);
    for bad in ["state=odd", "limit=0", "limit=201", "after=x"] {
        let refused = moderator.get(&format!("/v1/moderation/cases?{bad}")).await;
        assert_eq!(refused.expect_problem(400), "malformed", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_and_admins_see_the_cases_of_their_group() {
    let world = world_with_room().await;
    let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(|user| world.user(user));
    carol.send("room", "1", "buy now").await.expect(201);
    bob.send("room", "2", "you fool").await.expect(201);
    let about_carol = report(&dave, 1, spam()).await;
    let about_bob = report(&dave, 2, spam()).await;
    let user = dave.post("/v1/users/carol/reports", spam()).await;
    let about_user = format!(
        "/v1/moderation/cases/{}",
        user.expect(201)["case_id"].as_str().expect("an id")
    );
    world.wait_until_projected(user.position()).await;
    // The owner sees both cases of the group, the admin only that about another user.
    let here = "conversation=room";
    assert_eq!(list(&alice, here).await.len(), 2);
    let seen = list(&bob, here).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["target"]["seq"], 1);
    alice.get_ok(&about_bob).await;
    bob.get_ok(&about_carol).await;
    bob.get(&about_bob).await.expect_problem(404);
    let none = json!({ "action": "none" });
    bob.post(&format!("{about_bob}/resolve"), none.clone())
        .await
        .expect_problem(404);
    // Nobody else in the group does, and nobody without the scope sees cases about users.
    for (user, problem) in [(&carol, 403), (&dave, 403), (&world.user("eve"), 404)] {
        user.get(&format!("/v1/moderation/cases?{here}"))
            .await
            .expect_problem(problem);
        user.get("/v1/moderation/cases").await.expect_problem(403);
        user.get(&about_carol).await.expect_problem(404);
        user.post(&format!("{about_carol}/resolve"), none.clone())
            .await
            .expect_problem(404);
        user.post(&format!("{about_carol}/reopen"), Value::Null)
            .await
            .expect_problem(404);
    }
    alice.get("/v1/moderation/cases").await.expect_problem(403);
    alice.get(&about_user).await.expect_problem(404);
    world.admin().get_ok(&about_user).await;
    // They decide, within their rights.
    resolve(&bob, &about_carol, json!({ "action": "recall" })).await;
    let ban = json!({ "action": "ban" });
    resolve(&alice, &about_bob, ban.clone()).await;
    carol.send("room", "3", "me").await.expect(201);
    let about_third = report(&dave, 3, spam()).await;
    bob.post(&format!("{about_third}/resolve"), ban)
        .await
        .expect_problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_reporters_at_once_make_one_case() {
    let world = world_with_room().await;
    let (carol, dave, alice) = (world.user("carol"), world.user("dave"), world.user("alice"));
    let mut last = 0;
    for n in 1..=10_i64 {
        carol
            .send("room", &n.to_string(), "buy now")
            .await
            .expect(201);
        let path = format!("/v1/conversations/room/messages/{n}/reports");
        let (one, two) = tokio::join!(alice.post(&path, spam()), dave.post(&path, spam()));
        assert_eq!(one.expect(201)["case_id"], two.expect(201)["case_id"]);
        last = one.position().max(two.position());
    }
    world.wait_until_projected(last).await;
    let cases = list(&moderator(&world), "").await;
    assert_eq!(cases.len(), 10);
    assert!(cases.iter().all(|case| case["reports"] == 2), "{cases:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_those_who_decide_learns_of_a_case() {
    let world = world_with_room().await;
    let (carol, dave) = (world.user("carol"), world.user("dave"));
    carol.send("room", "1", "buy now").await.expect(201);
    let note = json!({ "reason": "other", "note": "a tarsier" });
    let case = report(&dave, 1, note.clone()).await;
    let user = dave.post("/v1/users/carol/reports", note).await;
    user.expect(201);
    let decision = json!({ "action": "none", "note": "a tarsier too" });
    let last = resolve(&moderator(&world), &case, decision).await;
    world.wait_until_projected(last).await;
    let id = case.rsplit('/').next().expect("an id");
    for name in ["alice", "carol", "dave", "eve"] {
        let client = world.user(name);
        for path in [
            "/v1/inbox",
            "/v1/inbox/entries?after=0&limit=200",
            "/v1/search?q=tarsier",
            "/v1/users/carol",
            "/v1/users/dave",
            "/v1/conversations/room/messages",
            "/v1/conversations/room/messages/1",
            "/v1/conversations/room/messages/1/history",
            "/v1/conversations/room/silences",
            "/v1/events?after=0",
            "/v1/moderation/cases",
        ] {
            let text = body_of(&client, path).await;
            for secret in ["tarsier", id, "report"] {
                assert!(!text.contains(secret), "{name} {path}: {text}");
            }
        }
    }
    // What the log says of the target has nothing of it, and what it says of the reporter has.
    let events = body_of(&world.admin(), "/v1/events?user=carol").await;
    assert!(
        !events.contains("case_") && events.contains("buy now"),
        "{events}"
    );
    let events = body_of(&world.admin(), "/v1/events?user=dave").await;
    assert!(events.contains("a tarsier"), "{events}");
    // The same holds for the export of a user's data.
    let export = async |user| world.run_ok(&["export-user", user]).await;
    assert!(!export("carol").await.contains("tarsier"));
    assert!(export("dave").await.contains("a tarsier"));
}
