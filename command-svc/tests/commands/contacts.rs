//! Contacts, consent and invitations: keys, and what the log gets.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_one_event_and_a_repeated_key_gets_the_first_answer() -> Result<()> {
    let world = CommandTestService::new().await?;
    let ann = world.user("ann").with_key("k");
    let body = json!({"note": "hi"});
    let first = ann
        .put("/v1/contacts/bob", body.clone())
        .await?
        .expect_status(200)?;
    ensure!(first.json["state"] == "outgoing", "{:?}", first.json);
    let again = ann
        .put("/v1/contacts/bob", body)
        .await?
        .expect_status(200)?;
    ensure!(again.json == first.json);
    ensure!(again.headers.contains_key("idempotent-replay"));
    ann.put("/v1/contacts/bob", json!({}))
        .await?
        .expect_status(409)?;
    ensure!(world.count_events().await? == 1);
    let accepted = world
        .user("bob")
        .put("/v1/contacts/ann", json!({}))
        .await?
        .expect_status(200)?;
    ensure!(accepted.json["state"] == "contact");
    ensure!(
        world.event_payloads("contact_requested").await?
            == [json!({"user": "bob", "note": "hi", "number": 1})]
    );
    ensure!(world.event_payloads("contact_added").await? == [json!({"user": "ann", "number": 2})]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_users_who_ask_at_once_one_finds_the_request_of_the_other() -> Result<()> {
    let world = CommandTestService::new().await?;
    for round in 0..10 {
        let (one, other) = (format!("a{round}"), format!("b{round}"));
        let (ann, bob) = (world.user(&one), world.user(&other));
        let (ann_path, bob_path) = (
            format!("/v1/contacts/{other}"),
            format!("/v1/contacts/{one}"),
        );
        let (first, second) =
            tokio::try_join!(ann.put(&ann_path, json!({})), bob.put(&bob_path, json!({})))?;
        let mut states = [first, second].map(|answer| answer.json["state"].clone());
        states.sort_by_key(Value::to_string);
        ensure!(
            states == [json!("contact"), json!("outgoing")],
            "{states:?}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_be_asked_is_invited() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    bob.patch(
        "/v1/users/me/settings",
        json!({"groups_from": "contacts", "direct_from": "contacts"}),
    )
    .await?
    .expect_status(200)?;
    let direct = json!({"kind": "direct", "members": ["bob"]});
    let refused = ann
        .post("/v1/conversations", direct.clone())
        .await?
        .expect_status(403)?;
    ensure!(refused.json["code"] == "not_a_contact");
    let group = json!({"kind": "group", "id": "team", "members": ["bob", "cleo"]});
    let created = ann
        .post("/v1/conversations", group)
        .await?
        .expect_status(201)?;
    ensure!(
        created.json["added"] == json!(["cleo"]),
        "{:?}",
        created.json
    );
    ensure!(created.json["invited"] == json!(["bob"]));
    let invited = [json!({"user": "bob", "role": "member", "by": "ann"})];
    ensure!(world.event_payloads("invited").await? == invited);
    bob.put("/v1/invitations/team", json!({}))
        .await?
        .expect_status(200)?;
    let ended = json!({"user": "bob", "outcome": "joined", "by": "bob", "invited_by": "ann"});
    ensure!(world.event_payloads("invitation_ended").await? == [ended]);
    // Contacts need not be asked.
    ann.put("/v1/contacts/bob", json!({}))
        .await?
        .expect_status(200)?;
    bob.put("/v1/contacts/ann", json!({}))
        .await?
        .expect_status(200)?;
    ann.post("/v1/conversations", direct)
        .await?
        .expect_status(201)?;
    Ok(())
}
