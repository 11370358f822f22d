//! The tables of cases match the state of the aggregates.

#![allow(clippy::unwrap_used)]

mod support;

use domain::envelope::Envelope;
use serde_json::Value;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold};

/// Id, whether it is open, the number of reports, the author and the target.
type CaseRow = (String, bool, i64, Option<String>, String);

#[tokio::test]
async fn cases_match_the_aggregates_and_their_acts_are_their_events() {
    let generator = HistoryGenerator::with_events(71, 6, 3_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 37).await;
    let rows: Vec<CaseRow> = sqlx::query_as(
        "SELECT x.id, x.is_open, x.reports, x.author, x.target FROM read.cases x ORDER BY x.id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let events = |id: &str| -> Vec<&Envelope> {
        let log = generator.log.iter();
        log.filter(|event| event.aggregate_id == id).collect()
    };
    let expected: Vec<_> = generator
        .cases
        .iter()
        .map(|(id, state)| {
            let reports = events(id.as_str()).into_iter();
            let reports = reports.filter(|event| event.event_type == "report_filed");
            (
                id.to_string(),
                state.is_open(),
                reports.count() as i64,
                state.author().map(ToString::to_string),
                serde_json::to_string(state.target().unwrap()).unwrap(),
            )
        })
        .collect();
    assert_eq!(rows, expected);
    assert!(rows.len() > 15, "{rows:?}");
    for (id, ..) in &rows {
        let acts: Vec<(i64, String, Option<String>, String)> = sqlx::query_as(
            "SELECT a.position, a.type, a.note, a.data FROM read.case_acts a WHERE a.case_id = $1 ORDER BY a.position",
        )
        .bind(id)
        .fetch_all(&database.pool)
        .await
        .unwrap();
        let acts = acts.into_iter().map(|(position, event_type, note, data)| {
            let mut data: Value = serde_json::from_str(&data).unwrap();
            if let Some(note) = note {
                data["note"] = note.into();
            }
            (position, event_type, data)
        });
        let expected: Vec<_> = events(id)
            .into_iter()
            .map(|event| {
                let mut data: Value = serde_json::from_str(event.data.get()).unwrap();
                if is_note_erased(&generator, event, &data) {
                    data.as_object_mut().unwrap().remove("note");
                }
                (event.position, event.event_type.clone(), data)
            })
            .collect();
        assert_eq!(acts.collect::<Vec<_>>(), expected);
    }
    database.close().await;
}

/// Whether the author of the event had their notes erased after it.
fn is_note_erased(generator: &HistoryGenerator, event: &Envelope, data: &Value) -> bool {
    let author = data.get("reporter").or_else(|| data.get("by"));
    generator.log.iter().any(|later| {
        later.event_type == "notes_erased"
            && later.position > event.position
            && author.is_some_and(|author| *author == later.aggregate_id)
    })
}
