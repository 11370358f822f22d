//! Loads an export into a new system: positions, times, ids of events, sequences and data stay as
//! they were, and with them the identity of the log and its seals.
//!
//! Only a complete export from the beginning of the log can be loaded. Positions are 1, 2, 3, ...
//! without a gap, and the events of a conversation or mailbox fold only from the first one on. An
//! export of a later range, or of selected events, lacks what its events build on, and no base that
//! somebody states can replace that. [`check_is_loadable`] says what is missing.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use data_dir::UsageError;
use domain::envelope::Envelope;
use domain::hex::to_hex;
use domain::history::{CursorReference, Epoch, EpochTag, History};
use log_integrity::erasure::redaction;
use log_integrity::load::LogLoader;
use log_integrity::seal::{Seal, store};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::backup::find_content;
use crate::export::ExportReader;
use crate::verify::VerifySummary;

/// The number of events per statement.
const PAGE_SIZE: usize = 5_000;

/// The maximum number of conversations and mailboxes that an error names.
const MAX_NAMED_SOURCES: usize = 3;

/// What was loaded.
#[derive(Debug, Clone)]
pub struct LoadSummary {
    /// The number of events.
    pub events: u64,
    /// The number of conversations and mailboxes.
    pub streams: usize,
    /// The id of the log.
    pub log_id: String,
    /// The cursor of the last event.
    pub cursor: CursorReference,
    /// The number of seals.
    pub seals: u64,
    /// The public keys that signed them.
    pub public_keys: Vec<[u8; 32]>,
}

impl LoadSummary {
    /// The summary as one JSON object, with that of the verification that followed.
    pub fn to_json(&self, verified: &VerifySummary) -> Value {
        let keys: Vec<String> = self.public_keys.iter().map(|key| to_hex(key)).collect();
        json!({
            "events": self.events, "streams": self.streams, "log_id": self.log_id,
            "position": self.cursor.position, "cursor": self.cursor, "seals": self.seals,
            "public_keys": keys, "log": verified.to_json(),
        })
    }
}

/// Returns a [`UsageError`] that says what the export lacks, if it cannot be loaded.
pub fn check_is_loadable(export: &ExportReader, dir: &Path) -> Result<()> {
    let dir = dir.display();
    let advice = format!(
        "Export all events up to the one you need: `tidings log export NEW-DIR --up-to {}`.",
        export.complete_to()
    );
    if export.is_filtered() {
        let text = format!(
            "the export in {dir} has only selected events: a log has positions without a gap, and \
             conversations and mailboxes with all of their events. {advice}"
        );
        return Err(UsageError(text).into());
    }
    if export.after() > 0 {
        let text = format!(
            "the export in {dir} begins after position {}: {} {advice}",
            export.after(),
            describe_missing_streams(export)?
        );
        return Err(UsageError(text).into());
    }
    if export.event_count() == 0 {
        return Err(UsageError(format!("the export in {dir} has no events")).into());
    }
    Ok(())
}

/// Says which conversations and mailboxes began before the export.
fn describe_missing_streams(export: &ExportReader) -> Result<String> {
    let mut sources: HashSet<String> = HashSet::new();
    let mut cut_off = Vec::new();
    for event in export.events() {
        let event = event?;
        let source = event.source();
        let is_first = sources.insert(source.clone());
        if is_first && event.sequence > 1 {
            cut_off.push(format!("{source} from its event {} on", event.sequence));
        }
    }
    let count = cut_off.len();
    cut_off.truncate(MAX_NAMED_SOURCES);
    Ok(match count {
        0 => "positions of a log begin with 1.".to_owned(),
        _ => format!(
            "of its {} conversations and mailboxes, {count} began earlier ({}), so that their \
             events cannot be folded.",
            sources.len(),
            cut_off.join(", ")
        ),
    })
}

/// Returns a [`UsageError`] if the database has content: two systems are never mixed.
pub async fn check_is_new(pool: &PgPool) -> Result<()> {
    let Some(table) = find_content(&mut *pool.acquire().await?).await? else {
        return Ok(());
    };
    let text = format!("the database is not empty: {table} has rows; load into a new system");
    Err(UsageError(text).into())
}

/// Loads the export into the database, which must be migrated and new. If anything fails, it stays
/// empty. Calls `on_progress` with the number of events done and their total.
pub async fn load_export(
    pool: &PgPool,
    export: &ExportReader,
    with_seals: bool,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<LoadSummary> {
    check_is_new(pool).await?;
    export.check_files()?;
    let log_id: Uuid = export
        .log_id()
        .parse()
        .context("the manifest has no valid log_id")?;
    let exported_history = export.history()?;
    let mut transaction = pool.begin().await?;
    let mut loader = LogLoader::begin(&mut transaction).await?;
    let mut tags = TagHistory::default();
    let mut page: Vec<Envelope> = Vec::with_capacity(PAGE_SIZE);
    for event in export.events() {
        let event = event?;
        tags.observe(&event);
        page.push(event);
        if page.len() == PAGE_SIZE {
            loader.load(&page).await?;
            page.clear();
            on_progress(loader.position().unsigned_abs(), export.event_count());
        }
    }
    loader.load(&page).await?;
    let (position, streams) = (loader.position(), loader.stream_count());
    let history = exported_history.or_else(|| tags.into_history()).context(
        "the export does not say which history its positions belong to, because an older \
             release made it: export again, or as jsonl",
    )?;
    check_end(export, &history, position)?;
    let mut seals = LoadedSeals::default();
    if let Some(file) = export.seals_file().filter(|_| with_seals) {
        seals = load_seals(&mut loader, &file).await?;
    }
    loader.finish(log_id, &history).await?;
    transaction.commit().await?;
    // An export contains what was erased after its files were written, but also the erasure.
    while redaction::redact_next(pool).await? {}
    on_progress(export.event_count(), export.event_count());
    Ok(LoadSummary {
        events: position.unsigned_abs(),
        streams,
        log_id: log_id.to_string(),
        cursor: history.cursor_at(position).into(),
        seals: seals.count,
        public_keys: seals.public_keys,
    })
}

/// Checks that the events end where the manifest says.
fn check_end(export: &ExportReader, history: &History, position: i64) -> Result<()> {
    let expected = export.cursor();
    if expected.position != position || !history.contains(expected) {
        bail!(
            "the export is damaged: its events end at {}, but its manifest says {expected}",
            history.cursor_at(position)
        );
    }
    Ok(())
}

/// The epochs that the ids of events name.
#[derive(Debug, Default)]
struct TagHistory {
    epochs: Vec<Epoch>,
    /// Whether an event had no tag.
    is_incomplete: bool,
}

impl TagHistory {
    fn observe(&mut self, event: &Envelope) {
        let Some(tag) = event.tag else {
            self.is_incomplete = true;
            return;
        };
        let newest: Option<EpochTag> = self.epochs.last().map(|epoch| epoch.tag);
        if newest != Some(tag) {
            let after = event.position - 1;
            self.epochs.push(Epoch { after, tag });
        }
    }

    fn into_history(self) -> Option<History> {
        if self.is_incomplete {
            return None;
        }
        History::from_epochs(self.epochs)
    }
}

/// The seals of a loaded log.
#[derive(Debug, Default)]
struct LoadedSeals {
    count: u64,
    public_keys: Vec<[u8; 32]>,
}

/// Inserts the seals of the events that have been loaded.
async fn load_seals(loader: &mut LogLoader<'_>, file: &Path) -> Result<LoadedSeals> {
    let lines = File::open(file).with_context(|| file.display().to_string())?;
    let last = loader.position();
    let mut result = LoadedSeals::default();
    for line in BufReader::new(lines).lines() {
        let seal: Seal = serde_json::from_str(&line?)
            .with_context(|| format!("cannot parse a seal in {}", file.display()))?;
        if seal.last > last {
            break;
        }
        store::insert(loader.connection(), &seal)
            .await
            .with_context(|| format!("cannot insert seal {}", seal.number))?;
        result.count += 1;
        if let Ok(key) = <[u8; 32]>::try_from(seal.public_key.as_slice())
            && !result.public_keys.contains(&key)
        {
            result.public_keys.push(key);
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use domain::envelope::AggregateKind;
    use domain::time::Timestamp;
    use serde_json::value::to_raw_value;

    use super::*;

    fn event(position: i64, tag: Option<u32>) -> Envelope {
        Envelope {
            position,
            tag: tag.map(EpochTag::from_bits),
            aggregate: AggregateKind::Mailbox,
            aggregate_id: "ann".to_owned(),
            sequence: position,
            event_type: "user_blocked".to_owned(),
            version: 1,
            time: Timestamp::from_millis(0),
            actor: None,
            traceparent: None,
            data: to_raw_value(&()).expect("is JSON"),
        }
    }

    #[test]
    fn the_ids_of_events_name_the_epochs() {
        let mut tags = TagHistory::default();
        for (position, tag) in [(1, 7), (2, 7), (3, 9)] {
            tags.observe(&event(position, Some(tag)));
        }
        let history = tags.into_history().expect("a history");
        let epochs: Vec<(i64, u32)> = history
            .epochs()
            .iter()
            .map(|epoch| (epoch.after, epoch.tag.to_bits()))
            .collect();
        assert_eq!(epochs, [(0, 7), (2, 9)]);
    }

    #[test]
    fn events_without_tags_name_no_history() {
        let mut tags = TagHistory::default();
        tags.observe(&event(1, Some(7)));
        tags.observe(&event(2, None));
        assert_eq!(tags.into_history(), None);
    }
}
