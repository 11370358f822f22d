//! `GET /v1/admin/pushes`: what administrators see of pushes, by provider.

use eventually::eventually;
use serde_json::{Value, json};
use tests::push_providers::received::PushReply;
use tests::world::World;

use crate::push::{register, wait_for, wait_until_settled, world_with_providers};

/// What the report says of a provider, without times.
fn shown(report: &Value, provider: &str) -> Value {
    let all = report["providers"].as_array().expect("providers");
    let mut found = all
        .iter()
        .find(|each| each["provider"] == provider)
        .expect("a provider")
        .clone();
    for outcome in found["outcomes"].as_array_mut().expect("outcomes") {
        let last_at = outcome.as_object_mut().and_then(|it| it.remove("last_at"));
        assert!(last_at.expect("a time").is_string(), "{report}");
    }
    found
}

async fn load(world: &World) -> Value {
    world.admin().get_ok("/v1/admin/pushes").await
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_and_answers_are_counted_by_provider_and_survive_a_restart() {
    let (mut world, providers) = world_with_providers("200ms", 2).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob", "cleo"]).await.expect(201);
    let mut last = 0;
    for (user, device, body) in [
        ("bob", "iphone", providers.apns("iphone")),
        ("bob", "pixel", providers.fcm("pixel")),
        ("bob", "down", providers.browser("down")),
        ("cleo", "gone", providers.fcm("gone")),
    ] {
        last = register(&world, user, device, body).await;
    }
    world.wait_until_projected(last).await;
    let nothing = json!({ "provider": "fcm", "devices": 2, "waiting": 0, "parked": 0,
                          "outcomes": [] });
    assert_eq!(shown(&load(&world).await, "fcm"), nothing);
    providers.reply_with(|push| match push.device.as_str() {
        "down" => PushReply::refuse(500, Value::Null),
        "gone" => PushReply::refuse(
            404,
            json!({"error": {"status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}}),
        ),
        _ => PushReply::accept(),
    });
    let sent = ann.send("c", "c1", "one").await.position();
    wait_for(&providers, "iphone", 1).await;
    wait_for(&providers, "pixel", 1).await;
    wait_until_settled(&world, sent).await;
    eventually("the token is dropped", async || {
        let report = load(&world).await;
        (shown(&report, "fcm")["devices"] == 1).then_some(())
    })
    .await;
    let accepted = json!({ "outcome": "accepted", "attempts": 1, "error": null });
    let expected = [
        json!({ "provider": "apns", "devices": 1, "waiting": 0, "parked": 0,
                "outcomes": [accepted] }),
        json!({ "provider": "fcm", "devices": 1, "waiting": 0, "parked": 0,
                "outcomes": [accepted, { "outcome": "gone", "attempts": 1,
                             "error": "the provider says that the token is gone" }] }),
        json!({ "provider": "webpush", "devices": 1, "waiting": 0, "parked": 1,
                "outcomes": [{ "outcome": "unavailable", "attempts": 2,
                               "error": "the push service answered 500" }] }),
    ];
    world.kill();
    world.start_service().await;
    let report = load(&world).await;
    for expected in &expected {
        let provider = expected["provider"].as_str().expect("a name");
        assert_eq!(shown(&report, provider), *expected);
    }
    let old = "UPDATE push.outcomes SET hour = hour - interval '2 hours'";
    sqlx::query(old).execute(&world.pool).await.expect("older");
    let hour = world.admin().get_ok("/v1/admin/pushes?hours=1").await;
    assert_eq!(shown(&hour, "apns")["outcomes"], json!([]));
    assert_eq!(shown(&load(&world).await, "apns"), expected[0]);
    let refused = world.admin().get("/v1/admin/pushes?hours=721").await;
    assert_eq!(refused.expect_problem(400), "malformed");
}
