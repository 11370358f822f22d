//! Reads complete events back from Parquet files that an export has written.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use domain::envelope::{AggregateKind, Envelope};
use domain::time::Timestamp;
use parquet::file::reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use serde_json::value::RawValue;

/// The columns that make up an event, besides [`ACTOR_COLUMN`]. All others repeat what is in
/// `data`.
const EVENT_COLUMNS: [&str; 8] = [
    "position",
    "time",
    "type",
    "version",
    "aggregate",
    "aggregate_id",
    "sequence",
    "data",
];

/// Exports of older releases do not have these.
const ACTOR_COLUMN: &str = "actor";
const TRACEPARENT_COLUMN: &str = "traceparent";

/// The events of a file. Their tags are not in it.
pub(super) fn read_file(path: &Path) -> Box<dyn Iterator<Item = Result<Envelope>>> {
    let place = path.display().to_string();
    match open(path).with_context(|| place.clone()) {
        Err(error) => Box::new(std::iter::once(Err(error))),
        Ok(rows) => Box::new(rows.zip(1..).map(move |(row, number)| {
            let context = || format!("cannot read {place} row {number}");
            parse_event(&row.with_context(context)?).with_context(context)
        })),
    }
}

fn open(path: &Path) -> Result<RowIter<'static>> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let schema = parquet::file::reader::FileReader::metadata(&reader)
        .file_metadata()
        .schema()
        .clone();
    let is_found = |name: &&str| {
        schema
            .get_fields()
            .iter()
            .any(|field| field.name() == *name)
    };
    if !EVENT_COLUMNS.iter().all(is_found) {
        bail!("expected the columns {}", EVENT_COLUMNS.join(", "));
    }
    let is_read = |name: &str| {
        EVENT_COLUMNS.contains(&name) || [ACTOR_COLUMN, TRACEPARENT_COLUMN].contains(&name)
    };
    let fields: Vec<_> = schema
        .get_fields()
        .iter()
        .filter(|field| is_read(field.name()))
        .map(Arc::clone)
        .collect();
    let projection = Type::group_type_builder(schema.name())
        .with_fields(fields)
        .build()?;
    Ok(RowIter::from_file_into(Box::new(reader)).project(Some(projection))?)
}

fn parse_event(row: &Row) -> Result<Envelope> {
    let field = |name: &str| {
        let mut columns = row.get_column_iter();
        let found = columns.find(|(column, _)| column.as_str() == name);
        found.map(|(_, field)| field)
    };
    let number = |name: &str| match field(name) {
        Some(Field::Long(number) | Field::TimestampMillis(number)) => Ok(*number),
        other => bail!("expected a number in the column {name}, found {other:?}"),
    };
    let text = |name: &str| match field(name) {
        Some(Field::Str(text)) => Ok(text.clone()),
        other => bail!("expected text in the column {name}, found {other:?}"),
    };
    let optional_text = |name: &str| match field(name) {
        None | Some(Field::Null) => Ok(None),
        Some(_) => text(name).map(Some),
    };
    let aggregate = text("aggregate")?;
    Ok(Envelope {
        position: number("position")?,
        tag: None,
        aggregate: AggregateKind::parse(&aggregate)
            .with_context(|| format!("unknown aggregate {aggregate:?}"))?,
        aggregate_id: text("aggregate_id")?,
        sequence: number("sequence")?,
        event_type: text("type")?,
        version: i16::try_from(number("version")?)?,
        time: Timestamp::from_millis(number("time")?),
        actor: optional_text(ACTOR_COLUMN)?,
        traceparent: optional_text(TRACEPARENT_COLUMN)?,
        data: RawValue::from_string(text("data")?)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::super::parquet::ParquetWriter;
    use super::super::writer::{HashedFile, PartWriter as _};
    use super::*;

    #[test]
    fn events_are_read_back_as_they_were_written() {
        let path = std::env::temp_dir().join(format!("tidings-{}.parquet", std::process::id()));
        let event = |position, aggregate, id: &str, data| Envelope {
            position,
            tag: None,
            aggregate,
            aggregate_id: id.to_owned(),
            sequence: 4,
            event_type: "message_sent".to_owned(),
            version: 2,
            time: Timestamp::from_millis(1_700_000_000_123),
            actor: (position == 8).then(|| "root".to_owned()),
            traceparent: (position == 7).then(|| "00-a-b-01".to_owned()),
            data: to_raw_value(&data).expect("is JSON"),
        };
        let written = [
            event(
                7,
                AggregateKind::Conversation,
                "room",
                json!({ "seq": 1, "body": { "text": "\u{0}\n\u{1f44d}" } }),
            ),
            event(
                8,
                AggregateKind::Mailbox,
                "ana maria",
                json!({ "device": "phone" }),
            ),
        ];
        let mut writer = ParquetWriter::new(HashedFile::new(File::create(&path).expect("a file")));
        for event in &written {
            writer.write_event(event).expect("written");
        }
        let mut file = Box::new(writer).finish().expect("finished");
        std::io::Write::flush(&mut file).expect("flushed");
        let read: Vec<Envelope> = read_file(&path).collect::<Result<_>>().expect("readable");
        std::fs::remove_file(&path).expect("removed");
        let to_json = |event: &Envelope| event.to_json().expect("is JSON");
        let lines: Vec<Vec<u8>> = read.iter().map(to_json).collect();
        assert_eq!(lines, written.iter().map(to_json).collect::<Vec<_>>());
    }
}
