//! The outbox, and the receipts of the messages in it.

use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

async fn outbox(client: &Client, query: &str) -> (Vec<String>, Value) {
    let page = client.get_ok(&format!("/v1/outbox{query}")).await;
    let texts = page["messages"].as_array().expect("a list").iter();
    (
        texts
            .map(|message| {
                message["body"]["text"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect(),
        page["next"].clone(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_is_newest_first() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.create_group("one", &["bob"]).await.expect(201);
    alice.create_group("two", &["bob"]).await.expect(201);
    for (n, room) in ["one", "two", "one", "two", "one"].iter().enumerate() {
        alice
            .send(room, &format!("k{n}"), &n.to_string())
            .await
            .expect(201);
    }
    let last = bob.send("one", "b", "not mine").await.position();
    let (first, next) = outbox(&alice, &format!("?limit=2&min_position={last}")).await;
    let next = next.as_str().expect("a second page");
    let (second, _) = outbox(&alice, &format!("?limit=3&before={next}")).await;
    assert_eq!([first, second].concat(), ["4", "3", "2", "1", "0"]);
    bob.post(
        "/v1/conversations/two/members",
        json!({ "users": ["carol"] }),
    )
    .await
    .expect_problem(403);
    let left = alice
        .delete("/v1/conversations/two/members/alice")
        .await
        .position();
    assert_eq!(
        outbox(&alice, &format!("?min_position={left}")).await.0,
        ["4", "2", "0"],
        "not of conversations that the user has left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_follow_acks_reads_and_membership() {
    let world = World::start().await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.user(user));
    alice
        .create_group("room", &["bob", "carol"])
        .await
        .expect(201);
    let sent = alice.send("room", "m", "hi").await;
    let receipts = async |min: i64| {
        alice
            .get_ok(&format!(
                "/v1/conversations/room/messages/1/receipts?min_position={min}"
            ))
            .await
    };
    let expect = |delivered: Value, read: Value, members: i64| {
        let (d, r) = (
            delivered.as_array().map_or(0, Vec::len),
            read.as_array().map_or(0, Vec::len),
        );
        json!({ "delivered": delivered, "read": read, "delivered_count": d, "read_count": r,
                "member_count": members, "recipient_count": members, "next": null })
    };
    assert_eq!(
        receipts(sent.position()).await,
        expect(json!([]), json!([]), 2)
    );
    let acked = bob
        .post(
            "/v1/inbox/ack",
            json!({ "device": "d", "cursor": sent.position() }),
        )
        .await;
    assert_eq!(
        receipts(acked.position()).await,
        expect(json!(["bob"]), json!([]), 2)
    );
    let read = carol.read("room", 1).await;
    let both = receipts(read.position()).await;
    assert_eq!(
        (&both["delivered_count"], &both["read"]),
        (&json!(2), &json!(["carol"])),
        "read implies delivered"
    );
    let unread = carol
        .post("/v1/conversations/room/read", json!({ "unread_from": 1 }))
        .await;
    assert_eq!(
        receipts(unread.position()).await,
        both,
        "receipts never take a read back"
    );
    let joined = alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["dave"] }),
        )
        .await;
    assert_eq!(
        receipts(joined.position()).await,
        both,
        "only members at the time of sending count"
    );
    let left = bob.delete("/v1/conversations/room/members/bob").await;
    assert_eq!(
        receipts(left.position()).await,
        expect(json!(["carol"]), json!(["carol"]), 1),
        "and only those who are still members"
    );
}

/// The path of the receipts of a message.
const RECEIPTS: &str = "/v1/conversations/room/messages/1/receipts";

fn users(page: &Value, field: &str) -> Vec<String> {
    let users = page[field].as_array().expect("a list").iter();
    users
        .map(|user| user.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Pages through the receipts, 50 users at a time. Every page has these counts of readers and
/// members. Returns the users who have read the message, and the number of pages.
async fn page_readers(client: &Client, suffix: &str, counts: [usize; 2]) -> (Vec<String>, usize) {
    let (mut after, mut read, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let path = format!("{RECEIPTS}?limit=50&after={after}{suffix}");
        let page = client.get_ok(&path).await;
        let number = |field: &str| page[field].as_u64().unwrap_or_default() as usize;
        assert_eq!([number("read_count"), number("member_count")], counts);
        assert_eq!(number("delivered_count"), counts[0]);
        read.extend(users(&page, "read"));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => {
                assert!(page.get("truncated").is_none(), "{page}");
                return (read, pages);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_paged_and_their_counts_stay_exact() {
    const MEMBERS: usize = 130;
    const READERS: usize = 120;
    let world = World::start().await;
    let alice = world.user("alice");
    let members: Vec<String> = (0..MEMBERS).map(|n| format!("m{n:03}")).collect();
    let names: Vec<&str> = members.iter().map(String::as_str).collect();
    alice.create_group("room", &names).await.expect(201);
    alice.send("room", "m", "hi").await.expect(201);
    let mut as_of = 0;
    for member in &members[..READERS] {
        as_of = world.user(member).read("room", 1).await.position();
    }
    // Another reader, after the position that is queried as of.
    let late = world.user(&members[READERS]).read("room", 1).await;
    world.wait_until_projected(late.position()).await;

    // Without parameters, the lists are cut at 100 users.
    let page = alice.get_ok(RECEIPTS).await;
    assert_eq!(users(&page, "delivered"), members[..100]);
    assert_eq!(users(&page, "read"), members[..100]);
    assert_eq!(page["truncated"], true);
    // With parameters, they are paged, now and in the past.
    let past = format!("&as_of={as_of}&as_user=alice");
    let now = page_readers(&alice, "", [READERS + 1, MEMBERS]).await;
    assert_eq!(now, (members[..=READERS].to_vec(), 3));
    let then = page_readers(&world.admin(), &past, [READERS, MEMBERS]).await;
    assert_eq!(then, (members[..READERS].to_vec(), 3));

    // The cursor is one of this message, this listing and this user.
    alice.send("room", "n", "again").await.expect(201);
    let page = alice.get_ok(&format!("{RECEIPTS}?limit=50")).await;
    let next = page["next"].as_str().expect("a second page");
    let elsewhere = "/v1/conversations/room/messages/2/receipts";
    for (client, path) in [
        (&alice, format!("{elsewhere}?after={next}")),
        (&world.user("m000"), format!("{RECEIPTS}?after={next}")),
        (&alice, format!("{RECEIPTS}?after=1")),
        (&alice, format!("{RECEIPTS}?limit=0")),
        (&alice, format!("{RECEIPTS}?limit=1001")),
    ] {
        client.get(&path).await.expect_problem(400);
    }
}
