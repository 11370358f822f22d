//! Runs SQL and prints the rows, for machines without the program psql.
//!
//! The statements go to Postgres as text, and the values come back as text, so every type works.

use std::io::Write;

use anyhow::{Result, anyhow};
use futures::TryStreamExt as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Column as _, Either, Row as _, ValueRef as _};
use unicode_width::UnicodeWidthStr as _;

use crate::export::is_formula;

/// The number of rows that decide how wide the columns of a table are.
const MEASURED_ROWS: usize = 1_000;

/// The widest column. Longer values push what follows to the right.
const MAX_WIDTH: usize = 60;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// Columns with a header, aligned.
    Table,
    /// Comma-separated values with a header line. Texts that a spreadsheet would run begin with an
    /// apostrophe.
    Csv,
}

/// Runs the statements and prints the rows of each to `out`.
pub async fn print_rows(
    connection: &mut PgConnection,
    sql: &str,
    format: RowFormat,
    out: &mut (impl Write + Send),
) -> Result<()> {
    let mut results = sqlx::raw_sql(sql).fetch_many(connection);
    let mut printer = RowPrinter::new(format);
    loop {
        match results.try_next().await.map_err(describe)? {
            Some(Either::Right(row)) => printer.print(&row, out)?,
            Some(Either::Left(_)) => printer.finish(out)?,
            None => break,
        }
    }
    out.flush()?;
    Ok(())
}

/// What Postgres says, without what sqlx adds.
fn describe(error: sqlx::Error) -> anyhow::Error {
    match error {
        sqlx::Error::Database(error) => anyhow!("{}", error.message()),
        error => error.into(),
    }
}

/// Prints the rows of one statement after the other.
struct RowPrinter {
    format: RowFormat,
    /// The lines of a table whose widths are not known yet, with the header first.
    pending: Vec<Vec<String>>,
    /// The widths, once they are known.
    widths: Vec<usize>,
    rows: u64,
}

impl RowPrinter {
    fn new(format: RowFormat) -> Self {
        Self {
            format,
            pending: Vec::new(),
            widths: Vec::new(),
            rows: 0,
        }
    }

    fn print(&mut self, row: &PgRow, out: &mut impl Write) -> Result<()> {
        let values = read_values(row)?;
        if self.rows == 0 {
            let names = row.columns().iter().map(|column| column.name().to_owned());
            self.print_line(names.collect(), out)?;
        }
        self.rows += 1;
        self.print_line(values, out)
    }

    fn print_line(&mut self, values: Vec<String>, out: &mut impl Write) -> Result<()> {
        match self.format {
            RowFormat::Csv => write_csv(&values, out),
            RowFormat::Table if !self.widths.is_empty() => self.write_aligned(&values, out),
            RowFormat::Table => {
                self.pending.push(values);
                if self.pending.len() > MEASURED_ROWS {
                    self.flush_pending(out)?;
                }
                Ok(())
            }
        }
    }

    /// Prints what waited for the widths: the header, a line, and the rows.
    fn flush_pending(&mut self, out: &mut impl Write) -> Result<()> {
        let lines = std::mem::take(&mut self.pending);
        let columns = lines.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let widths = lines.iter().map(|line| line[column].width());
            widths.max().unwrap_or_default().min(MAX_WIDTH)
        };
        self.widths = (0..columns).map(width).collect();
        for (number, line) in lines.iter().enumerate() {
            self.write_aligned(line, out)?;
            if number == 0 {
                let rule: Vec<String> =
                    self.widths.iter().map(|width| "-".repeat(*width)).collect();
                self.write_aligned(&rule, out)?;
            }
        }
        Ok(())
    }

    fn write_aligned(&self, values: &[String], out: &mut impl Write) -> Result<()> {
        let mut line = String::new();
        for (value, width) in values.iter().zip(&self.widths) {
            let padding = width.saturating_sub(value.width());
            line.push_str(value);
            line.extend(std::iter::repeat_n(' ', padding + 2));
        }
        writeln!(out, "{}", line.trim_end())?;
        Ok(())
    }

    /// Ends the rows of a statement. A statement without rows has none in a CSV file either.
    fn finish(&mut self, out: &mut impl Write) -> Result<()> {
        self.flush_pending(out)?;
        if self.format == RowFormat::Table {
            let plural = if self.rows == 1 { "" } else { "s" };
            writeln!(out, "({} row{plural})", self.rows)?;
        }
        *self = Self::new(self.format);
        Ok(())
    }
}

/// The values of a row. Control characters become spaces, so that no text controls a terminal or
/// breaks a line.
fn read_values(row: &PgRow) -> Result<Vec<String>> {
    let read = |column: usize| -> Result<String> {
        let value = row.try_get_raw(column)?;
        if value.is_null() {
            return Ok(String::new());
        }
        let text = value.as_str().map_err(|error| anyhow!(error))?;
        Ok(text.replace(char::is_control, " "))
    };
    (0..row.len()).map(read).collect()
}

fn write_csv(values: &[String], out: &mut impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(values.iter().map(|value| {
        if is_formula(value) && value.parse::<f64>().is_err() {
            format!("'{value}")
        } else {
            value.clone()
        }
    }))?;
    let line = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    out.write_all(&line)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print_lines(format: RowFormat, lines: &[&[&str]]) -> String {
        let mut printer = RowPrinter::new(format);
        let mut out = Vec::new();
        for line in lines {
            let values = line.iter().map(ToString::to_string).collect();
            printer.print_line(values, &mut out).expect("printed");
        }
        printer.rows = lines.len() as u64 - 1;
        printer.finish(&mut out).expect("printed");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn tables_are_aligned_by_what_a_terminal_shows() {
        let table = print_lines(
            RowFormat::Table,
            &[&["sender", "messages"], &["ann", "12"], &["日本", "3"]],
        );
        assert_eq!(
            table,
            "sender  messages\n------  --------\nann     12\n日本    3\n(2 rows)\n"
        );
    }

    #[test]
    fn csv_quotes_commas_and_disarms_formulas_but_not_numbers() {
        let csv = print_lines(
            RowFormat::Csv,
            &[&["a", "b"], &["x,y", "=1+1"], &["-5", ""]],
        );
        assert_eq!(csv, "a,b\n\"x,y\",'=1+1\n-5,\n");
    }
}
