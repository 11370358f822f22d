//! What a step rejects, skips, parks and survives.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use domain::conversation::command::{ConversationCommand, CreateConversation, ImportItem};
use domain::conversation::event::ConversationKind;
use domain::deployment::event::{DeploymentEvent, FeatureSwitched};
use domain::deployment::feature::Feature;
use domain::envelope::{AggregateKind, Envelope};
use domain::mailbox::event::{MailboxEvent, ReadMark};
use domain::time::Timestamp;
use projector::{ProjectionError, Projector};
use serde_json::value::RawValue;
use support::history::{HistoryGenerator, conversation, user};
use support::{ProjectorDatabase, config, fold, log};

#[tokio::test]
async fn repeated_events_change_nothing_and_a_gap_is_rejected() {
    let generator = HistoryGenerator::with_events(3, 6, 300);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    let mut projector = fold(&database.pool, config(), &generator.log[..200], 50).await;
    let before = database.digest().await;
    projector.step(&generator.log[100..200]).await.unwrap();
    assert_eq!(database.digest().await, before);
    let error = projector.step(&generator.log[201..]).await.unwrap_err();
    assert!(
        matches!(
            error,
            ProjectionError::Gap {
                expected: 201,
                given: 202
            }
        ),
        "{error}"
    );
    // Events that overlap the folded ones are no gap.
    projector.step(&generator.log[150..]).await.unwrap();
    assert_eq!(projector.position().await.unwrap(), 300);
    database.close().await;
}

#[tokio::test]
async fn of_two_projectors_one_commits_and_the_other_continues_from_there() {
    let generator = HistoryGenerator::with_events(5, 6, 400);
    let reference = ProjectorDatabase::new().await;
    fold(&reference.pool, config(), &generator.log, 400).await;
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    let mut one = fold(&database.pool, config(), &generator.log[..100], 100).await;
    let mut other = fold(&database.pool, config(), &[], 100).await;
    one.step(&generator.log[100..200]).await.unwrap();
    let error = other.step(&generator.log[100..300]).await.unwrap_err();
    assert!(matches!(error, ProjectionError::Fenced), "{error}");
    other.step(&generator.log[100..300]).await.unwrap();
    let error = one.step(&generator.log[200..]).await.unwrap_err();
    assert!(matches!(error, ProjectionError::Fenced), "{error}");
    one.step(&generator.log[200..]).await.unwrap();
    assert_eq!(database.digest().await, reference.digest().await);
    reference.close().await;
    database.close().await;
}

#[tokio::test]
async fn a_single_statement_batch_is_fenced_too() {
    let mut generator = HistoryGenerator::with_events(6, 4, 100);
    while generator.log.last().unwrap().event_type != "message_sent" {
        generator.run_random_command();
    }
    let (message, before) = generator.log.split_last().unwrap();
    let database = ProjectorDatabase::new().await;
    let mut one = fold(&database.pool, config(), before, 100).await;
    let mut other = Projector::open(database.pool.clone(), config())
        .await
        .unwrap();
    one.step(std::slice::from_ref(message)).await.unwrap();
    let after = database.digest().await;
    let error = other.step(std::slice::from_ref(message)).await.unwrap_err();
    assert!(matches!(error, ProjectionError::Fenced), "{error}");
    assert_eq!(database.digest().await, after);
    assert_eq!(other.position().await.unwrap(), message.position);
    database.close().await;
}

#[tokio::test]
async fn an_unreadable_event_parks_its_source_and_other_sources_continue() {
    let mut generator = HistoryGenerator::with_events(9, 5, 400);
    let id = generator
        .log
        .iter()
        .rev()
        .find(|event| event.event_type == "message_sent")
        .unwrap()
        .aggregate_id
        .clone();
    let poison = generator
        .log
        .iter()
        .position(|event| event.aggregate_id == id && event.event_type == "message_sent")
        .unwrap();
    generator.log[poison].version = 99;
    let database = ProjectorDatabase::new().await;
    let mut projector = fold(&database.pool, config(), &generator.log, 64).await;
    assert_eq!(
        projector.position().await.unwrap(),
        generator.log.len() as i64
    );
    let (position, reason): (i64, String) =
        sqlx::query_as("SELECT position, reason FROM read.parked WHERE poison")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!(position, generator.log[poison].position);
    assert!(reason.contains("version"), "{reason}");
    let later = generator.log[poison..]
        .iter()
        .filter(|event| event.aggregate_id == id)
        .count() as i64;
    let source = format!("/conversations/{id}");
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked WHERE source = $1")
        .bind(&source)
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(parked, later);
    // All other conversations and all mailboxes are complete.
    let untouched = generator
        .log
        .iter()
        .filter(|event| event.event_type == "message_sent" && event.aggregate_id != id)
        .count();
    let messages: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM read.messages m JOIN read.conversations c ON c.id = m.conversation WHERE c.name <> $1")
        .bind(&id).fetch_one(&database.pool).await.unwrap();
    assert_eq!(messages, untouched as i64);
    let acked: i64 = database
        .number("SELECT count(DISTINCT (user_id, device)) FROM read.devices")
        .await;
    let mut expected = std::collections::BTreeSet::new();
    for event in &generator.log {
        let device = (&event.aggregate_id, event.data.get().contains("phone"));
        let event_type: &str = &event.event_type;
        match event_type {
            "device_acked" => expected.insert(device),
            "device_removed" => expected.remove(&device),
            _ => false,
        };
    }
    assert_eq!(acked, expected.len() as i64);
    database.close().await;
}

#[tokio::test]
async fn an_event_that_the_tables_reject_is_found_and_parked() {
    let generator = HistoryGenerator::with_events(13, 5, 500);
    let database = ProjectorDatabase::new().await;
    let body = "ALTER TABLE read.messages ADD CHECK (seq <> 4 OR conversation <> 2)";
    sqlx::query(body).execute(&database.pool).await.unwrap();
    let mut projector = fold(&database.pool, config(), &generator.log, 500).await;
    let last = generator.log.len() as i64;
    assert_eq!(projector.position().await.unwrap(), last);
    let poison = database
        .number("SELECT count(*) FROM read.parked WHERE poison")
        .await;
    assert_eq!(poison, 1);
    let sent = "SELECT count(*) FROM read.messages WHERE conversation = 2";
    assert_eq!(database.number(sent).await, 3);
    assert!(
        database
            .number("SELECT count(*) FROM read.messages WHERE conversation <> 2")
            .await
            > 20
    );
    database.close().await;
}

#[tokio::test]
async fn a_mailbox_event_may_refer_to_a_missing_conversation() {
    let mut generator = HistoryGenerator::new(1, 3);
    let ghost = ReadMark {
        conversation: conversation("nowhere"),
        read_seq: 3,
        head_seq: 3,
        stay: 1,
    };
    generator.append(
        AggregateKind::Mailbox,
        "ann",
        &MailboxEvent::ConversationRead(ghost.clone()),
    );
    generator.append(
        AggregateKind::Mailbox,
        "ann",
        &MailboxEvent::ConversationMarkedUnread(ghost),
    );
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 10).await;
    assert_eq!(database.number("SELECT count(*) FROM read.parked").await, 0);
    assert_eq!(database.number("SELECT count(*) FROM read.inbox").await, 0);
    assert_eq!(
        database
            .number("SELECT sequence FROM read.users WHERE name = 'ann'")
            .await,
        2
    );
    database.close().await;
}

#[tokio::test]
async fn events_of_the_deployment_change_no_row() {
    let mut generator = HistoryGenerator::with_events(17, 4, 50);
    let switched = DeploymentEvent::FeatureSwitched(FeatureSwitched {
        feature: Feature::Search,
        on: false,
        reason: Some("slow".to_owned()),
        until: None,
        by: user("root"),
    });
    let before = ProjectorDatabase::new().await;
    fold(&before.pool, config(), &generator.log, 10).await;
    generator.append(AggregateKind::Deployment, "tidings", &switched);
    let after = ProjectorDatabase::new().await;
    fold(&after.pool, config(), &generator.log, 10).await;
    for table in [
        "users",
        "conversations",
        "members",
        "messages",
        "inbox",
        "parked",
    ] {
        let count = format!("SELECT count(*) FROM read.{table}");
        assert_eq!(
            after.number(&count).await,
            before.number(&count).await,
            "{table}"
        );
    }
    let reached = after.number("SELECT position FROM read.checkpoint").await;
    assert_eq!(reached, generator.log.len() as i64);
    before.close().await;
    after.close().await;
}

#[tokio::test]
async fn a_missing_sequence_is_poison() {
    let mut generator = HistoryGenerator::with_events(17, 4, 100);
    let last = generator
        .log
        .iter()
        .rposition(|event| event.aggregate == AggregateKind::Conversation)
        .unwrap();
    generator.log[last].sequence += 1;
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 100).await;
    let parked = "SELECT position FROM read.parked WHERE poison AND reason LIKE '%sequence%'";
    assert_eq!(database.number(parked).await, generator.log[last].position);
    database.close().await;
}

#[tokio::test]
async fn events_with_names_that_postgres_cannot_store_are_parked() {
    let strange = Envelope {
        position: 1,
        tag: None,
        aggregate: AggregateKind::Mailbox,
        aggregate_id: "nul\0nul".to_owned(),
        sequence: 1,
        event_type: "no\0type".to_owned(),
        version: 1,
        time: Timestamp::from_millis(0),
        actor: None,
        traceparent: None,
        data: RawValue::from_string("{}".to_owned()).unwrap(),
    };
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &[strange], 1).await;
    assert_eq!(
        database
            .number("SELECT count(*) FROM read.parked WHERE poison")
            .await,
        1
    );
    database.close().await;
}

#[tokio::test]
async fn a_lost_connection_is_an_error_and_the_next_step_continues() {
    let generator = HistoryGenerator::with_events(19, 5, 200);
    let database = ProjectorDatabase::new().await;
    let mut projector = Projector::open(database.pool.clone(), config())
        .await
        .unwrap();
    projector.step(&generator.log[..100]).await.unwrap();
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE application_name = 'tidings projector' AND datname = current_database()";
    assert_eq!(database.number(kill).await, 1);
    assert!(matches!(
        projector.step(&generator.log[100..]).await,
        Err(ProjectionError::Database(_))
    ));
    projector.step(&generator.log[100..]).await.unwrap();
    let head = generator.log.len() as i64;
    assert_eq!(projector.position().await.unwrap(), head);
    assert!(generator.mailboxes.contains_key(&user("user \u{e9}0")));
    database.close().await;
}

#[tokio::test]
async fn a_checkpoint_that_was_set_back_is_corruption_not_poison() {
    let generator = HistoryGenerator::with_events(29, 5, 300);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 100).await;
    sqlx::query("UPDATE read.checkpoint SET position = 200")
        .execute(&database.pool)
        .await
        .unwrap();
    let before = database.digest().await;
    let mut projector = Projector::open(database.pool.clone(), config())
        .await
        .unwrap();
    let error = projector.step(&generator.log[200..]).await.unwrap_err();
    assert!(matches!(error, ProjectionError::Corrupted(_)), "{error}");
    assert_eq!(database.digest().await, before);
    database.close().await;
}

#[tokio::test]
async fn imported_members_joined_when_the_source_says() {
    let at = Timestamp::parse("2019-03-04T08:00:00Z").unwrap();
    let mut generator = HistoryGenerator::new(1, 1);
    let id = conversation("old");
    let create = CreateConversation {
        kind: ConversationKind::Group,
        title: None,
        members: vec![],
        by: user("ann"),
        blocked: false,
        created_at: Some(at),
    };
    assert!(generator.run_command(&id, ConversationCommand::Create(create)));
    let members = |name, joined_at| ImportItem::Members {
        users: vec![user(name)],
        joined_at,
    };
    let items = vec![members("bob", Some(at)), members("cid", None)];
    assert!(generator.run_command(&id, ConversationCommand::Import(items)));
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 2).await;
    let joined: Vec<bool> = sqlx::query_scalar(
        "SELECT m.joined_at = '2019-03-04T08:00:00Z' FROM read.members m ORDER BY m.joined_order",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert_eq!(joined, [true, true, false]);
    let recorded = "SELECT count(*) FROM read.member_history h JOIN read.members m
        USING (conversation, user_id, joined_at) JOIN read.conversations c ON c.id = m.conversation
        WHERE c.created_at = '2019-03-04T08:00:00Z'";
    assert_eq!(database.number(recorded).await, 3);
    let listed: String =
        sqlx::query_scalar("SELECT t.data FROM read.timeline t WHERE t.position = 1")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!(
        listed,
        r#"{"id":"old","kind":"group","title":null,"history":"all","by":"ann","member_count":1,"members":["ann"]}"#
    );
    database.close().await;
}
