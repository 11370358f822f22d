//! Collects the stages of a message: stored, mirrored, projected, indexed, sealed, erased.

use anyhow::Result;
use domain::envelope::Envelope;
use domain::hex::to_hex;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use log_integrity::erasure::ledger;
use log_integrity::seal::store;
use serde::Deserialize;
use sqlx::PgPool;

use super::followers::{trace_index, trace_mirror};
use super::sources::TraceSources;
use super::stage::{ProjectedMessage, TraceStage};

/// Collects all stages of the message that this event sent. Also returns the position of the read
/// model.
pub(super) async fn collect(
    sources: &TraceSources<'_>,
    reader: &LogReader,
    sent: &Envelope,
    seq: i64,
) -> Result<(i64, Vec<TraceStage>)> {
    let projected = load_projected(sources.pool, sent, seq).await?;
    let mut stages = vec![
        describe_stored(reader, sent).await?,
        trace_mirror(sources, sent.position).await,
        describe_projected(&projected, sent.position),
        trace_index(sources.index_dir, &projected, sent.position, seq).await?,
        trace_seal(sources.pool, sent.position).await?,
    ];
    if let Some(erasure) = ledger::load_event_erasure(sources.pool, sent.position).await? {
        let gone = if erasure.is_gone_from_stream {
            "and of the stream"
        } else {
            "but not yet of the stream"
        };
        stages.push(TraceStage {
            stage: "erased",
            state: "done",
            at: reader.event_time(erasure.by).await?,
            position: Some(erasure.by),
            detail: format!(
                "The event at position {} erased its content, which is out of the log {gone}.",
                erasure.by
            ),
        });
    }
    Ok((projected.checkpoint, stages))
}

async fn describe_stored(reader: &LogReader, sent: &Envelope) -> Result<TraceStage> {
    #[derive(Deserialize)]
    struct SentData {
        sent_at: Option<Timestamp>,
    }
    let data: Option<SentData> = serde_json::from_str(sent.data.get()).ok();
    let sent_at = data.and_then(|data| data.sent_at);
    let imported = match sent_at {
        Some(at) if at.millis() < sent.time.millis() - 1_000 => {
            format!(" It was sent at {at}, and appended later.")
        }
        _ => String::new(),
    };
    let head = reader.head().await?.position;
    let epoch = sent
        .tag
        .map_or_else(String::new, |tag| format!(", in the epoch {tag}"));
    Ok(TraceStage {
        stage: "stored",
        state: "done",
        at: Some(sent.time),
        position: Some(head),
        detail: format!(
            "The commit gave it position {}{epoch}; it is event {} of its conversation.{imported}",
            sent.position, sent.sequence
        ),
    })
}

async fn load_projected(
    pool: &PgPool,
    sent: &Envelope,
    seq: i64,
) -> Result<ProjectedMessage, sqlx::Error> {
    sqlx::query_as(
        "SELECT k.position AS checkpoint, k.numbering, c.id AS conversation,
                g.seq IS NOT NULL AS has_message,
                coalesce(NOT g.recalled AND g.type <> 'control', false) AS is_searchable,
                p.reason AS parked_reason
         FROM read.checkpoint k
         LEFT JOIN read.conversations c ON c.name = $1
         LEFT JOIN read.messages g ON g.conversation = c.id AND g.seq = $2
         LEFT JOIN read.parked p ON p.position = $3",
    )
    .bind(&sent.aggregate_id)
    .bind(seq)
    .bind(sent.position)
    .fetch_one(pool)
    .await
}

fn describe_projected(projected: &ProjectedMessage, position: i64) -> TraceStage {
    let checkpoint = projected.checkpoint;
    let (state, detail) = if let Some(reason) = &projected.parked_reason {
        (
            "parked",
            format!("The projector parked the event: {reason}."),
        )
    } else if checkpoint < position {
        let detail = format!("The read model has reached position {checkpoint}.");
        ("pending", detail)
    } else if projected.has_message {
        let detail = "The read model has the message. The time of that is not stored.";
        ("done", detail.to_owned())
    } else {
        let detail = "The read model has passed the position without the message: run \
                      `tidings verify`.";
        ("absent", detail.to_owned())
    };
    TraceStage {
        stage: "projected",
        state,
        at: None,
        position: Some(checkpoint),
        detail,
    }
}

async fn trace_seal(pool: &PgPool, position: i64) -> Result<TraceStage> {
    let seal = store::load_covering(pool, position).await?;
    let last = store::load_last(pool).await?.map_or(0, |seal| seal.last);
    let (state, at, detail) = match seal {
        Some(seal) => {
            let detail = format!(
                "Seal {} covers positions {} to {}, signed by {}.",
                seal.number,
                seal.first,
                seal.last,
                to_hex(&seal.public_key)
            );
            ("done", Some(seal.sealed_at), detail)
        }
        None => (
            "pending",
            None,
            format!("The log is sealed up to position {last}."),
        ),
    };
    Ok(TraceStage {
        stage: "sealed",
        state,
        at,
        position: Some(last),
        detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn projected() -> ProjectedMessage {
        ProjectedMessage {
            checkpoint: 20,
            numbering: 1,
            conversation: Some(1),
            has_message: true,
            is_searchable: true,
            parked_reason: None,
        }
    }

    #[test]
    fn a_projected_message_says_that_its_time_is_not_stored() {
        let stage = describe_projected(&projected(), 20);
        assert_eq!(
            (stage.state, stage.at, stage.position),
            ("done", None, Some(20))
        );
        assert!(stage.detail.contains("not stored"), "{}", stage.detail);
    }

    #[test]
    fn a_message_that_is_not_projected_says_why() {
        assert_eq!(describe_projected(&projected(), 21).state, "pending");
        let missing = ProjectedMessage {
            has_message: false,
            ..projected()
        };
        assert_eq!(describe_projected(&missing, 20).state, "absent");
        let parked = ProjectedMessage {
            parked_reason: Some("unknown type".into()),
            ..missing
        };
        let stage = describe_projected(&parked, 20);
        assert_eq!(stage.state, "parked");
        assert!(stage.detail.contains("unknown type"), "{}", stage.detail);
    }
}
