//! L7: unread cannot drift. Each way to change it by hand, and random histories against the model.

use serde_json::{Value, json};
use tests::client::Client;
use tests::history::{RandomHistory, USERS};
use tests::model::InboxRow;
use tests::seed::seed;
use tests::world::World;

/// Acts between two comparisons.
const STEP: usize = 8;

/// Comparisons of one history.
const STEPS: usize = 40;

async fn unread(client: &Client, id: &str, min_position: i64) -> i64 {
    let shown = client
        .get_ok(&format!(
            "/v1/inbox/unread/{id}/explain?min_position={min_position}"
        ))
        .await;
    let counted = shown["counted"].as_array().map_or(0, Vec::len) as i64;
    assert_eq!(shown["unread"], counted, "{shown}");
    let listed = client.get_ok("/v1/inbox/unread").await["conversations"][id]
        .as_i64()
        .unwrap_or(0);
    assert_eq!(listed, counted, "the list and explain disagree");
    listed
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_is_right_right_after_each_way_to_change_it() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let phone = bob.clone();
    let made = alice.create_group("room", &["bob"]).await;
    assert_eq!(unread(&bob, "room", made.position()).await, 0);
    let mut last = 0;
    for n in 1..=4 {
        last = alice.send("room", &format!("m{n}"), "x").await.position();
    }
    assert_eq!(unread(&bob, "room", last).await, 4);
    assert_eq!(unread(&alice, "room", 0).await, 0, "nothing of one's own");
    let control = json!({ "client_message_id": "c", "type": "control", "body": {} });
    assert_eq!(
        unread(
            &bob,
            "room",
            alice.send_message("room", control).await.position()
        )
        .await,
        4,
        "control"
    );
    let at = |seq: i64| format!("/v1/conversations/room/messages/{seq}");
    let edited = alice
        .put(&at(1), Some(json!({ "body": { "text": "y" } })))
        .await
        .position();
    assert_eq!(unread(&bob, "room", edited).await, 4, "an edit");
    assert_eq!(
        unread(&bob, "room", alice.delete(&at(2)).await.position()).await,
        3,
        "a recall of an unread message"
    );
    assert_eq!(
        unread(&bob, "room", phone.read("room", 3).await.position()).await,
        1,
        "a read on another device"
    );
    assert_eq!(
        unread(&bob, "room", alice.delete(&at(1)).await.position()).await,
        1,
        "a recall of a read message"
    );
    let again = bob
        .post("/v1/conversations/room/read", json!({ "unread_from": 1 }))
        .await
        .position();
    assert_eq!(
        unread(&bob, "room", again).await,
        2,
        "marked unread: 3 and 4 are left"
    );
    let muted = bob
        .patch(
            "/v1/conversations/room/preferences",
            json!({ "muted": true }),
        )
        .await
        .position();
    assert_eq!(
        unread(&bob, "room", muted).await,
        2,
        "muted, it still counts in unread"
    );
    assert_eq!(
        bob.get_ok("/v1/inbox/unread").await["total"],
        0,
        "muted, it does not count in the total"
    );
    assert_eq!(
        unread(
            &bob,
            "room",
            bob.send("room", "b1", "mine").await.position()
        )
        .await,
        0,
        "an own send reads"
    );
    let sent = alice.send("room", "m5", "x").await.position();
    assert_eq!(unread(&bob, "room", sent).await, 1);
    let left = bob
        .delete("/v1/conversations/room/members/bob")
        .await
        .position();
    let shown = bob
        .get_ok(&format!("/v1/inbox/unread?min_position={left}"))
        .await;
    assert_eq!(shown, json!({ "total": 0, "conversations": {} }), "left");
    alice.send("room", "m6", "x").await.expect(201);
    let back = alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["bob"] }),
        )
        .await
        .position();
    assert_eq!(unread(&bob, "room", back).await, 0, "rejoined");
    assert_eq!(
        unread(&bob, "room", alice.send("room", "m7", "x").await.position()).await,
        1
    );
    assert_eq!(
        bob.get_ok("/v1/inbox/unread").await["total"],
        1,
        "leaving has forgotten the mute"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_agree_with_the_model() {
    let seed = seed("random_histories_agree_with_the_model");
    let world = World::start().await;
    let mut history = RandomHistory::start(seed, |user| world.user(user)).await;
    let mut counted = 0;
    for _ in 0..STEPS {
        history.run_random(STEP).await;
        counted += compare(&history).await;
    }
    assert!(
        counted > 100,
        "only {counted} unread messages were ever compared"
    );
}

/// Compares everything that every user is shown; gives how many unread messages there were.
pub async fn compare(history: &RandomHistory) -> i64 {
    let mut counted = 0;
    for user in USERS {
        let client = history.client(user);
        let model = &history.model;
        client
            .get_ok(&format!("/v1/inbox?min_position={}", history.head))
            .await;
        let mut conversations = serde_json::Map::new();
        for (id, conversation) in model.conversations_of(user) {
            let expected = conversation.unread(user);
            explain(
                &client,
                id,
                &expected,
                conversation.head(),
                conversation.members[user].read_mark,
            )
            .await;
            counted += expected.len() as i64;
            if !expected.is_empty() {
                conversations.insert(id.clone(), json!(expected.len()));
            }
            let shown = client.get_ok(&format!("/v1/conversations/{id}")).await;
            let me = &conversation.members[user];
            let my = json!({ "role": me.role.name(), "read_seq": me.read_mark, "joined_seq": me.joined,
                "muted": me.muted, "pinned": me.pinned, "archived": me.archived });
            assert_eq!(shown["my"], my, "{user} in {id}");
        }
        let total = model.total_unread(user);
        let shown = client.get_ok("/v1/inbox/unread").await;
        assert_eq!(
            shown,
            json!({ "total": total, "conversations": conversations }),
            "{user}"
        );
        for archived in [false, true] {
            let shown = client
                .get_ok(&format!("/v1/inbox?limit=200&archived={archived}"))
                .await;
            assert_eq!(shown["total_unread"], total, "{user}: {shown}");
            rows(user, &shown, &model.inbox(user, archived));
        }
    }
    counted
}

async fn explain(client: &Client, id: &str, expected: &[i64], head: i64, mark: i64) {
    let shown = client
        .get_ok(&format!("/v1/inbox/unread/{id}/explain"))
        .await;
    let seqs = |list: &Value| -> Vec<i64> {
        let mut seqs: Vec<i64> = list
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_i64)
            .collect();
        seqs.sort_unstable();
        seqs
    };
    let user = client.user();
    assert_eq!(seqs(&shown["counted"]), expected, "{user} in {id}: {shown}");
    let numbers = json!([shown["unread"], shown["read_seq"], shown["head_seq"]]);
    assert_eq!(
        numbers,
        json!([expected.len(), mark, head]),
        "{user} in {id}"
    );
    for excluded in shown["excluded"].as_array().expect("a list") {
        let seq = excluded["seq"].as_i64().expect("a seq");
        assert!(
            !expected.contains(&seq) && excluded["why"].is_string(),
            "{user} in {id}: {shown}"
        );
    }
}

fn rows(user: &str, shown: &Value, expected: &[InboxRow]) {
    let shown = shown["conversations"].as_array().expect("a list");
    let ids: Vec<_> = shown.iter().filter_map(|row| row["id"].as_str()).collect();
    let expected_ids: Vec<_> = expected.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, expected_ids, "the order of {user}'s inbox");
    for (shown, row) in shown.iter().zip(expected) {
        let fields = json!([
            shown["unread"],
            shown["mentions"],
            shown["read_seq"],
            shown["member_count"],
            shown["muted"],
            shown["pinned"],
            shown["archived"]
        ]);
        let [muted, pinned, archived] = row.settings;
        let model = json!([
            row.unread,
            row.mentions,
            row.read_seq,
            row.member_count,
            muted,
            pinned,
            archived
        ]);
        assert_eq!(fields, model, "{user}: {shown}");
        if let Some(seq) = shown["last_message"]["seq"].as_i64() {
            assert!(
                row.last_seq.is_some_and(|last| seq <= last),
                "{user}: {shown}"
            );
        }
    }
}
