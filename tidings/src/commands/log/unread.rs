//! `tidings log unread`: unread counts over time.

use std::io::{Write as _, stdout};

use anyhow::Result;
use event_log::reader::LogReader;
use log_tools::export::to_csv_record;
use log_tools::output::LineOutput;
use log_tools::slice::check_conversation;
use projector::{UnreadHistory, UnreadRow};
use settings::{LogUnreadArgs, UnreadGroupingArg};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::progress::CommandProgress;

/// The columns, in the order of the table and of CSV.
const COLUMNS: [&str; 7] = [
    "from",
    "position",
    "unread",
    "quiet",
    "memberships",
    "user",
    "conversation_id",
];

/// Prints the counts while the log is read. A signal ends that early.
pub async fn run(pool: &PgPool, args: &LogUnreadArgs, stop: &CancellationToken) -> Result<()> {
    let reader = LogReader::new(pool.clone());
    if let Some(conversation) = &args.conversation {
        check_conversation(&reader, conversation).await?;
    }
    let mut history = UnreadHistory::start(&reader, args.to_options()).await?;
    let progress = CommandProgress::counting("events");
    let mut output = LineOutput::new(stdout());
    if !args.json && !output.write_line(&header(args)?)? {
        return Ok(());
    }
    while let Some(rows) = history.read_next().await? {
        progress.update_position(history.position(), history.last_position());
        for row in rows {
            let line = match (args.json, args.csv) {
                (true, _) => serde_json::to_vec(&row)?,
                (_, true) => to_csv_record(cells(row))?,
                (false, false) => to_text(&cells(row)),
            };
            if !output.write_line(&line)? {
                return Ok(());
            }
        }
        if stop.is_cancelled() {
            break;
        }
    }
    output.flush()?;
    Ok(())
}

/// The names of the columns. The table has only those of the two names that its rows have.
fn header(args: &LogUnreadArgs) -> Result<Vec<u8>> {
    let mut names = COLUMNS.map(str::to_owned);
    if args.csv {
        return to_csv_record(names);
    }
    let [.., user, conversation] = &mut names;
    if args.by != UnreadGroupingArg::User {
        user.clear();
    }
    if args.by != UnreadGroupingArg::Conversation {
        conversation.clear();
    }
    Ok(to_text(&names))
}

fn cells(row: UnreadRow) -> [String; 7] {
    [
        row.from.to_string(),
        row.position.to_string(),
        row.unread.to_string(),
        row.quiet.to_string(),
        row.memberships.to_string(),
        row.user.unwrap_or_default(),
        row.conversation_id.unwrap_or_default(),
    ]
}

/// A line of the table. Names come last, because their widths differ.
fn to_text(cells: &[String; 7]) -> Vec<u8> {
    let [
        from,
        position,
        unread,
        quiet,
        memberships,
        user,
        conversation,
    ] = cells;
    let mut line = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = write!(
        line,
        "{from:<24} {position:>10} {unread:>8} {quiet:>8} {memberships:>11}  {user}{conversation}"
    );
    line.truncate(line.trim_ascii_end().len());
    line
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use domain::time::Timestamp;

    use super::*;
    use settings::{Cli, CliCommand, LogCommand};

    #[test]
    fn the_header_names_the_columns_of_the_grouping() {
        let header = |by: &[&str]| {
            let words = [&["tidings", "log", "unread"], by].concat();
            let cli = Cli::try_parse_from(words).expect("valid");
            let CliCommand::Log(LogCommand::Unread(args)) = cli.command else {
                panic!("expected the command");
            };
            String::from_utf8(header(&args).expect("a header")).expect("text")
        };
        let names = |by: &[&str]| -> Vec<String> {
            header(by).split_whitespace().map(str::to_owned).collect()
        };
        let common = ["from", "position", "unread", "quiet", "memberships"];
        assert_eq!(names(&[]), common);
        for (by, last) in [("user", "user"), ("conversation", "conversation_id")] {
            let expected = [&common[..], &[last]].concat();
            assert_eq!(names(&["--by", by]), expected);
        }
        assert_eq!(header(&["--csv"]), COLUMNS.join(","));
    }

    #[test]
    fn a_record_of_csv_quotes_names_and_runs_nothing() {
        let row = UnreadRow {
            from: Timestamp::from_millis(0),
            position: 7,
            user: Some("=a,b".into()),
            conversation_id: None,
            unread: 3,
            quiet: 0,
            memberships: 2,
        };
        let line = String::from_utf8(to_csv_record(cells(row)).expect("a record")).expect("text");
        assert_eq!(line, "1970-01-01T00:00:00.000Z,7,3,0,2,\"'=a,b\",");
    }
}
