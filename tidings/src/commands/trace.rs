//! `tidings trace`: what has become of one message.

use anyhow::{Result, bail};
use data_dir::{OperatorDatabase, UsageError, with_migrated_database};
use diagnostics::trace::{TraceSources, render_trace, trace_message};
use event_stream::nats;
use settings::{SystemConfig, TraceArgs};

use crate::output::{out, outln};

/// Prints the trace of a message.
pub async fn run(config: &SystemConfig, args: &TraceArgs) -> Result<()> {
    let trace = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let nats = match &database.nats_url {
                Some(url) => Some(
                    nats::connect(url)
                        .await
                        .map_err(|error| UsageError(error.to_string()))?,
                ),
                None => None,
            };
            let sources = TraceSources {
                pool: &database.pool,
                mirror: &config.mirror_config(),
                nats: nats.as_ref(),
                index_dir: &config.index_dir(),
            };
            trace_message(&sources, &args.conversation, args.seq).await
        },
    );
    let Some(trace) = trace.await? else {
        bail!(
            "the log has no message {} in a conversation {}",
            args.seq,
            args.conversation
        );
    };
    if args.json {
        outln!("{}", serde_json::to_string(&trace)?)?;
    } else {
        out!("{}", render_trace(&trace))?;
    }
    Ok(())
}
