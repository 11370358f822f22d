//! `tidings verify`: compares the read models, or the search index, with a fresh rebuild, or the
//! store of files with the log, and changes nothing.

use anyhow::{Result, bail};
use data_dir::{OperatorDatabase, inflect, with_migrated_database};
use files_api::verify::FilesReport;
use projector::{ReadModelComparison, RebuildProgress};
use settings::{SystemConfig, VerifyArgs};

use super::comparison;
use crate::output::{OutputError, outln};
use crate::progress::CommandProgress;

/// Compares, and prints the result. Returns an error if there is a difference.
pub async fn run(config: &SystemConfig, args: &VerifyArgs) -> Result<()> {
    if args.files {
        verify_files(config, args).await
    } else if args.search {
        verify_search(config, args).await
    } else {
        verify_read_models(config, args).await
    }
}

async fn verify_read_models(config: &SystemConfig, args: &VerifyArgs) -> Result<()> {
    let batch = usize::try_from(args.batch)?;
    let comparison = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let progress = CommandProgress::counting("events");
            let on_progress = |done: RebuildProgress| {
                progress.update_position(done.position, done.head);
            };
            let (pool, projector) = (database.pool.clone(), config.projector_config());
            Ok(projector::verify(pool, projector, batch, on_progress).await?)
        },
    );
    let comparison = comparison.await?;
    let printed = if args.json {
        outln!("{}", comparison.to_json())
    } else {
        print_tables(&comparison)
    };
    if comparison.is_equal() {
        return Ok(printed?);
    }
    bail!("the read models differ from the log; repair them with `tidings rebuild`")
}

fn print_tables(comparison: &ReadModelComparison) -> Result<(), OutputError> {
    let names = comparison.served.iter().map(|served| served.table.len());
    let width = names.max().unwrap_or(0);
    for (served, rebuilt) in comparison.served.iter().zip(&comparison.rebuilt) {
        let verdict = if served == rebuilt {
            "equal"
        } else {
            "differs"
        };
        outln!(
            "{:<width$} {:>10} {:<4}  {}  {verdict}",
            served.table,
            served.rows,
            inflect("row", &served.rows),
            served.digest
        )?;
    }
    comparison::print_row_differences(&comparison.differences)
}

async fn verify_search(config: &SystemConfig, args: &VerifyArgs) -> Result<()> {
    let comparison = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let progress = CommandProgress::counting("messages");
            let on_progress = |messages, total| progress.update(messages, total);
            let (pool, index_dir) = (database.pool.clone(), config.index_dir());
            Ok(projector::index::verify_index(pool, index_dir, on_progress).await?)
        },
    );
    let comparison = comparison.await?;
    let printed = if args.json {
        outln!("{}", comparison.to_json())
    } else {
        comparison::print_index_comparison(&comparison)
    };
    if comparison.is_equal() {
        return Ok(printed?);
    }
    bail!("the index differs from the messages; repair it with `tidings rebuild search`")
}

async fn verify_files(config: &SystemConfig, args: &VerifyArgs) -> Result<()> {
    let store = config.files.open(&config.data)?;
    let report = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            files_api::verify::compare(&store, &database.pool).await
        },
    );
    let report = report.await?;
    let printed = if args.json {
        outln!("{}", report.to_json())
    } else {
        print_files(&report)
    };
    if report.is_equal() {
        return Ok(printed?);
    }
    bail!(
        "the store of files differs from the log: restore missing and damaged files from a backup; \
         orphaned ones are removed by the running system within hours"
    )
}

fn print_files(report: &FilesReport) -> Result<(), OutputError> {
    let files = report.files;
    outln!(
        "{files} {} with {} bytes must be there",
        inflect("file", &files),
        report.bytes
    )?;
    for (kind, name) in report.deviations() {
        outln!("{kind:<8}  {name}")?;
    }
    Ok(())
}
