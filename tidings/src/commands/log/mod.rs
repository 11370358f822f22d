//! `tidings log`: commands that read, export, verify and replay the event log.

mod load;
mod unread;
mod verify;

pub use verify::UntrustedSealsError;

use std::io::stdout;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, UsageError, format_count, seal_key, with_migrated_database};
use domain::hex::to_hex;
use event_log::reader::LogReader;
use log_integrity::seal::sealer::{Sealer, SealerConfig};
use log_integrity::seal::store;
use log_tools::export::{ExportOptions, export_log};
use log_tools::output::LineOutput;
use log_tools::replay::{self, ReplayOptions};
use log_tools::slice::{EventSelection, check_conversation};
use log_tools::stats;
use log_tools::tail::{TailOptions, write_tail};
use serde_json::{Value, json};
use service::signals;
use settings::{
    EventFilterArgs, LogCommand, LogExportArgs, LogReplayArgs, LogStatsArgs, LogTailArgs,
    SystemConfig,
};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::output::outln;
use crate::progress::CommandProgress;

/// Runs the command. A signal stops it gracefully.
pub async fn run(config: &SystemConfig, command: LogCommand) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    if let LogCommand::Verify(args) = &command
        && let Some(dir) = &args.export
    {
        return verify::verify_directory(config, args, dir);
    }
    if matches!(command, LogCommand::Key) {
        return print_public_key(config);
    }
    if let LogCommand::Load(args) = &command {
        return load::run(config, args, &stop).await;
    }
    with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let pool = &database.pool;
            match &command {
                LogCommand::Tail(args) => tail(pool, args, &stop).await,
                LogCommand::Show { position } => show(pool, *position).await,
                LogCommand::Export(args) => export(pool, args, &stop).await,
                LogCommand::Stats(args) => print_stats(pool, args, &stop).await,
                LogCommand::Unread(args) => unread::run(pool, args, &stop).await,
                LogCommand::Load(args) => load::run(config, args, &stop).await,
                LogCommand::Verify(args) => verify::run(config, pool, args, &stop).await,
                LogCommand::Seal => seal(config, pool).await,
                LogCommand::Key => print_public_key(config),
                LogCommand::Replay(args) => replay_events(config, database, args, &stop).await,
            }
        },
    )
    .await
}

/// The selection of a command that is empty without the conversation that it names.
async fn resolve_slice(pool: &PgPool, slice: &EventFilterArgs) -> Result<EventSelection> {
    let selection = slice.to_selection()?;
    if let Some(conversation) = &selection.conversation {
        check_conversation(&LogReader::new(pool.clone()), conversation).await?;
    }
    Ok(selection)
}

async fn tail(pool: &PgPool, args: &LogTailArgs, stop: &CancellationToken) -> Result<()> {
    let options = TailOptions {
        lines: args.lines,
        follow: args.follow,
        json: args.json,
    };
    let selection = if args.follow {
        // The conversation may be yet to come.
        args.slice.to_selection()?
    } else {
        resolve_slice(pool, &args.slice).await?
    };
    write_tail(
        pool,
        &selection,
        options,
        &mut LineOutput::new(stdout()),
        stop,
    )
    .await
}

/// Prints one event as a pretty-printed CloudEvents object.
async fn show(pool: &PgPool, position: i64) -> Result<()> {
    let reader = LogReader::new(pool.clone());
    let Some(event) = reader.read_after(position - 1, 1).await?.pop() else {
        let head = reader.head().await?.position;
        bail!("there is no event at position {position}; the log ends at position {head}");
    };
    let json: Value = serde_json::from_slice(&event.to_json()?)?;
    outln!("{}", serde_json::to_string_pretty(&json)?)?;
    Ok(())
}

async fn export(pool: &PgPool, args: &LogExportArgs, stop: &CancellationToken) -> Result<()> {
    let options = ExportOptions {
        selection: resolve_slice(pool, &args.slice).await?,
        dir: args.dir.clone(),
        format: args.to_format()?,
    };
    let progress = CommandProgress::counting("events");
    let summary = export_log(pool, &options, stop, |done, total| {
        progress.update(done, total);
    });
    let summary = summary.await?;
    drop(progress);
    if args.json {
        return Ok(outln!("{}", summary.to_json())?);
    }
    outln!(
        "events: {}, files: {}, up to position {}",
        summary.events,
        summary.parts,
        summary.complete_to.position
    )?;
    if !summary.is_complete {
        outln!("stopped early; run the same command again to resume")?;
    }
    Ok(())
}

/// A signal ends the counting early; the counts so far are printed.
async fn print_stats(pool: &PgPool, args: &LogStatsArgs, stop: &CancellationToken) -> Result<()> {
    let selection = resolve_slice(pool, &args.slice).await?;
    let progress = CommandProgress::counting("events");
    let top = usize::from(args.top);
    let statistics = stats::count_events(pool, &selection, top, stop, |done, total| {
        progress.update(done, total);
    });
    let statistics = statistics.await?;
    drop(progress);
    if let Some(file) = &args.html {
        std::fs::write(file, stats::render_html(&statistics))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.json {
        outln!("{}", serde_json::to_string(&statistics)?)?;
    } else {
        outln!("{}", stats::render_text(&statistics))?;
    }
    Ok(())
}

async fn replay_events(
    config: &SystemConfig,
    database: &OperatorDatabase,
    args: &LogReplayArgs,
    stop: &CancellationToken,
) -> Result<()> {
    replay::check_subject(&config.mirror_config(), &args.subject)?;
    let options = ReplayOptions {
        selection: resolve_slice(&database.pool, &args.slice).await?,
        subject: args.subject.clone(),
        speed: args.speed,
    };
    let nats_url = database.nats_url.as_deref().ok_or_else(|| {
        UsageError(
            "no NATS server specified; use --nats-url, or --data with a running system".into(),
        )
    })?;
    let began = Instant::now();
    let progress = CommandProgress::counting("events");
    let summary = replay::replay(&database.pool, nats_url, &options, stop, |done, total| {
        progress.update(done, total);
    });
    let Some(summary) = summary.await? else {
        return Ok(());
    };
    drop(progress);
    let seconds = began.elapsed().as_secs_f64();
    let (events, cursor) = (summary.events, summary.cursor);
    let position = cursor.position;
    if args.json {
        let json = json!({
            "events": events, "position": position, "cursor": cursor, "seconds": seconds,
            "complete": summary.is_complete,
        });
        outln!("{json}")?;
        return Ok(());
    }
    outln!(
        "published {} up to position {position} in {seconds:.1} seconds",
        format_count(events, "event")
    )?;
    if !summary.is_complete {
        outln!("resume with --after {cursor}")?;
    }
    Ok(())
}

/// Prints the public key of the seals.
fn print_public_key(config: &SystemConfig) -> Result<()> {
    let file = config.seal_key_path();
    let Some(key) = seal_key::load(&file)? else {
        let data = config.data_dir();
        if config.database_url.is_none() && !data.has_database() {
            return Err(data.no_system_error().into());
        }
        bail!(
            "there is no key in {}: the first service that seals the log makes it; specify the \
             data directory with --data, or the file with --seal-key",
            file.display()
        );
    };
    outln!("{}", to_hex(&key.public_key()))?;
    Ok(())
}

/// Seals the events that are not sealed yet, and prints how far the log is sealed.
async fn seal(config: &SystemConfig, pool: &PgPool) -> Result<()> {
    seal_all(config, pool).await?;
    let last = store::load_last(pool).await?.map_or(0, |seal| seal.last);
    outln!("sealed up to position {last}")?;
    Ok(())
}

/// Seals the events that are not sealed yet.
pub async fn seal_all(config: &SystemConfig, pool: &PgPool) -> Result<()> {
    let settings = SealerConfig {
        interval: Duration::ZERO,
        copy_to: config.seals.seal_copy.clone(),
    };
    let key = seal_key::load_or_create(&config.seal_key_path())?;
    let mut sealer = Sealer::new(pool.clone(), key, settings);
    while sealer.seal_now().await? {}
    Ok(())
}
