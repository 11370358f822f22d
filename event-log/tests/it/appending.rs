//! Tests of appending in one process.

use domain::body::MessageBody;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EditMessage};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::cqrs::CqrsStore;
use event_log::{AppendError, AppendRequest};
use eventually::eventually_true;

use crate::support::{
    LogTestDatabase, assert_gapless, create_group, execute, send_receipt, send_text, user,
};

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_one_conversation_share_commits_in_order() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let mut tickets = Vec::new();
    for n in 1..=500 {
        let locked = log.conversations().lock("g").await.unwrap();
        let events = locked
            .state()
            .decide(send_text("ann", &n.to_string()), &Limits::default())
            .unwrap();
        tickets.push(locked.append(AppendRequest::from_events(events)));
    }
    let mut last = 1;
    for ticket in tickets {
        let appended = ticket.wait().await.unwrap();
        assert_eq!(appended.first, last + 1);
        last = appended.last;
    }
    assert_eq!(last, 501);
    assert_eq!(assert_gapless(log.pool()).await, 501);
    let commits: i64 = sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM log.events")
        .fetch_one(log.pool())
        .await
        .unwrap();
    assert!(commits < 250, "{commits} commits for 501 events");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_is_rejected_with_everything_decided_on_top_of_it() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let first = execute(
        &log,
        "g",
        send_text("ann", "one"),
        vec![send_receipt("ann", "k")],
    )
    .await
    .unwrap();

    let locked = log.conversations().lock("g").await.unwrap();
    let events = locked
        .state()
        .decide(send_text("ann", "one"), &Limits::default())
        .unwrap();
    let repeat = locked.append(AppendRequest {
        receipts: vec![send_receipt("ann", "k")],
        ..AppendRequest::from_events(events)
    });
    let locked = log.conversations().lock("g").await.unwrap();
    let events = locked
        .state()
        .decide(send_text("ann", "two"), &Limits::default())
        .unwrap();
    let on_top = locked.append(AppendRequest::from_events(events));

    match repeat.wait().await {
        Err(AppendError::DuplicateKey(first_answers)) => {
            assert_eq!(first_answers[0].1.position, first.last);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(on_top.wait().await, Err(AppendError::Conflict)));
    execute(&log, "g", send_text("ann", "two"), vec![])
        .await
        .unwrap();
    let head = log
        .conversations()
        .peek("g", Conversation::head_seq)
        .await
        .unwrap()
        .0;
    assert_eq!(head, 2);
    assert_eq!(assert_gapless(log.pool()).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_without_events_is_stored() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let created = execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    for expected_duplicate in [false, true] {
        let locked = log.conversations().lock("g").await.unwrap();
        let append = AppendRequest {
            receipts: vec![send_receipt("ann", "noop")],
            ..AppendRequest::from_events(vec![])
        };
        let result = locked.append(append).wait().await;
        match result {
            Ok(appended) => assert_eq!((expected_duplicate, appended.last), (false, created.last)),
            Err(AppendError::DuplicateKey(first)) => {
                assert!(expected_duplicate);
                assert_eq!(first[0].1.position, created.last);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(assert_gapless(log.pool()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_a_changed_observation_is_a_conflict() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "a", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    execute(&log, "b", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let (_, seen) = log
        .conversations()
        .peek("a", Conversation::head_seq)
        .await
        .unwrap();
    execute(&log, "a", send_text("ann", "moves"), vec![])
        .await
        .unwrap();
    let locked = log.conversations().lock("b").await.unwrap();
    let events = locked
        .state()
        .decide(send_text("ann", "stale"), &Limits::default())
        .unwrap();
    let stale = locked.append(AppendRequest {
        observations: vec![seen],
        ..AppendRequest::from_events(events)
    });
    assert!(matches!(stale.wait().await, Err(AppendError::Conflict)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_loads_the_same_state_as_folding() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "g", create_group("ann", &["bob"]), vec![])
        .await
        .unwrap();
    for n in 1..=320 {
        execute(&log, "g", send_text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
    let pool = log.pool().clone();
    eventually_true("a snapshot is written", async || {
        let last: Option<i64> = sqlx::query_scalar("SELECT max(last_sequence) FROM log.snapshots")
            .fetch_one(&pool)
            .await
            .unwrap();
        last.is_some_and(|last| last >= 50)
    })
    .await;
    let warm = log.conversations().peek("g", Clone::clone).await.unwrap().0;
    let cold = database
        .open_log()
        .await
        .conversations()
        .peek("g", Clone::clone)
        .await
        .unwrap()
        .0;
    assert_eq!(
        serde_json::to_value(&warm).unwrap(),
        serde_json::to_value(&cold).unwrap()
    );
    sqlx::query("UPDATE log.snapshots SET payload = '{\"not\": \"a state\"}'")
        .execute(&pool)
        .await
        .unwrap();
    let folded = database
        .open_log()
        .await
        .conversations()
        .peek("g", Clone::clone)
        .await
        .unwrap()
        .0;
    assert_eq!(
        serde_json::to_value(&warm).unwrap(),
        serde_json::to_value(&folded).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_message_is_loaded_with_its_changes() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "g", create_group("ann", &["bob"]), vec![])
        .await
        .unwrap();
    for n in 1..=300 {
        execute(&log, "g", send_text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
    for new_text in ["first edit", "second edit"] {
        let locked = log.conversations().lock("g").await.unwrap();
        assert!(!locked.state().is_recent(7));
        let message = locked.load_message(7).await.unwrap();
        assert_eq!(message.as_ref().unwrap().sender, user("ann"));
        let edit = ConversationCommand::Edit(EditMessage {
            seq: 7,
            body: serde_json::json!({ "text": new_text }),
            by: user("ann"),
            now: Timestamp::from_millis(1_700_000_000_001),
            message,
        });
        let events = locked.state().decide(edit, &Limits::default()).unwrap();
        assert_eq!(events.len(), 1);
        locked
            .append(AppendRequest::from_events(events))
            .wait()
            .await
            .unwrap();
    }
    let locked = log.conversations().lock("g").await.unwrap();
    let message = locked.load_message(7).await.unwrap().unwrap();
    assert_eq!(
        message.body_digest,
        MessageBody::from_text("second edit").digest()
    );
    assert!(locked.load_message(9_999).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unmodified_cqrs_framework_runs_on_the_log() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let framework = cqrs_es::CqrsFramework::new(
        CqrsStore(log.conversations().clone()),
        vec![],
        Limits::default(),
    );
    framework
        .execute("g", create_group("ann", &[]))
        .await
        .unwrap();
    framework
        .execute("g", send_text("ann", "hello"))
        .await
        .unwrap();
    framework
        .execute("g", send_text("stranger", "hello"))
        .await
        .unwrap_err();
    framework
        .execute("g", send_text("ann", "again"))
        .await
        .unwrap();
    assert_eq!(assert_gapless(log.pool()).await, 3);
    let events = cqrs_es::EventStore::load_events(&CqrsStore(log.conversations().clone()), "g")
        .await
        .unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!(events[2].metadata["position"], "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn shut_down_resolves_queued_appends_and_rejects_later_ones() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let mut tickets = Vec::new();
    for n in 0..50 {
        let locked = log.conversations().lock("g").await.unwrap();
        let events = locked
            .state()
            .decide(send_text("ann", &n.to_string()), &Limits::default())
            .unwrap();
        tickets.push(locked.append(AppendRequest::from_events(events)));
    }
    log.shut_down().await;
    for ticket in tickets {
        ticket.wait().await.unwrap();
    }
    let locked = log.conversations().lock("g").await.unwrap();
    assert!(matches!(
        locked
            .append(AppendRequest::from_events(vec![]))
            .wait()
            .await,
        Err(AppendError::Log(_))
    ));
}
