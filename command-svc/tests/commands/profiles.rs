//! Profiles, settings, and what administrators decide about users.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_gets_the_first_answer_and_nothing_is_appended_twice() -> Result<()> {
    let world = CommandTestService::new().await?;
    let ann = world.user("ann").with_key("k");
    let body = json!({"display_name": "Ann"});
    let first = ann
        .patch("/v1/users/me", body.clone())
        .await?
        .expect_status(200)?;
    let again = ann.patch("/v1/users/me", body).await?.expect_status(200)?;
    ensure!(again.json == first.json);
    ensure!(again.headers.contains_key("idempotent-replay"));
    let other = json!({"display_name": "Anna"});
    ann.patch("/v1/users/me", other).await?.expect_status(409)?;
    let same = world
        .user("ann")
        .patch("/v1/users/me", json!({"display_name": "Ann"}))
        .await?;
    ensure!(same.expect_status(200)?.json["position"] == first.json["position"]);
    ensure!(world.count_events().await? == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_holds_all_values_and_names_who_changed_them() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, root) = (world.user("ann"), world.admin());
    ann.patch(
        "/v1/users/me",
        json!({"display_name": "Ann", "custom": {"b": 1.0, "a": null}}),
    )
    .await?
    .expect_status(200)?;
    let body = json!({"about": "hi", "kind": "bot", "deactivated": true});
    root.put("/v1/admin/users/ann", body)
        .await?
        .expect_status(200)?;
    let custom = json!({"a": null, "b": 1});
    ensure!(
        world.event_payloads("profile_changed").await?
            == [
                json!({"display_name": "Ann", "custom": custom, "by": "ann"}),
                json!({"display_name": "Ann", "about": "hi", "custom": custom, "by": "root"}),
            ]
    );
    ensure!(
        world.event_payloads("user_kind_changed").await? == [json!({"kind": "bot", "by": "root"})]
    );
    ensure!(world.event_payloads("user_deactivated").await? == [json!({"by": "root"})]);
    let actors: Vec<Option<String>> =
        sqlx::query_scalar("SELECT actor FROM log.events ORDER BY position")
            .fetch_all(&world.database.pool)
            .await?;
    let root = || Some("root".to_owned());
    ensure!(actors == [None, root(), root(), root()], "{actors:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_has_the_time_of_the_call() -> Result<()> {
    let world = CommandTestService::new().await?;
    let path = "/v1/admin/users/ann/revoke";
    world
        .user("ann")
        .post(path, Value::Null)
        .await?
        .expect_status(403)?;
    for _ in 0..2 {
        world
            .admin()
            .post(path, Value::Null)
            .await?
            .expect_status(200)?;
    }
    let revoked = world.event_payloads("tokens_revoked").await?;
    ensure!(
        revoked == [json!({"before": "2026-01-01T00:00:00.000Z", "by": "root"})],
        "{revoked:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_and_kinds_are_refused() -> Result<()> {
    let world = CommandTestService::new().await?;
    let root = world.admin();
    for (body, field) in [
        (json!({"kind": "robot"}), "kind"),
        (json!({"dsplay_name": "Ann"}), "dsplay_name"),
        (json!({"deactivated": "yes"}), "deactivated"),
    ] {
        let reply = root
            .put("/v1/admin/users/ann", body)
            .await?
            .expect_status(422)?;
        ensure!(reply.json["errors"][0]["field"] == field, "{}", reply.text);
    }
    let reply = root.put("/v1/admin/users/%07", json!({})).await?;
    reply.expect_status(400)?;
    ensure!(world.count_events().await? == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_user_erases_what_their_profile_says_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, root) = (world.user("ann"), world.admin());
    ann.patch("/v1/users/me", json!({"display_name": "Ann"}))
        .await?
        .expect_status(200)?;
    for expected in [1, 0] {
        let erased = root
            .post("/v1/admin/erasures", json!({"user": "ann"}))
            .await?;
        ensure!(erased.expect_status(200)?.json["profiles"] == expected);
    }
    ensure!(world.event_payloads("profile_erased").await? == [json!({"by": "root"})]);
    Ok(())
}
