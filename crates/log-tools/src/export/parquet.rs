//! Writes events as Parquet with typed columns, compressed with Snappy, which every Parquet reader
//! supports.

use std::sync::Arc;

use anyhow::Result;
use domain::envelope::Envelope;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::columns::{COLUMNS, Cell, ColumnType, event_cells};
use super::writer::{HashedFile, PartWriter};

/// A writer of Parquet files. It buffers the events until the file is finished.
pub struct ParquetWriter {
    file: HashedFile,
    columns: Vec<ColumnValues>,
}

/// The values of a column, with the definition levels that mark which events have a value.
struct ColumnValues {
    definition_levels: Vec<i16>,
    numbers: Vec<i64>,
    flags: Vec<bool>,
    texts: Vec<ByteArray>,
}

impl ParquetWriter {
    /// Creates a writer.
    pub fn new(file: HashedFile) -> Self {
        let empty = || ColumnValues {
            definition_levels: Vec::new(),
            numbers: Vec::new(),
            flags: Vec::new(),
            texts: Vec::new(),
        };
        Self {
            file,
            columns: COLUMNS.iter().map(|_| empty()).collect(),
        }
    }
}

impl PartWriter for ParquetWriter {
    fn write_event(&mut self, event: &Envelope) -> Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(event_cells(event)) {
            column.definition_levels.push(i16::from(cell.is_some()));
            match cell {
                None => {}
                Some(Cell::Number(number)) => column.numbers.push(number),
                Some(Cell::Time(time)) => column.numbers.push(time.millis()),
                Some(Cell::Flag(flag)) => column.flags.push(flag),
                Some(Cell::Text(text)) => column.texts.push(text.into_bytes().into()),
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<HashedFile> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("tidings ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let mut writer = SerializedFileWriter::new(self.file, schema()?, Arc::new(properties))?;
        let mut group = writer.next_row_group()?;
        for (column, values) in COLUMNS.iter().zip(&self.columns) {
            if let Some(mut out) = group.next_column()? {
                write_column(&mut out, column.kind, values)?;
                out.close()?;
            }
        }
        group.close()?;
        Ok(writer.into_inner()?)
    }
}

fn write_column(
    out: &mut SerializedColumnWriter<'_>,
    kind: ColumnType,
    values: &ColumnValues,
) -> Result<()> {
    let is_there = Some(values.definition_levels.as_slice());
    match kind {
        ColumnType::Number | ColumnType::Time => {
            out.typed::<Int64Type>()
                .write_batch(&values.numbers, is_there, None)?;
        }
        ColumnType::Flag => {
            out.typed::<BoolType>()
                .write_batch(&values.flags, is_there, None)?;
        }
        ColumnType::Text => {
            out.typed::<ByteArrayType>()
                .write_batch(&values.texts, is_there, None)?;
        }
    }
    Ok(())
}

fn schema() -> Result<TypePtr> {
    let fields = COLUMNS.iter().map(|column| {
        let (physical, logical) = match column.kind {
            ColumnType::Number => (Physical::INT64, None),
            ColumnType::Flag => (Physical::BOOLEAN, None),
            ColumnType::Time => (
                Physical::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
            ),
            ColumnType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        Ok(Arc::new(field))
    });
    let fields = fields.collect::<Result<Vec<TypePtr>>>()?;
    let schema = Type::group_type_builder("event")
        .with_fields(fields)
        .build()?;
    Ok(Arc::new(schema))
}
