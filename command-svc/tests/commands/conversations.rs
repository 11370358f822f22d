//! Creating and changing conversations, joining and leaving.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_created_and_its_id_cannot_be_reused() -> Result<()> {
    let world = CommandTestService::new().await?;
    let ann = world.user("ann");
    let group = json!({"kind": "group", "members": ["bob", "bob"], "title": "Team", "id": "team"});
    let created = ann
        .post("/v1/conversations", group.clone())
        .await?
        .expect_status(201)?;
    ensure!(
        created.json
            == json!({"id": "team", "kind": "group", "added": ["bob"], "invited": [], "position": 1})
    );
    ann.post("/v1/conversations", group)
        .await?
        .expect_problem(409, "conflict")?;
    let unnamed = json!({"kind": "group", "members": []});
    let one = ann
        .post("/v1/conversations", unnamed.clone())
        .await?
        .expect_status(201)?;
    let other = ann
        .post("/v1/conversations", unnamed)
        .await?
        .expect_status(201)?;
    let (one, other) = (one.json["id"].clone(), other.json["id"].clone());
    ensure!(one != other && one.as_str().is_some_and(|id| id.starts_with("c_")));
    ensure!(
        world.event_payloads("conversation_created").await?[0]["members"]
            == json!([
                {"user": "ann", "role": "owner"},
                {"user": "bob", "role": "member"},
            ])
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_has_one_direct_conversation() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let with = |user: &str| json!({"kind": "direct", "members": [user]});
    let created = ann
        .post("/v1/conversations", with("bob"))
        .await?
        .expect_status(201)?;
    let found = bob
        .post("/v1/conversations", with("ann"))
        .await?
        .expect_status(200)?;
    let mut expected = created.json.clone();
    expected["added"] = json!([]);
    ensure!(found.json == expected && !found.is_replay());
    ensure!(created.json["kind"] == "direct");
    ensure!(world.count_events().await? == 1);
    for (body, field) in [
        (json!({"kind": "direct", "members": []}), "members"),
        (json!({"kind": "direct", "members": ["ann"]}), "members"),
        (
            json!({"kind": "direct", "members": ["bob", "cid"]}),
            "members",
        ),
        (
            json!({"kind": "direct", "members": ["bob"], "title": "us"}),
            "title",
        ),
        (
            json!({"kind": "direct", "members": ["bob"], "id": "ours"}),
            "id",
        ),
        (json!({"kind": "group", "members": [], "id": "d_1"}), "id"),
        (json!({"kind": "group", "members": [], "id": "."}), "id"),
        (json!({"kind": "group", "members": [], "id": ".."}), "id"),
        (
            json!({"kind": "group", "members": [], "title": " "}),
            "title",
        ),
        (json!({"kind": "group", "members": ["\u{7}"]}), "members"),
    ] {
        ann.post("/v1/conversations", body)
            .await?
            .expect_invalid(field)?;
    }
    let id = created.json["id"].as_str().unwrap_or_default();
    let path = format!("/v1/conversations/{id}");
    ann.patch(&path, json!({"title": "us"}))
        .await?
        .expect_invalid("title")?;
    ann.post(&format!("{path}/members"), json!({"users": ["cid"]}))
        .await?
        .expect_status(422)?;
    ann.delete(&format!("{path}/members/ann"))
        .await?
        .expect_status(422)?;
    ensure!(world.count_events().await? == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_creations_of_a_direct_conversation_yield_one() -> Result<()> {
    let world = CommandTestService::new().await?;
    let calls = (0..32).map(|n| {
        let (me, other) = if n % 2 == 0 {
            ("ann", "bob")
        } else {
            ("bob", "ann")
        };
        let user = world.user(me);
        async move {
            user.post(
                "/v1/conversations",
                json!({"kind": "direct", "members": [other]}),
            )
            .await
        }
    });
    let replies = futures::future::try_join_all(calls).await?;
    ensure!(replies.iter().filter(|reply| reply.status == 201).count() == 1);
    ensure!(
        replies
            .iter()
            .all(|reply| reply.json["id"] == replies[0].json["id"])
    );
    ensure!(world.count_events().await? == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn title_and_history_can_be_changed() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let path = "/v1/conversations/team";
    let changed = ann
        .patch(path, json!({"title": "A", "history": "since_join"}))
        .await?
        .expect_status(200)?;
    ensure!(changed.json == json!({"position": 2}));
    let same = ann
        .patch(path, json!({"title": "A"}))
        .await?
        .expect_status(200)?;
    ensure!(same.position() == 2 && world.count_events().await? == 2);
    ann.patch(path, json!({"title": null}))
        .await?
        .expect_status(200)?;
    ensure!(
        world.event_payloads("conversation_changed").await?[1]
            .get("title")
            .is_none_or(serde_json::Value::is_null)
    );
    bob.patch(path, json!({"title": "B"}))
        .await?
        .expect_problem(403, "forbidden")?;
    ann.patch(path, json!({"title": "t".repeat(201)}))
        .await?
        .expect_invalid("title")?;
    ann.patch(path, json!({"history": "none"}))
        .await?
        .expect_invalid("history")?;
    let stranger = world.user("eve");
    stranger
        .patch(path, json!({"title": "E"}))
        .await?
        .expect_problem(404, "not_found")?;
    stranger
        .patch(path, json!({"title": " "}))
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_decide_who_can_add_and_remove_members() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let path = "/v1/conversations/team/members";
    let added = ann
        .post(path, json!({"users": ["cid", "bob", "dee"]}))
        .await?
        .expect_status(200)?;
    ensure!(added.json["added"] == json!(["cid", "dee"]));
    let again = ann
        .post(path, json!({"users": ["cid"]}))
        .await?
        .expect_status(200)?;
    ensure!(again.json["added"] == json!([]) && again.position() == added.position());
    bob.post(path, json!({"users": ["eve"]}))
        .await?
        .expect_problem(403, "forbidden")?;
    ann.post(path, json!({"users": ["bob"], "role": "admin"}))
        .await?
        .expect_status(200)?;
    bob.post(path, json!({"users": ["eve"]}))
        .await?
        .expect_status(200)?;
    bob.delete(&format!("{path}/ann"))
        .await?
        .expect_problem(403, "forbidden")?;
    bob.post(path, json!({"users": ["cid"], "role": "owner"}))
        .await?
        .expect_invalid("role")?;
    ann.post(path, json!({"users": ["", "x"]}))
        .await?
        .expect_invalid("users")?;
    let many: Vec<_> = (0..1_001).map(|n| format!("u{n}")).collect();
    ann.post(path, json!({"users": many}))
        .await?
        .expect_invalid("users")?;
    bob.delete(&format!("{path}/cid"))
        .await?
        .expect_status(200)?;
    let gone = bob
        .delete(&format!("{path}/cid"))
        .await?
        .expect_status(200)?;
    ensure!(gone.position() == world.count_events().await?);
    let cid = world.user("cid");
    cid.send("team", "k", "hello?")
        .await?
        .expect_problem(404, "not_found")?;
    cid.delete(&format!("{path}/cid"))
        .await?
        .expect_problem(404, "not_found")?;
    ann.delete(&format!("{path}/%07"))
        .await?
        .expect_problem(400, "malformed")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn if_the_owner_leaves_the_admin_becomes_owner() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let path = "/v1/conversations/team/members";
    ann.post(path, json!({"users": ["cid"], "role": "admin"}))
        .await?
        .expect_status(200)?;
    ann.delete(&format!("{path}/ann"))
        .await?
        .expect_status(200)?;
    ann.delete(&format!("{path}/bob"))
        .await?
        .expect_problem(404, "not_found")?;
    let cid = world.user("cid");
    cid.delete(&format!("{path}/bob"))
        .await?
        .expect_status(200)?;
    bob.send("team", "k", "hello?")
        .await?
        .expect_problem(404, "not_found")?;
    ensure!(world.event_payloads("member_role_changed").await?[0]["user"] == "cid");
    Ok(())
}
