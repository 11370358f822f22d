//! Several processes on one log, and outages of Postgres.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::conversation::Conversation;
use domain::limits::Limits;
use event_log::{AppendError, AppendRequest};
use eventually::{eventually_true, pause};

use crate::support::{
    LogTestDatabase, assert_gapless, create_group, execute, execute_within, send_receipt, send_text,
};

#[tokio::test(flavor = "multi_thread")]
async fn writers_in_two_processes_leave_no_gap_and_lose_nothing() {
    let database = LogTestDatabase::new().await;
    let logs = [database.open_log().await, database.open_log().await];
    for c in 0..10 {
        execute(&logs[0], &format!("g{c}"), create_group("ann", &[]), vec![])
            .await
            .unwrap();
    }
    let mut writers = Vec::new();
    for w in 0..8 {
        let log = logs[w % 2].clone();
        writers.push(tokio::spawn(async move {
            for n in 0..100 {
                let id = format!("g{}", (w + n) % 10);
                execute(
                    &log,
                    &id,
                    send_text("ann", &format!("{w} {n}")),
                    vec![send_receipt("ann", &format!("{w}-{n}"))],
                )
                .await
                .unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(assert_gapless(logs[0].pool()).await, 810);
    for log in &logs {
        for c in 0..10 {
            log.head().await.unwrap();
            let head = log
                .conversations()
                .peek(&format!("g{c}"), Conversation::head_seq)
                .await
                .unwrap();
            assert_eq!(head.0, 80, "g{c}");
        }
    }
}

/// A command that was decided on a state that another process has changed is decided again while
/// the head is locked.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_process_does_not_keep_another_one_from_writing_to_its_conversations() {
    // Given a process that writes to four conversations without a pause,
    let database = LogTestDatabase::new().await;
    let (busy, other) = (database.open_log().await, database.open_log().await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for c in 0..4 {
        let (log, stop, id) = (busy.clone(), stop.clone(), format!("g{c}"));
        execute(&log, &id, create_group("ann", &[]), vec![])
            .await
            .unwrap();
        writers.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let sent = execute(&log, &id, send_text("ann", "busy"), vec![]).await;
                sent.unwrap();
            }
        }));
    }
    // when another process writes to the same conversations, it needs few attempts: the second one
    // is decided while the head is locked.
    for n in 0..200 {
        let id = format!("g{}", n % 4);
        execute_within(4, &other, &id, send_text("ann", "other"), vec![])
            .await
            .unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert_gapless(busy.pool()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_never_based_on_a_stale_state() {
    let database = LogTestDatabase::new().await;
    let (one, other) = (database.open_log().await, database.open_log().await);
    execute(&one, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    execute(
        &other,
        "g",
        send_text("ann", "warms the other's cache"),
        vec![],
    )
    .await
    .unwrap();
    let add = domain::conversation::command::ConversationCommand::AddMembers(
        domain::conversation::command::AddMembers {
            users: vec![crate::support::user("bob")],
            role: None,
            by: crate::support::user("ann"),
            now: domain::time::Timestamp::default(),
        },
    );
    execute(&one, "g", add, vec![]).await.unwrap();
    // The other process does not know bob yet: its first decision is a refusal, which becomes a
    // conflict.
    let locked = other.conversations().lock("g").await.unwrap();
    locked
        .state()
        .decide(send_text("bob", "hi"), &Limits::default())
        .unwrap_err();
    let settled = locked
        .append(AppendRequest::from_events(vec![]))
        .wait()
        .await;
    assert!(matches!(settled, Err(AppendError::Conflict)), "{settled:?}");
    execute(&other, "g", send_text("bob", "hi"), vec![])
        .await
        .unwrap();
    assert_gapless(one.pool()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_used_in_two_processes_concurrently_appends_one_event() {
    let database = LogTestDatabase::new().await;
    let logs = [database.open_log().await, database.open_log().await];
    execute(&logs[0], "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let attempts: Vec<_> = (0..40)
        .map(|n| {
            let log = logs[n % 2].clone();
            tokio::spawn(async move {
                execute(
                    &log,
                    "g",
                    send_text("ann", "once"),
                    vec![send_receipt("ann", "k")],
                )
                .await
            })
        })
        .collect();
    let mut positions = Vec::new();
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(appended) => positions.push(appended.last),
            Err(AppendError::DuplicateKey(first)) => positions.push(first[0].1.position),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(
        positions.iter().all(|position| *position == 2),
        "{positions:?}"
    );
    assert_eq!(assert_gapless(logs[0].pool()).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_sessions_lose_and_duplicate_nothing() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let killer = database.pool().await;
    let done = Arc::new(AtomicBool::new(false));
    let stop = done.clone();
    let killing = tokio::spawn(async move {
        let mut kills = 0;
        while !stop.load(Ordering::Relaxed) {
            let killed: i64 = sqlx::query_scalar(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'",
            )
            .fetch_one(&killer)
            .await
            .unwrap();
            kills += killed;
            pause(Duration::from_millis(7)).await;
        }
        kills
    });
    let mut acknowledged = 0;
    for n in 0..300 {
        // Retry with the same key until there is a response, as a client does.
        loop {
            let Ok(locked) = log.conversations().lock("g").await else {
                continue;
            };
            let events = locked
                .state()
                .decide(send_text("ann", &n.to_string()), &Limits::default())
                .unwrap();
            let append = AppendRequest {
                receipts: vec![send_receipt("ann", &n.to_string())],
                ..AppendRequest::from_events(events)
            };
            match locked.append(append).wait().await {
                Ok(_) | Err(AppendError::DuplicateKey(_)) => break,
                Err(AppendError::Conflict | AppendError::Log(_)) => {}
            }
        }
        acknowledged += 1;
    }
    done.store(true, Ordering::Relaxed);
    assert!(killing.await.unwrap() > 0, "nothing was killed");
    let checker = database.pool().await;
    assert_eq!(assert_gapless(&checker).await, acknowledged + 1);
    let texts: i64 = sqlx::query_scalar("SELECT count(DISTINCT payload) FROM log.events")
        .fetch_one(&checker)
        .await
        .unwrap();
    assert_eq!(texts, acknowledged + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_idle_catches_up() {
    let database = LogTestDatabase::new().await;
    let (busy, idle) = (database.open_log().await, database.open_log().await);
    execute(&idle, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    for n in 0..300 {
        execute(&busy, "g", send_text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
    execute(&idle, "g", send_text("ann", "last"), vec![])
        .await
        .unwrap();
    assert_eq!(idle.known_head(), 302);
    eventually_true("the busy process sees the event", async || {
        busy.head().await.unwrap() == 302
    })
    .await;
}
