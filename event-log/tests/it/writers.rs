//! Several processes on one log, and outages of Postgres.

use std::sync::Arc;

use domain::conversation::Conversation;
use domain::limits::Limits;
use event_log::{Append, NotAppended};

use crate::support::{Database, assert_gapless, create, eventually, key, run, text};

#[tokio::test(flavor = "multi_thread")]
async fn writers_in_two_processes_leave_no_gap_and_lose_nothing() {
    let database = Database::new().await;
    let logs = [database.log().await, database.log().await];
    for c in 0..10 {
        run(&logs[0], &format!("g{c}"), create("ann", &[]), vec![])
            .await
            .unwrap();
    }
    let mut writers = Vec::new();
    for w in 0..8 {
        let log = logs[w % 2].clone();
        writers.push(tokio::spawn(async move {
            for n in 0..100 {
                let id = format!("g{}", (w + n) % 10);
                run(
                    &log,
                    &id,
                    text("ann", &format!("{w} {n}")),
                    vec![key("ann", &format!("{w}-{n}"))],
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

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_never_based_on_a_stale_state() {
    let database = Database::new().await;
    let (one, other) = (database.log().await, database.log().await);
    run(&one, "g", create("ann", &[]), vec![]).await.unwrap();
    run(&other, "g", text("ann", "warms the other's cache"), vec![])
        .await
        .unwrap();
    let add = domain::conversation::command::ConversationCommand::AddMembers(
        domain::conversation::command::AddMembers {
            users: vec![crate::support::user("bob")],
            role: None,
            by: crate::support::user("ann"),
        },
    );
    run(&one, "g", add, vec![]).await.unwrap();
    // The other process does not know bob yet: its first decision is a refusal, which becomes a
    // conflict.
    let locked = other.conversations().lock("g").await.unwrap();
    locked
        .state()
        .decide(text("bob", "hi"), &Limits::default())
        .unwrap_err();
    let settled = locked.append(Append::of(vec![])).done().await;
    assert!(matches!(settled, Err(NotAppended::Conflict)), "{settled:?}");
    run(&other, "g", text("bob", "hi"), vec![]).await.unwrap();
    assert_gapless(one.pool()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_used_in_two_processes_concurrently_appends_one_event() {
    let database = Database::new().await;
    let logs = [database.log().await, database.log().await];
    run(&logs[0], "g", create("ann", &[]), vec![])
        .await
        .unwrap();
    let attempts: Vec<_> = (0..40)
        .map(|n| {
            let log = logs[n % 2].clone();
            tokio::spawn(
                async move { run(&log, "g", text("ann", "once"), vec![key("ann", "k")]).await },
            )
        })
        .collect();
    let mut positions = Vec::new();
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(appended) => positions.push(appended.last),
            Err(NotAppended::Duplicate(first)) => positions.push(first[0].1.position),
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
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "g", create("ann", &[]), vec![]).await.unwrap();
    let killer = database.pool().await;
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = done.clone();
    let killing = tokio::spawn(async move {
        let mut kills = 0;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
            let killed: i64 = sqlx::query_scalar(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'",
            )
            .fetch_one(&killer)
            .await
            .unwrap();
            kills += killed;
            tokio::time::sleep(std::time::Duration::from_millis(7)).await;
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
                .decide(text("ann", &n.to_string()), &Limits::default())
                .unwrap();
            let append = Append {
                receipts: vec![key("ann", &n.to_string())],
                ..Append::of(events)
            };
            match locked.append(append).done().await {
                Ok(_) | Err(NotAppended::Duplicate(_)) => break,
                Err(NotAppended::Conflict | NotAppended::Failed(_)) => {}
            }
        }
        acknowledged += 1;
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
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
    let database = Database::new().await;
    let (busy, idle) = (database.log().await, database.log().await);
    run(&idle, "g", create("ann", &[]), vec![]).await.unwrap();
    for n in 0..300 {
        run(&busy, "g", text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
    run(&idle, "g", text("ann", "last"), vec![]).await.unwrap();
    assert_eq!(idle.known_head(), 302);
    eventually("the busy process sees the event", || async {
        busy.head().await.unwrap() == 302
    })
    .await;
}
