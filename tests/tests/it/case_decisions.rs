//! api2, section 4: what resolving a case does, and what reopening it undoes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::cases::{moderator, reopen, report, resolve, spam, types};
use crate::policies::{entries_of, world_with_room};

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_hides_the_message_and_reopening_restores_it() {
    let world = world_with_room().await;
    let (carol, dave, moderator) = (world.user("carol"), world.user("dave"), moderator(&world));
    carol.send("room", "1", "buy now").await.expect(201);
    let case = report(&dave, 1, spam()).await;
    let position = resolve(
        &moderator,
        &case,
        json!({ "action": "recall", "note": "spam" }),
    )
    .await;
    world.wait_until_projected(position).await;
    let message = "/v1/conversations/room/messages/1";
    assert_eq!(carol.get_ok(message).await["recalled"], true);
    let entry = &entries_of(&dave, "message_recalled", 0).await[0];
    assert_eq!(
        (&entry["data"]["seq"], &entry["data"]["by"]),
        (&json!(1), &json!("mo")),
        "{entry}"
    );
    let detail = moderator.get_ok(&case).await;
    assert_eq!(
        (&detail["state"], &detail["excerpt"]),
        (&json!("closed"), &Value::Null)
    );
    let position = reopen(&moderator, &case).await;
    world.wait_until_projected(position).await;
    assert_eq!(carol.get_ok(message).await["body"]["text"], "buy now");
    let detail = moderator.get_ok(&case).await;
    assert_eq!(
        types(&detail),
        [
            "case_opened",
            "report_filed",
            "case_resolved",
            "case_reopened"
        ]
    );
    let resolved = &detail["acts"][2];
    assert_eq!(
        [&resolved["action"], &resolved["note"], &resolved["by"]],
        [&json!("recall"), &json!("spam"), &json!("mo")]
    );
    assert_eq!(
        (&detail["state"], &detail["excerpt"]),
        (&json!("open"), &json!("buy now"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_and_a_ban_hold_until_the_case_is_reopened() {
    let world = world_with_room().await;
    let (carol, dave, moderator) = (world.user("carol"), world.user("dave"), moderator(&world));
    carol.send("room", "1", "buy now").await.expect(201);
    let case = report(&dave, 1, spam()).await;
    let until = "2099-01-01T00:00:00.000Z";
    resolve(
        &moderator,
        &case,
        json!({ "action": "silence", "until": until }),
    )
    .await;
    let refused = carol.send("room", "2", "again").await;
    assert_eq!(refused.expect_problem(403), "silenced");
    assert_eq!(refused.json()["until"], until);
    reopen(&moderator, &case).await;
    carol.send("room", "2", "again").await.expect(201);
    // A ban removes the user, whom reopening does not add back.
    resolve(&moderator, &case, json!({ "action": "ban" })).await;
    carol.send("room", "3", "again").await.expect_problem(404);
    let add = json!({ "members": ["carol"] });
    let members = "/v1/conversations/room/members";
    let refused = world.user("alice").post(members, add.clone()).await;
    assert_eq!(refused.expect_problem(403), "banned");
    reopen(&moderator, &case).await;
    carol.send("room", "3", "again").await.expect_problem(404);
    world.user("alice").post(members, add).await.expect(200);
    carol.send("room", "3", "again").await.expect(201);
    world.run_ok(&["log", "verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_case_of_a_user_restricts_them_everywhere() {
    let world = world_with_room().await;
    let (carol, moderator) = (world.user("carol"), moderator(&world));
    // Strangers are unknown, and so are users who do not exist.
    for path in ["/v1/users/carol/reports", "/v1/users/nobody/reports"] {
        let refused = world.user("eve").post(path, spam()).await;
        assert_eq!(refused.expect_problem(404), "not_found");
    }
    carol
        .post("/v1/users/carol/reports", spam())
        .await
        .expect_problem(422);
    let name = json!({ "display_name": "Carol C." });
    carol.patch("/v1/users/me", name).await.expect(200);
    let answer = world
        .user("dave")
        .post("/v1/users/carol/reports", spam())
        .await;
    let id = answer.expect(201)["case_id"].clone();
    let case = format!("/v1/moderation/cases/{}", id.as_str().expect("an id"));
    world.wait_until_projected(answer.position()).await;
    let detail = moderator.get_ok(&case).await;
    assert_eq!(
        (&detail["target"]["user"], &detail["excerpt"]),
        (&json!("carol"), &json!("Carol C."))
    );
    assert_eq!(detail["context"], json!([]));
    let position = resolve(&moderator, &case, json!({ "action": "silence" })).await;
    let restricted = world
        .admin()
        .get_ok("/v1/events?type=user_restricted")
        .await;
    assert_eq!(restricted["actor"], "mo", "{restricted}");
    assert!(restricted["position"].as_i64() < Some(position));
    reopen(&moderator, &case).await;
    let lifted = world
        .admin()
        .get_ok("/v1/events?type=restriction_lifted")
        .await;
    assert_eq!(lifted["source"], "/profiles/carol");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_a_kill_interrupts_is_finished_by_the_same_call() {
    let mut world = world_with_room().await;
    world
        .user("carol")
        .send("room", "1", "buy now")
        .await
        .expect(201);
    let case = report(&world.user("dave"), 1, spam()).await;
    let path = format!("{case}/resolve");
    let ban = || json!({ "action": "silence", "note": "spam" });
    for round in 1..=6 {
        // Given a kill -9 somewhere in the decision,
        let client = moderator(&world);
        let interrupted = client.request(&reqwest::Method::POST, &path).json(&ban());
        let mut call = tokio::spawn(async move { interrupted.try_send().await.is_ok() });
        let _ = timeout(Duration::from_millis(2 * round), &mut call).await;
        world.kill();
        world.start_service().await;
        // when the same call comes again, then the case is closed and the act was done once.
        let moderator = moderator(&world);
        let position = resolve(&moderator, &case, ban()).await;
        world.wait_until_projected(position).await;
        let count = |kind: &'static str| {
            let count = sqlx::query_scalar::<_, i64>(
                "SELECT count(*) FROM log.events WHERE event_type = $1",
            );
            count.bind(kind).fetch_one(&world.pool)
        };
        let expected = i64::try_from(round).expect("a small number");
        assert_eq!(count("member_silenced").await.expect("a count"), expected);
        assert_eq!(count("case_resolved").await.expect("a count"), expected);
        assert_eq!(moderator.get_ok(&case).await["state"], "closed");
        reopen(&moderator, &case).await;
    }
    world.run_ok(&["verify"]).await;
}
