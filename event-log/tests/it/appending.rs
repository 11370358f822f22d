//! Tests of appending in one process.

use domain::body::MessageBody;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EditMessage};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::cqrs::CqrsStore;
use event_log::{Append, NotAppended};

use crate::support::{Database, assert_gapless, create, eventually, key, run, text, user};

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_one_conversation_share_commits_in_order() {
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "g", create("ann", &[]), vec![]).await.unwrap();
    let mut tickets = Vec::new();
    for n in 1..=500 {
        let locked = log.conversations().lock("g").await.unwrap();
        let events = locked
            .state()
            .decide(text("ann", &n.to_string()), &Limits::default())
            .unwrap();
        tickets.push(locked.append(Append::of(events)));
    }
    let mut last = 1;
    for ticket in tickets {
        let appended = ticket.done().await.unwrap();
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
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "g", create("ann", &[]), vec![]).await.unwrap();
    let first = run(&log, "g", text("ann", "one"), vec![key("ann", "k")])
        .await
        .unwrap();

    let locked = log.conversations().lock("g").await.unwrap();
    let events = locked
        .state()
        .decide(text("ann", "one"), &Limits::default())
        .unwrap();
    let repeat = locked.append(Append {
        receipts: vec![key("ann", "k")],
        ..Append::of(events)
    });
    let locked = log.conversations().lock("g").await.unwrap();
    let events = locked
        .state()
        .decide(text("ann", "two"), &Limits::default())
        .unwrap();
    let on_top = locked.append(Append::of(events));

    match repeat.done().await {
        Err(NotAppended::Duplicate(first_answers)) => {
            assert_eq!(first_answers[0].1.position, first.last);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(on_top.done().await, Err(NotAppended::Conflict)));
    run(&log, "g", text("ann", "two"), vec![]).await.unwrap();
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
    let database = Database::new().await;
    let log = database.log().await;
    let created = run(&log, "g", create("ann", &[]), vec![]).await.unwrap();
    for expected_duplicate in [false, true] {
        let locked = log.conversations().lock("g").await.unwrap();
        let append = Append {
            receipts: vec![key("ann", "noop")],
            ..Append::of(vec![])
        };
        let result = locked.append(append).done().await;
        match result {
            Ok(appended) => assert_eq!((expected_duplicate, appended.last), (false, created.last)),
            Err(NotAppended::Duplicate(first)) => {
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
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "a", create("ann", &[]), vec![]).await.unwrap();
    run(&log, "b", create("ann", &[]), vec![]).await.unwrap();
    let (_, seen) = log
        .conversations()
        .peek("a", Conversation::head_seq)
        .await
        .unwrap();
    run(&log, "a", text("ann", "moves"), vec![]).await.unwrap();
    let locked = log.conversations().lock("b").await.unwrap();
    let events = locked
        .state()
        .decide(text("ann", "stale"), &Limits::default())
        .unwrap();
    let stale = locked.append(Append {
        observed: vec![seen],
        ..Append::of(events)
    });
    assert!(matches!(stale.done().await, Err(NotAppended::Conflict)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_loads_the_same_state_as_folding() {
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "g", create("ann", &["bob"]), vec![])
        .await
        .unwrap();
    for n in 1..=320 {
        run(&log, "g", text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
    let pool = log.pool().clone();
    eventually("a snapshot is written", || async {
        let last: Option<i64> = sqlx::query_scalar("SELECT max(last_sequence) FROM log.snapshots")
            .fetch_one(&pool)
            .await
            .unwrap();
        last.is_some_and(|last| last >= 50)
    })
    .await;
    let warm = log.conversations().peek("g", Clone::clone).await.unwrap().0;
    let cold = database
        .log()
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
        .log()
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
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "g", create("ann", &["bob"]), vec![])
        .await
        .unwrap();
    for n in 1..=300 {
        run(&log, "g", text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
    for new_text in ["first edit", "second edit"] {
        let locked = log.conversations().lock("g").await.unwrap();
        assert!(!locked.state().is_recent(7));
        let message = locked.message(7).await.unwrap();
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
        locked.append(Append::of(events)).done().await.unwrap();
    }
    let locked = log.conversations().lock("g").await.unwrap();
    let message = locked.message(7).await.unwrap().unwrap();
    assert_eq!(message.body_digest, MessageBody::from_text("second edit").digest());
    assert!(locked.message(9_999).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unmodified_cqrs_framework_runs_on_the_log() {
    let database = Database::new().await;
    let log = database.log().await;
    let framework = cqrs_es::CqrsFramework::new(
        CqrsStore(log.conversations().clone()),
        vec![],
        Limits::default(),
    );
    framework.execute("g", create("ann", &[])).await.unwrap();
    framework.execute("g", text("ann", "hello")).await.unwrap();
    framework
        .execute("g", text("stranger", "hello"))
        .await
        .unwrap_err();
    framework.execute("g", text("ann", "again")).await.unwrap();
    assert_eq!(assert_gapless(log.pool()).await, 3);
    let events = cqrs_es::EventStore::load_events(&CqrsStore(log.conversations().clone()), "g")
        .await
        .unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!(events[2].metadata["position"], "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn shut_down_resolves_queued_appends_and_rejects_later_ones() {
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "g", create("ann", &[]), vec![]).await.unwrap();
    let mut tickets = Vec::new();
    for n in 0..50 {
        let locked = log.conversations().lock("g").await.unwrap();
        let events = locked
            .state()
            .decide(text("ann", &n.to_string()), &Limits::default())
            .unwrap();
        tickets.push(locked.append(Append::of(events)));
    }
    log.shut_down().await;
    for ticket in tickets {
        ticket.done().await.unwrap();
    }
    let locked = log.conversations().lock("g").await.unwrap();
    assert!(matches!(
        locked.append(Append::of(vec![])).done().await,
        Err(NotAppended::Failed(_))
    ));
}
