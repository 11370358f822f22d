//! Reports, and what moderators decide about cases.

use anyhow::{Context, Result, ensure};
use domain::case::command::AddEvidence;
use domain::case::event::CaseKind;
use domain::case::target::CaseTarget;
use domain::ids::{ConversationId, UserId};
use serde_json::{Value, json};

use crate::support::{ApiReply, ApiUser, CommandTestService};

const REPORTS: &str = "/v1/conversations/team/messages/1/reports";
const MESSAGE: &str = "/v1/conversations/team/messages/1";

/// A group of the owner ann and the member bob, who has sent message 1, and a moderator.
async fn start() -> Result<(CommandTestService, ApiUser, ApiUser, ApiUser)> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    bob.send("team", "m", "buy now").await?.expect_status(201)?;
    let moderator = world.user_with_scope("mo", "moderator");
    Ok((world, ann, bob, moderator))
}

fn case_of(reply: &ApiReply) -> Result<String> {
    let id = reply.json["case_id"].as_str().context("a case id")?;
    Ok(format!("/v1/moderation/cases/{id}"))
}

async fn report(user: &ApiUser) -> Result<String> {
    let reply = user.post(REPORTS, json!({"reason": "spam"})).await?;
    case_of(&reply.expect_status(201)?)
}

async fn resolve(user: &ApiUser, case: &str, decision: Value) -> Result<ApiReply> {
    user.post(&format!("{case}/resolve"), decision).await
}

async fn reopen(user: &ApiUser, case: &str) -> Result<ApiReply> {
    user.post(&format!("{case}/reopen"), json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_report_by_the_same_user_answers_with_the_case() -> Result<()> {
    let (world, ann, bob, _) = start().await?;
    let body = json!({"reason": "abuse", "note": "every day"});
    let first = ann.post(REPORTS, body.clone()).await?.expect_status(201)?;
    let again = ann.post(REPORTS, body).await?.expect_status(200)?;
    ensure!(again.json["case_id"] == first.json["case_id"]);
    ensure!(again.position() == first.position(), "nothing was appended");
    let other = bob.post(REPORTS, json!({"reason": "other"})).await?;
    let other = other.expect_status(201)?;
    ensure!(other.json["case_id"] == first.json["case_id"]);
    let filed = world.event_payloads("report_filed").await?;
    ensure!(
        filed
            == [
                json!({"reporter": "ann", "reason": "abuse", "note": "every day"}),
                json!({"reporter": "bob", "reason": "other"}),
            ],
        "{filed:?}"
    );
    ensure!(world.event_payloads("case_opened").await?.len() == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reporter_cannot_see_is_not_found() -> Result<()> {
    let (world, ann, bob, _) = start().await?;
    let spam = || json!({"reason": "spam"});
    let carol = world.user("carol");
    for path in [REPORTS, "/v1/conversations/none/messages/1/reports"] {
        carol
            .post(path, spam())
            .await?
            .expect_problem(404, "not_found")?;
    }
    let missing = "/v1/conversations/team/messages/2/reports";
    ann.post(missing, spam())
        .await?
        .expect_problem(404, "not_found")?;
    let key = bob.with_key("report");
    key.post(REPORTS, spam()).await?.expect_status(201)?;
    key.post(REPORTS, spam()).await?.expect_status(200)?;
    let clear = ann.post("/v1/conversations/team/clear", json!({"up_to": 1}));
    clear.await?.expect_status(200)?;
    ann.post(REPORTS, spam())
        .await?
        .expect_problem(404, "not_found")?;
    ann.delete("/v1/conversations/team/members/bob")
        .await?
        .expect_status(200)?;
    bob.post(REPORTS, spam())
        .await?
        .expect_problem(404, "not_found")?;
    key.post(REPORTS, spam())
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_bounded_and_has_no_null() -> Result<()> {
    let (_world, ann, _, _) = start().await?;
    let with = |note: &str| json!({"reason": "spam", "note": note});
    ann.post(REPORTS, with(&"界".repeat(1_001)))
        .await?
        .expect_invalid("note")?;
    ann.post(REPORTS, with("a\0b"))
        .await?
        .expect_problem(400, "malformed")?;
    let reply = ann.post(REPORTS, json!({"reason": "boring"})).await?;
    ensure!(reply.status == 422, "{}", reply.text);
    ann.post(REPORTS, with(&"界".repeat(1_000)))
        .await?
        .expect_status(201)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_reported_if_their_profile_is_visible() -> Result<()> {
    let (world, ann, ..) = start().await?;
    let spam = || json!({"reason": "spam"});
    let reply = ann.post("/v1/users/bob/reports", spam()).await?;
    case_of(&reply.expect_status(201)?)?;
    // The support shows every profile but those of strangers.
    let stranger = ann.post("/v1/users/stranger/reports", spam()).await?;
    stranger.expect_problem(404, "not_found")?;
    ann.post("/v1/users/ann/reports", spam())
        .await?
        .expect_invalid("user")?;
    let opened = world.event_payloads("case_opened").await?;
    let target = json!({"type": "user", "user": "bob"});
    ensure!(
        opened == [json!({"kind": "report", "target": target})],
        "{opened:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_action_is_done_and_undone() -> Result<()> {
    let (world, ann, _, moderator) = start().await?;
    let case = report(&ann).await?;
    for (action, done, undone) in [
        ("recall", "message_recalled", "message_restored"),
        ("silence", "member_silenced", "member_unsilenced"),
        ("ban", "member_banned", "member_unbanned"),
    ] {
        let decision = json!({"action": action, "note": "spam"});
        let first = resolve(&moderator, &case, decision.clone())
            .await?
            .expect_status(200)?;
        let again = resolve(&moderator, &case, decision)
            .await?
            .expect_status(200)?;
        ensure!(again.position() == first.position(), "{action} again");
        ensure!(world.event_payloads(done).await?.len() == 1, "{done}");
        ensure!(
            world.actors(done).await? == [Some("mo".to_owned())],
            "{done}"
        );
        let other = resolve(&moderator, &case, json!({"action": "none"})).await?;
        other.expect_problem(409, "conflict")?;
        let first = reopen(&moderator, &case).await?.expect_status(200)?;
        let again = reopen(&moderator, &case).await?.expect_status(200)?;
        ensure!(
            again.position() == first.position(),
            "reopened after {action} again"
        );
        ensure!(world.event_payloads(undone).await?.len() == 1, "{undone}");
    }
    ensure!(world.event_payloads("case_resolved").await?.len() == 3);
    ensure!(world.event_payloads("case_reopened").await?.len() == 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_user_silence_and_ban_apply_everywhere() -> Result<()> {
    let (world, ann, _, moderator) = start().await?;
    let reply = ann
        .post("/v1/users/bob/reports", json!({"reason": "abuse"}))
        .await?;
    let case = case_of(&reply.expect_status(201)?)?;
    // The owner of a group does not decide about users.
    resolve(&ann, &case, json!({"action": "none"}))
        .await?
        .expect_problem(404, "not_found")?;
    resolve(&moderator, &case, json!({"action": "recall"}))
        .await?
        .expect_invalid("action")?;
    let until = "2030-01-01T00:00:00.000Z";
    let decision = json!({"action": "silence", "until": until});
    resolve(&moderator, &case, decision)
        .await?
        .expect_status(200)?;
    let restricted = world.event_payloads("user_restricted").await?;
    let expected = json!({"kind": "silenced", "until": until, "by": "mo"});
    ensure!(restricted == [expected], "{restricted:?}");
    reopen(&moderator, &case).await?.expect_status(200)?;
    ensure!(world.event_payloads("restriction_lifted").await? == [json!({"by": "mo"})]);
    resolve(&moderator, &case, json!({"action": "ban"}))
        .await?
        .expect_status(200)?;
    let restricted = world.event_payloads("user_restricted").await?;
    ensure!(
        restricted[1] == json!({"kind": "banned", "by": "mo"}),
        "{restricted:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_a_crash_left_without_its_decision_is_done_once() -> Result<()> {
    let (world, ann, _, moderator) = start().await?;
    let case = report(&ann).await?;
    // What the first half of a decision appends, before the process dies.
    moderator
        .put("/v1/conversations/team/silences/bob", json!({}))
        .await?
        .expect_status(200)?;
    resolve(&moderator, &case, json!({"action": "silence"}))
        .await?
        .expect_status(200)?;
    ensure!(world.event_payloads("member_silenced").await?.len() == 1);
    ensure!(world.event_payloads("case_resolved").await?.len() == 1);
    // The same for reopening.
    moderator
        .delete("/v1/conversations/team/silences/bob")
        .await?
        .expect_status(200)?;
    reopen(&moderator, &case).await?.expect_status(200)?;
    ensure!(world.event_payloads("member_unsilenced").await?.len() == 1);
    ensure!(world.event_payloads("case_reopened").await?.len() == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_by_its_author_survives_reopening() -> Result<()> {
    let (world, ann, bob, moderator) = start().await?;
    let case = report(&ann).await?;
    bob.delete(MESSAGE).await?.expect_status(200)?;
    resolve(&moderator, &case, json!({"action": "recall"}))
        .await?
        .expect_status(200)?;
    reopen(&moderator, &case).await?.expect_status(200)?;
    ensure!(world.event_payloads("message_restored").await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_decides_in_the_group_but_not_about_their_own_messages() -> Result<()> {
    let (world, ann, bob, _) = start().await?;
    let case = report(&ann).await?;
    for stranger in [&bob, &world.user("carol")] {
        let refused = resolve(stranger, &case, json!({"action": "none"})).await?;
        refused.expect_problem(404, "not_found")?;
        reopen(stranger, &case)
            .await?
            .expect_problem(404, "not_found")?;
    }
    resolve(&ann, &case, json!({"action": "recall"}))
        .await?
        .expect_status(200)?;
    ensure!(
        world.actors("message_recalled").await? == [None],
        "it is no call for others"
    );
    ann.send("team", "own", "mine").await?.expect_status(201)?;
    let path = "/v1/conversations/team/messages/2/reports";
    let reply = bob.post(path, json!({"reason": "abuse"})).await?;
    let own = case_of(&reply.expect_status(201)?)?;
    resolve(&ann, &own, json!({"action": "none"}))
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_checked_before_anything_is_done() -> Result<()> {
    let (world, ann, _, moderator) = start().await?;
    let case = report(&ann).await?;
    let before = world.count_events().await?;
    for (decision, field) in [
        (json!({"action": "release"}), "action"),
        (json!({"action": "refuse"}), "action"),
        (
            json!({"action": "ban", "until": "2020-01-01T00:00:00Z"}),
            "until",
        ),
        (json!({"action": "ban", "until": "soon"}), "until"),
        (
            json!({"action": "recall", "until": "2030-01-01T00:00:00Z"}),
            "until",
        ),
        (json!({"action": "none", "note": "n".repeat(1_001)}), "note"),
    ] {
        resolve(&moderator, &case, decision)
            .await?
            .expect_invalid(field)?;
    }
    for unknown in ["case-0", "x", "case-00000000000000000000000000000000"] {
        let unknown = format!("/v1/moderation/cases/{unknown}");
        let refused = resolve(&moderator, &unknown, json!({"action": "none"})).await?;
        refused.expect_problem(404, "not_found")?;
    }
    ensure!(world.count_events().await? == before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_does_nothing_again() -> Result<()> {
    let (world, ann, _, moderator) = start().await?;
    let case = report(&ann).await?;
    let key = moderator.with_key("decide");
    let ban = || json!({"action": "ban"});
    let first = resolve(&key, &case, ban()).await?.expect_status(200)?;
    resolve(&key, &case, ban())
        .await?
        .expect_replay_of(&first)?;
    reopen(&moderator, &case).await?.expect_status(200)?;
    resolve(&key, &case, ban())
        .await?
        .expect_replay_of(&first)?;
    ensure!(world.event_payloads("member_banned").await?.len() == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_decisions_at_once_leave_what_the_case_says() -> Result<()> {
    let (world, ann, _, moderator) = start().await?;
    let replica = world.replica().await?;
    let other = replica.user_with_scope("mia", "moderator");
    let case = report(&ann).await?;
    for round in 0..12 {
        let (one, two) = tokio::join!(
            resolve(&moderator, &case, json!({"action": "silence"})),
            resolve(&other, &case, json!({"action": "none"})),
        );
        let (one, two) = (one?, two?);
        let statuses = (one.status, two.status);
        ensure!(
            [(200, 409), (409, 200)].contains(&statuses),
            "{round}: {statuses:?}"
        );
        let lifts = world.event_payloads("member_unsilenced").await?.len();
        let silences = world.event_payloads("member_silenced").await?.len();
        let is_silenced = silences > lifts;
        ensure!(is_silenced == (one.status == 200), "{round}: {statuses:?}");
        reopen(&moderator, &case).await?.expect_status(200)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_counts_once_and_names_the_system() -> Result<()> {
    let (world, ..) = start().await?;
    let evidence = |source_position| AddEvidence {
        kind: CaseKind::Flag,
        target: CaseTarget::Conversation {
            conversation: ConversationId::parse("team").expect("an id"),
        },
        source_position,
        detail: "insults".to_owned(),
        user: Some(UserId::parse("bob").expect("an id")),
    };
    let first = command_svc::add_evidence(&world.state, evidence(2)).await;
    let again = command_svc::add_evidence(&world.state, evidence(2)).await;
    ensure!(first.ok() == again.ok());
    ensure!(world.event_payloads("evidence_added").await?.len() == 1);
    ensure!(world.actors("evidence_added").await? == [Some("tidings".to_owned())]);
    let opened = world.event_payloads("case_opened").await?;
    ensure!(opened[0]["kind"] == "flag", "{opened:?}");
    Ok(())
}
