//! The entries pushed with the projection signal equal the entries in the tables, with the same
//! recipients.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeMap;

use projector::{Projector, ProjectorConfig};
use read_model::live_entry::{LiveEntryPayload, LiveMessage};
use read_model::projection_signal::AffectedAudience;
use sqlx::types::time::OffsetDateTime;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, log};

/// The text and the recipients of each entry, by position and conversation.
type EntriesByKey = BTreeMap<(i64, Option<String>), (String, Vec<i64>)>;

fn pushed_entries(touched: &AffectedAudience) -> Option<EntriesByKey> {
    let entries = touched.entries.as_ref()?;
    let positions: Vec<i64> = entries.iter().map(|entry| entry.position).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    let entries = entries.iter().map(|entry| {
        let what = match &entry.payload {
            LiveEntryPayload::Other { kind, data } => format!("{kind} {data}"),
            LiveEntryPayload::Message(sent) => format_message(sent),
        };
        let at = OffsetDateTime::from(entry.occurred_at);
        let mut users = entry.recipients.clone();
        users.sort_unstable();
        let key = (entry.position, entry.conversation.clone());
        (key, (format!("{at} {what}"), users))
    });
    Some(entries.collect())
}

fn format_message(sent: &LiveMessage) -> String {
    let LiveMessage {
        seq,
        sender,
        kind,
        body,
        reply_to,
        mentions,
        client_message_id,
        thread,
    } = sent;
    let body = body.as_ref().map(domain::body::MessageBody::as_json);
    format!(
        "message {seq} {sender} {} {body:?} {reply_to:?} {mentions:?} {client_message_id:?} \
         {thread:?}",
        kind.as_str()
    )
}

/// Loads the entries in the tables for the positions of a signal.
async fn load_written_entries(
    database: &ProjectorDatabase,
    touched: &AffectedAudience,
) -> EntriesByKey {
    type Row = (
        i64,
        Option<String>,
        Option<String>,
        Option<String>,
        OffsetDateTime,
        Vec<i64>,
        Option<i64>,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT i.position, c.name, t.type, t.data, coalesce(t.at, g.sent_at), \
         array_agg(i.user_id ORDER BY i.user_id), i.seq \
         FROM read.inbox i LEFT JOIN read.conversations c ON c.id = i.conversation \
         LEFT JOIN read.timeline t ON t.conversation = i.conversation AND t.position = i.position \
         LEFT JOIN read.messages g ON g.conversation = i.conversation AND g.seq = i.seq \
         WHERE i.position > $1 AND i.position <= $2 GROUP BY 1, 2, 3, 4, 5, 7",
    )
    .bind(touched.from)
    .bind(touched.to)
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let mut entries = EntriesByKey::new();
    for (position, name, kind, data, at, users, seq) in rows {
        let what = match seq {
            Some(seq) => load_message(database, name.as_deref().unwrap(), seq).await,
            None => format!("{} {}", kind.unwrap(), data.unwrap()),
        };
        entries.insert((position, name), (format!("{at} {what}"), users));
    }
    entries
}

async fn load_message(database: &ProjectorDatabase, conversation: &str, seq: i64) -> String {
    type Row = (
        String,
        String,
        Option<String>,
        Option<i64>,
        Option<String>,
        Option<String>,
        Option<i64>,
    );
    let (sender, kind, body, reply_to, mentions, key, thread): Row = sqlx::query_as(
        "SELECT u.name, g.type, g.body, g.reply_to, g.mentions, g.client_message_id, g.thread \
         FROM read.messages g \
         JOIN read.conversations c ON c.id = g.conversation JOIN read.users u ON u.id = g.sender \
         WHERE c.name = $1 AND g.seq = $2",
    )
    .bind(conversation)
    .bind(seq)
    .fetch_one(&database.pool)
    .await
    .unwrap();
    let body = body.as_deref();
    format!("message {seq} {sender} {kind} {body:?} {reply_to:?} {mentions:?} {key:?} {thread:?}")
}

#[tokio::test]
async fn pushed_entries_equal_the_written_ones() {
    // With small thresholds, some conversations have no inbox rows and are not pushed; with large
    // ones, all have.
    for (seed, config) in [
        (211, config()),
        (
            223,
            ProjectorConfig {
                offline_window: config().offline_window,
                ..ProjectorConfig::default()
            },
        ),
    ] {
        let generator = HistoryGenerator::with_events(seed, 9, 4_000);
        let database = ProjectorDatabase::new().await;
        log::append(&database.pool, &generator.log).await;
        let mut projector = Projector::open(database.pool.clone(), config)
            .await
            .unwrap();
        projector.include_entries(true);
        let (mut signals, mut entries, mut kinds) = (0, 0, BTreeMap::<String, usize>::new());
        let mut rest = generator.log.as_slice();
        while !rest.is_empty() {
            // One to three events at once: larger batches would rarely be simple enough to push.
            let (batch, later) = rest.split_at(rest.len().min(1 + signals % 3));
            projector.step(batch).await.unwrap();
            rest = later;
            signals += 1;
            let touched = projector.take_signal().await.unwrap().audience.unwrap();
            let Some(pushed) = pushed_entries(&touched) else {
                continue;
            };
            assert_eq!(pushed, load_written_entries(&database, &touched).await);
            entries += pushed.len();
            for (text, _) in pushed.into_values() {
                let kind = text.split(' ').nth(3).unwrap_or_default();
                *kinds.entry(kind.to_owned()).or_default() += 1;
            }
        }
        assert!(entries > 300, "{entries} entries in {signals} signals");
        for kind in ["message", "delivered", "conversation_read"] {
            assert!(
                kinds.get(kind).is_some_and(|count| *count > 20),
                "{kinds:?}"
            );
        }
        // Entries are not requested.
        projector.include_entries(false);
        let mut more = HistoryGenerator::with_events(seed, 9, 4_000);
        while more.log.len() < 4_100 {
            more.run_random_command();
        }
        projector
            .step(&more.log[generator.log.len()..])
            .await
            .unwrap();
        assert_eq!(
            projector
                .take_signal()
                .await
                .unwrap()
                .audience
                .and_then(|audience| audience.entries),
            None
        );
        database.close().await;
    }
}
