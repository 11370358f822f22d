//! Lists about service desks: which desks there are, and which sessions are the caller's.

use serde_json::{Value, json};
use tests::client::Client;
use tests::desks::{act, head, open_session, set_desk};
use tests::world::World;

async fn list(world: &World, client: &Client, path: &str, items: &str) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let position = head(world).await;
    let page = client
        .get_ok(&format!("{path}{separator}min_position={position}"))
        .await;
    page[items].as_array().expect(items).clone()
}

async fn own_sessions(world: &World, client: &Client, query: &str) -> Vec<Value> {
    let path = format!("/v1/service-sessions?{query}");
    list(world, client, &path, "sessions").await
}

fn ids(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .filter_map(|item| item["id"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_the_names_of_desks_and_agents_their_numbers() {
    // Given two desks, and a session that waits at one of them
    let world = World::start().await;
    let (admin, ben, cleo) = (world.admin(), world.user("ben"), world.user("cleo"));
    set_desk(&admin, "billing", &["ben"], json!({})).await;
    set_desk(&admin, "sales", &["gus"], json!({"greeting": "Hello!"})).await;
    open_session(&cleo, "billing", "My invoice is wrong.").await;

    // Then an agent sees the numbers of their own desk, and the name of the other
    let desks = list(&world, &ben, "/v1/desks", "desks").await;
    assert_eq!(
        desks,
        [
            json!({"id": "billing", "title": "The billing desk", "is_agent": true,
                "waiting": 1, "open": 0}),
            json!({"id": "sales", "title": "The sales desk", "is_agent": false,
                "waiting": null, "open": null}),
        ]
    );
    // And a customer the names only
    let desks = list(&world, &cleo, "/v1/desks", "desks").await;
    assert_eq!(ids(&desks), ["billing", "sales"]);
    assert!(desks.iter().all(|desk| desk["waiting"].is_null()));
    let next = list(&world, &cleo, "/v1/desks?after=billing", "desks").await;
    assert_eq!(ids(&next), ["sales"]);

    // And administrators the settings, which others do not get
    let desks = list(&world, &admin, "/v1/admin/desks", "desks").await;
    assert_eq!(ids(&desks), ["billing", "sales"]);
    assert_eq!(desks[0]["waiting"], 1);
    assert_eq!(desks[1]["greeting"], "Hello!");
    let refused = ben.get("/v1/admin/desks").await;
    assert_eq!(refused.expect_problem(403), "forbidden");

    // And a desk that was removed is gone
    admin.delete("/v1/admin/desks/sales").await.expect(200);
    let desks = list(&world, &cleo, "/v1/desks", "desks").await;
    assert_eq!(ids(&desks), ["billing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_and_agents_list_their_own_sessions() {
    // Given sessions of two customers, of which an agent has one
    let world = World::start().await;
    let (admin, ben, cleo) = (world.admin(), world.user("ben"), world.user("cleo"));
    set_desk(&admin, "billing", &["ben", "dora"], json!({})).await;
    set_desk(&admin, "sales", &["gus"], json!({})).await;
    let first = open_session(&cleo, "billing", "My invoice is wrong.").await;
    let second = open_session(&cleo, "sales", "What does it cost?").await;
    let other = open_session(&world.user("fay"), "billing", "Me too.").await;
    act(&ben, &first.id, "accept", json!({})).await.expect(200);
    act(&ben, &first.id, "tags", json!({"tags": ["refund"]}))
        .await
        .expect(200);

    // Then the customer has their own, the newest first, without tags
    let own = own_sessions(&world, &cleo, "").await;
    assert_eq!(ids(&own), [second.id.as_str(), first.id.as_str()]);
    assert_eq!(own[1]["state"], "open");
    assert_eq!(own[1]["agent"], "ben");
    assert!(own.iter().all(|session| session.get("tags").is_none()));
    let waiting = own_sessions(&world, &cleo, "state=waiting").await;
    assert_eq!(ids(&waiting), [second.id.as_str()]);
    let query = format!("conversation={}", first.conversation);
    let here = own_sessions(&world, &cleo, &query).await;
    assert_eq!(ids(&here), [first.id.as_str()]);
    let page = cleo.get_ok("/v1/service-sessions?limit=1").await;
    assert_eq!(page["sessions"][0]["id"], second.id.as_str());
    let next = format!(
        "limit=1&after={}",
        page["next"].as_str().expect("another page")
    );
    let rest = own_sessions(&world, &cleo, &next).await;
    assert_eq!(ids(&rest), [first.id.as_str()]);

    // And the agent what they have, with tags
    let own = own_sessions(&world, &ben, "").await;
    assert_eq!(ids(&own), [first.id.as_str()]);
    assert_eq!(own[0]["tags"], json!(["refund"]));
    assert!(
        own_sessions(&world, &world.user("dora"), "")
            .await
            .is_empty()
    );
    let query = format!("conversation={}", other.conversation);
    assert!(own_sessions(&world, &ben, &query).await.is_empty());

    // And not what they have handed on
    act(&ben, &first.id, "transfer", json!({"agent": "dora"}))
        .await
        .expect(200);
    assert!(own_sessions(&world, &ben, "").await.is_empty());
    let doras = own_sessions(&world, &world.user("dora"), "").await;
    assert_eq!(ids(&doras), [first.id.as_str()]);
    for bad in ["state=new", "after=x", "limit=0", "desk=billing"] {
        let refused = cleo.get(&format!("/v1/service-sessions?{bad}")).await;
        assert_eq!(refused.status, 400, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_says_by_when_the_customer_is_to_have_a_reply() {
    // Given a session with a target of five minutes
    let world = World::start().await;
    let (admin, ben, cleo) = (world.admin(), world.user("ben"), world.user("cleo"));
    let greeting = json!({"greeting": "Hello!", "reply_target": "5m"});
    set_desk(&admin, "billing", &["ben"], greeting).await;
    let opened = open_session(&cleo, "billing", "My invoice is wrong.").await;
    cleo.send(&opened.conversation, "more", "Hello?")
        .await
        .expect(201);
    let due = async || {
        let own = own_sessions(&world, &cleo, "").await;
        let [session] = own.as_slice() else {
            panic!("one session: {own:?}")
        };
        session["reply_due_at"].clone()
    };
    let seconds_after = |from: &Value, to: &Value| {
        let time = |value: &Value| {
            let text = value.as_str().expect("a time");
            domain::time::Timestamp::parse(text)
                .expect("a time")
                .millis()
        };
        (time(to) - time(from)) / 1000
    };

    // Then it is due five minutes after the first message, the greeting left out
    let history = format!("/v1/conversations/{}/messages?after=0", opened.conversation);
    let due_at = due().await;
    let page = cleo.get_ok(&history).await;
    let asked = &page["messages"][1]["sent_at"];
    assert_eq!(page["messages"][1]["sender"], "cleo");
    assert_eq!(seconds_after(asked, &due_at), 300);

    // And nothing is due after an answer, until the next message
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);
    ben.send(&opened.conversation, "r1", "Let me see.")
        .await
        .expect(201);
    assert_eq!(due().await, Value::Null);
    cleo.send(&opened.conversation, "again", "And?")
        .await
        .expect(201);
    assert_ne!(due().await, Value::Null);

    // And nothing after the end
    act(&ben, &opened.id, "close", json!({})).await.expect(200);
    assert_eq!(due().await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_of_one_desk_see_each_other() {
    // Given two agents of one desk, one of another, and a customer
    let world = World::start().await;
    let names = ["ben", "dora", "gus", "cleo"];
    let users = names.map(|name| world.user(name));
    for user in &users {
        let name = json!({ "display_name": format!("Agent {}", user.user()) });
        user.patch("/v1/users/me", name).await.expect(200);
    }
    set_desk(&world.admin(), "billing", &["ben", "dora"], json!({})).await;
    set_desk(&world.admin(), "sales", &["gus"], json!({})).await;

    // Then only those of the same desk have names
    let seen = async |user: &Client| {
        let found = list(&world, user, "/v1/users?ids=ben,dora,gus,cleo", "users").await;
        let searched = list(&world, user, "/v1/users?q=agent", "users").await;
        assert_eq!(ids(&found), ids(&searched), "a search finds the same");
        ids(&found).join(" ")
    };
    let [ben, dora, gus, cleo] = &users;
    assert_eq!(seen(ben).await, "ben dora");
    assert_eq!(seen(dora).await, "ben dora");
    assert_eq!(seen(gus).await, "gus");
    assert_eq!(seen(cleo).await, "cleo");
    // And who is an agent no longer sees them no longer
    set_desk(&world.admin(), "billing", &["ben"], json!({})).await;
    assert_eq!(seen(dora).await, "dora");
}
