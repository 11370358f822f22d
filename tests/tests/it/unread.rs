//! L7: unread counts cannot drift. Each action that changes them, one by one, and random histories
//! compared with the reference model.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::client::Client;
use tests::history::{RandomHistory, USERS};
use tests::model::{InboxRow, ModelConversation};
use tests::seed::seed;
use tests::world::World;

use crate::model_threads::compare_threads;

/// Acts between two comparisons.
const ACTS_PER_STEP: usize = 8;

/// Comparisons of one history.
const STEPS: usize = 40;

/// A world in which alice and bob share the conversation `room`.
async fn world_with_conversation() -> (World, Client, Client) {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let created = alice.create_group("room", &["bob"]).await;
    world.wait_until_projected(created.position()).await;
    (world, alice, bob)
}

/// Sends `count` text messages to `room`; returns the position of the last one.
async fn send_messages(client: &Client, prefix: &str, count: usize) -> i64 {
    let mut last = 0;
    for n in 1..=count {
        last = client
            .send("room", &format!("{prefix}{n}"), "x")
            .await
            .position();
    }
    last
}

/// The unread count of `room` in the list and in its explanation, which must agree.
async fn unread(client: &Client, min_position: i64) -> i64 {
    let explained = client
        .get_ok(&format!(
            "/v1/inbox/unread/room/explain?min_position={min_position}"
        ))
        .await;
    let counted = explained["counted"].as_array().map_or(0, Vec::len) as i64;
    assert_eq!(explained["unread"], counted, "{explained}");
    let unread = client.get_ok("/v1/inbox/unread").await["conversations"]["room"].clone();
    let listed = unread.as_i64().unwrap_or(0);
    assert_eq!(listed, counted, "the list and the explanation differ");
    listed
}

fn message_path(seq: i64) -> String {
    format!("/v1/conversations/room/messages/{seq}")
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_others_count_and_edits_and_recalls_are_respected() {
    let (_world, alice, bob) = world_with_conversation().await;
    assert_eq!(unread(&bob, 0).await, 0);
    let sent = send_messages(&alice, "m", 4).await;
    assert_eq!(unread(&bob, sent).await, 4);
    assert_eq!(unread(&alice, sent).await, 0, "own messages");

    let control = json!({ "client_message_id": "c", "type": "control", "body": {} });
    let sent = alice.send_message("room", control).await.position();
    assert_eq!(unread(&bob, sent).await, 4, "a control message");
    let body = json!({ "body": { "text": "y" } });
    let edited = alice.put(&message_path(1), Some(body)).await.position();
    assert_eq!(unread(&bob, edited).await, 4, "an edit");
    let recalled = alice.delete(&message_path(2)).await.position();
    assert_eq!(unread(&bob, recalled).await, 3, "a recall");
}

#[tokio::test(flavor = "multi_thread")]
async fn read_marks_move_forwards_and_back() {
    let (_world, alice, bob) = world_with_conversation().await;
    send_messages(&alice, "m", 4).await;
    let other_device = bob.clone();
    let read = other_device.read("room", 3).await.position();
    assert_eq!(unread(&bob, read).await, 1, "read on another device");
    let recalled = alice.delete(&message_path(1)).await.position();
    assert_eq!(
        unread(&bob, recalled).await,
        1,
        "a read message is recalled"
    );
    let marked = bob
        .post("/v1/conversations/room/read", json!({ "unread_from": 1 }))
        .await
        .position();
    assert_eq!(unread(&bob, marked).await, 3, "marked unread: 2, 3 and 4");
    let sent = bob.send("room", "b1", "mine").await.position();
    assert_eq!(unread(&bob, sent).await, 0, "an own message moves the mark");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_muted_conversation_counts_but_not_in_the_total() {
    let (_world, alice, bob) = world_with_conversation().await;
    send_messages(&alice, "m", 2).await;
    let muted = bob
        .patch(
            "/v1/conversations/room/preferences",
            json!({ "muted": true }),
        )
        .await
        .position();
    assert_eq!(unread(&bob, muted).await, 2);
    assert_eq!(bob.get_ok("/v1/inbox/unread").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_returns_starts_with_nothing_unread_and_unmuted() {
    // Given bob, who has muted the conversation and has unread messages,
    let (_world, alice, bob) = world_with_conversation().await;
    send_messages(&alice, "m", 2).await;
    let preferences = "/v1/conversations/room/preferences";
    bob.patch(preferences, json!({ "muted": true }))
        .await
        .expect(200);

    // when he leaves, he has no unread messages;
    let left = bob
        .delete("/v1/conversations/room/members/bob")
        .await
        .position();
    let unread_counts = bob
        .get_ok(&format!("/v1/inbox/unread?min_position={left}"))
        .await;
    assert_eq!(unread_counts, json!({ "total": 0, "conversations": {} }));

    // when he returns, nothing of before counts,
    send_messages(&alice, "away", 1).await;
    let returned = alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["bob"] }),
        )
        .await
        .position();
    assert_eq!(unread(&bob, returned).await, 0);
    // and new messages count in the total as well.
    let sent = send_messages(&alice, "new", 1).await;
    assert_eq!(unread(&bob, sent).await, 1);
    assert_eq!(bob.get_ok("/v1/inbox/unread").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_agree_with_the_model() {
    let seed = seed("random_histories_agree_with_the_model");
    let world = World::start().await;
    let mut history = RandomHistory::start(seed, |user| world.user(user)).await;
    let mut compared = Compared::default();
    for _ in 0..STEPS {
        history.run_random(ACTS_PER_STEP).await;
        let more = compare_with_model(&history)
            .await
            .expect("what is served agrees with the model");
        compared.unread += more.unread;
        compared.threads += more.threads;
    }
    // The sums over all steps, because any one moment of a random history may have few of them.
    assert!(
        compared.unread > 100 && compared.threads > 20,
        "too little was compared: {compared:?}"
    );
}

/// How much a comparison with the model covered, over all users.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compared {
    /// Unread messages.
    pub unread: i64,
    /// Followed threads.
    pub threads: usize,
}

/// Compares what every user is served with the model; returns how much there was to compare.
/// An error names the first difference.
pub async fn compare_with_model(history: &RandomHistory) -> Result<Compared> {
    let mut compared = Compared::default();
    for user in USERS {
        let client = history.client(user);
        client
            .get_ok(&format!("/v1/inbox?min_position={}", history.head))
            .await;
        let mut conversations = serde_json::Map::new();
        for (id, conversation) in history.model.conversations_of(user) {
            let expected = conversation.unread(user);
            compare_explanation(&client, id, conversation, &expected).await?;
            compare_membership(&client, id, conversation).await?;
            compared.unread += expected.len() as i64;
            if !expected.is_empty() {
                conversations.insert(id.clone(), json!(expected.len()));
            }
        }
        let total = history.model.total_unread(user);
        let expected = json!({ "total": total, "conversations": conversations });
        let served = client.get_ok("/v1/inbox/unread").await;
        ensure!(
            served == expected,
            "unread counts of {user}: {served}, the model has {expected}"
        );
        for archived in [false, true] {
            let inbox = client
                .get_ok(&format!("/v1/inbox?limit=200&archived={archived}"))
                .await;
            ensure!(
                inbox["total_unread"] == total,
                "total_unread of {user}: {inbox}, the model has {total}"
            );
            compare_inbox(user, &inbox, &history.model.inbox(user, archived))?;
        }
        compared.threads += compare_threads(history, user).await?;
    }
    Ok(compared)
}

/// Compares the explanation of an unread count. `expected` are the unread seqs.
async fn compare_explanation(
    client: &Client,
    id: &str,
    conversation: &ModelConversation,
    expected: &[i64],
) -> Result<()> {
    let user = client.user();
    let served = client
        .get_ok(&format!("/v1/inbox/unread/{id}/explain"))
        .await;
    let list = |field: &str| served[field].as_array().expect("a list").iter();
    let mut counted: Vec<i64> = list("counted").filter_map(Value::as_i64).collect();
    counted.sort_unstable();
    ensure!(
        counted == expected,
        "explain of {id} for {user}: {served}, the model has {expected:?}"
    );
    let numbers = json!([served["unread"], served["read_seq"], served["head_seq"]]);
    let read_mark = conversation.members[user].read_mark;
    let model = json!([expected.len(), read_mark, conversation.head()]);
    ensure!(
        numbers == model,
        "explain of {id} for {user}: {numbers}, the model has {model}"
    );
    for excluded in list("excluded") {
        let is_expected = excluded["seq"]
            .as_i64()
            .is_some_and(|seq| !expected.contains(&seq));
        ensure!(
            is_expected && excluded["why"].is_string(),
            "explain of {id} for {user} excludes {excluded}"
        );
    }
    Ok(())
}

async fn compare_membership(
    client: &Client,
    id: &str,
    conversation: &ModelConversation,
) -> Result<()> {
    let served = client.get_ok(&format!("/v1/conversations/{id}")).await["my"].clone();
    let member = &conversation.members[client.user()];
    let model = json!({ "role": member.role.name(), "read_seq": member.read_mark,
        "joined_seq": member.joined, "muted": member.muted, "pinned": member.pinned,
        "archived": member.archived });
    ensure!(
        served == model,
        "membership of {} in {id}: {served}, the model has {model}",
        client.user()
    );
    Ok(())
}

fn compare_inbox(user: &str, inbox: &Value, expected: &[InboxRow]) -> Result<()> {
    let served = inbox["conversations"].as_array().expect("a list");
    let ids: Vec<_> = served.iter().filter_map(|row| row["id"].as_str()).collect();
    let expected_ids: Vec<_> = expected.iter().map(|row| row.id.as_str()).collect();
    ensure!(
        ids == expected_ids,
        "order of the inbox of {user}: {ids:?}, the model has {expected_ids:?}"
    );
    for (served, row) in served.iter().zip(expected) {
        let fields = [
            "unread",
            "mentions",
            "read_seq",
            "member_count",
            "muted",
            "pinned",
            "archived",
        ];
        let values: Vec<&Value> = fields.iter().map(|field| &served[*field]).collect();
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
        ensure!(
            json!(values) == model,
            "inbox of {user}: {served}, the model has {model}"
        );
        ensure!(
            served["last_message"]["seq"].as_i64() == row.last_seq,
            "last message in the inbox of {user}: {served}, the model has {:?}",
            row.last_seq
        );
    }
    Ok(())
}
