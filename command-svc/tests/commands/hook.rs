//! The hook, with a service in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, ensure};
use command_svc::{MessageCheck, MessageCheckError};
use domain::deployment::MessageHook;
use domain::deployment::content::HookFailureAction;
use domain::ids::UserId;
use domain::time::Timestamp;
use futures::FutureExt as _;
use futures::future::{BoxFuture, try_join, try_join_all};
use moderation::{ActiveHook, DeploymentRules, Rulebook};
use serde_json::json;

use crate::support::CommandTestService;

/// A service that always gives the same answer.
struct FixedAnswer {
    answer: Option<&'static str>,
    questions: AtomicUsize,
}

impl MessageCheck for FixedAnswer {
    fn ask<'a>(
        &'a self,
        _: &'a MessageHook,
        _: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, MessageCheckError>> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer.map(|answer| answer.as_bytes().to_vec());
        let answer = answer.ok_or_else(|| MessageCheckError("away".to_owned()));
        async move {
            // Others get their turn while the service thinks.
            tokio::task::yield_now().await;
            answer
        }
        .boxed()
    }
}

const ALLOW: &str = r#"{"verdict":"allow"}"#;
const HOLD: &str = r#"{"verdict":"hold","reason":"odd"}"#;

/// Lets a process ask a service with this answer about every message.
fn ask(
    service: &CommandTestService,
    answer: Option<&'static str>,
    on_failure: HookFailureAction,
) -> Result<Arc<FixedAnswer>> {
    let check = Arc::new(FixedAnswer {
        answer,
        questions: AtomicUsize::new(0),
    });
    service.state.set_message_check(check.clone());
    let hook = MessageHook {
        url: "https://checks.example.org/".to_owned(),
        types: Vec::new(),
        timeout_ms: 1_000,
        on_failure,
        secret_id: "one".to_owned(),
    };
    let active = ActiveHook {
        hook,
        by: UserId::parse("root")?,
        at: Timestamp::from_millis(0),
    };
    let rules = DeploymentRules {
        hook: Some(Arc::new(active)),
        ..DeploymentRules::default()
    };
    let rulebook = Rulebook::compile(rules, &Rulebook::default())?;
    service.state.live_rulebook().replace(rulebook);
    Ok(check)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_held_is_in_the_mailbox_and_has_a_case() -> Result<()> {
    let service = CommandTestService::new().await?;
    let (ann, _) = service.create_group("team").await?;
    let check = ask(&service, Some(HOLD), HookFailureAction::Allow)?;
    let held = ann.send("team", "k", "hello").await?.expect_status(202)?;
    ensure!(
        (&held.json["state"], &held.json["held_id"]) == (&json!("held"), &json!("h1")),
        "{held:?}"
    );
    let events = service.event_payloads("message_held").await?;
    let event = events.first().context("an event")?;
    ensure!(
        event["body"]["text"] == "hello" && event["reason"] == "odd",
        "{event}"
    );
    let cases = service.event_payloads("case_opened").await?;
    ensure!(
        cases.len() == 1 && cases[0]["target"]["held_id"] == "h1",
        "{cases:?}"
    );
    let again = ann.send("team", "k", "hello").await?.expect_status(200)?;
    ensure!(again.json == held.json, "{again:?}");
    ensure!(check.questions.load(Ordering::Relaxed) == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_on_failure_decides() -> Result<()> {
    for (on_failure, status) in [
        (HookFailureAction::Allow, 201),
        (HookFailureAction::Hold, 202),
        (HookFailureAction::Refuse, 422),
    ] {
        let service = CommandTestService::new().await?;
        let (ann, _) = service.create_group("team").await?;
        ask(&service, None, on_failure)?;
        ann.send("team", "k", "hello")
            .await?
            .expect_status(status)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_with_other_answers_one_counts() -> Result<()> {
    // Given a process whose service allows everything, and one whose service holds everything
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, _) = one.create_group("team").await?;
    let ann_on_other = other.user("ann");
    ask(&one, Some(ALLOW), HookFailureAction::Refuse)?;
    ask(&other, Some(HOLD), HookFailureAction::Refuse)?;
    // When both get the same message, several times
    let keys: Vec<String> = (0..20).map(|n| format!("k{n}")).collect();
    for key in &keys {
        let (by_one, by_other) = try_join(
            try_join_all((0..3).map(|_| ann.send("team", key, "hello"))),
            try_join_all((0..3).map(|_| ann_on_other.send("team", key, "hello"))),
        )
        .await?;
        let replies: Vec<_> = by_one.into_iter().chain(by_other).collect();
        let held = replies
            .iter()
            .filter(|reply| reply.json["state"] == "held")
            .count();
        // Then all get the same answer
        ensure!(held == 0 || held == replies.len(), "{replies:?}");
    }
    let sent = one.event_payloads("message_sent").await?.len();
    let held = one.event_payloads("message_held").await?.len();
    ensure!(sent + held == keys.len(), "{sent} sent, {held} held");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moderator_releases_a_message_once() -> Result<()> {
    let service = CommandTestService::new().await?;
    let (ann, _) = service.create_group("team").await?;
    ask(&service, Some(HOLD), HookFailureAction::Allow)?;
    ann.send("team", "k", "hello").await?.expect_status(202)?;
    let case: String = sqlx::query_scalar(
        "SELECT s.aggregate_id FROM log.streams s WHERE s.aggregate_type = 'case'",
    )
    .fetch_one(&service.database.pool)
    .await?;
    let path = format!("/v1/moderation/cases/{case}/resolve");
    let decision = json!({ "action": "release", "note": "fine" });
    let admin = service.admin();
    let replies = try_join_all((0..5).map(|_| admin.post(&path, decision.clone()))).await?;
    ensure!(
        replies.iter().all(|reply| reply.status == 200),
        "{replies:?}"
    );
    let sent = service.event_payloads("message_sent").await?;
    ensure!(
        sent.len() == 1 && sent[0]["client_message_id"] == "k",
        "{sent:?}"
    );
    ensure!(service.event_payloads("held_message_released").await?.len() == 1);
    ensure!(service.actors("message_sent").await? == [Some("root".to_owned())]);
    Ok(())
}
