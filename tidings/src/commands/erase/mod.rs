//! `tidings erase`: permanently erases content.
//!
//! - `request`: requests the erasure from the running system.
//! - `files`: rewrites the files that may still contain erased data.

mod files;
mod request;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail};
use data_dir::{OperatorDatabase, format_count, with_database, with_migrated_database};
use diagnostics::{ErasureReceipt, ErasureSummary, find_existing_users, read_model_position};
use log_integrity::erasure::ledger;
use log_integrity::erasure::preview::{ErasurePreview, ErasureTarget};
use serde_json::{Value, json};
use settings::{EraseCommand, OutputArgs, SystemConfig};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::{admin, confirmation};
use crate::output::{OutputError, out, outln};

/// How long to wait until erased data has been removed from the log, the stream and the read
/// models.
const ERASURE_TIMEOUT: Duration = Duration::from_secs(300);

/// How often progress is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Erases and prints the receipt.
pub async fn run(config: &SystemConfig, command: EraseCommand) -> Result<()> {
    let (scope, confirm, output) = match command {
        EraseCommand::Message {
            conversation,
            seq,
            confirm,
            output,
        } => (ErasureTarget::Message(conversation, seq), confirm, output),
        EraseCommand::Conversation {
            conversation,
            confirm,
            output,
        } => (ErasureTarget::Conversation(conversation), confirm, output),
        EraseCommand::User {
            user,
            confirm,
            output,
        } => (ErasureTarget::User(user), confirm, output),
        EraseCommand::Files { output } => return files::run(config, output).await,
        EraseCommand::Show { from, output } => return show_receipt(config, from, output).await,
    };
    if !confirm.dry_run {
        // Nothing is asked that cannot be done.
        admin::find_running_system(config)?;
    }
    require_existence(config, &scope).await?;
    if confirm.dry_run {
        return print_preview(&preview(config, &scope).await?, &scope, output);
    }
    if !confirm.yes {
        let preview = preview(config, &scope).await?;
        confirmation::require(confirm, &describe(&preview, &scope))?;
    }
    erase(config, scope.to_request(), output).await
}

/// Returns an error if there is no such user, conversation or message: a misspelt name must not
/// look like an erasure of nothing.
async fn require_existence(config: &SystemConfig, scope: &ErasureTarget) -> Result<()> {
    let exists = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let pool = &database.pool;
            // The read models have everybody whom an event names.
            let is_named = if let ErasureTarget::User(user) = scope {
                let users = BTreeSet::from([user.clone()]);
                !find_existing_users(pool, &users).await?.is_empty()
            } else {
                false
            };
            Ok(is_named || scope.exists(pool).await?)
        },
    );
    if exists.await? {
        return Ok(());
    }
    match scope {
        ErasureTarget::Message(id, seq) => {
            bail!("there is no message {seq} of a conversation {id}; nothing was erased")
        }
        ErasureTarget::Conversation(id) => {
            bail!("there is no conversation {id}; nothing was erased")
        }
        ErasureTarget::User(user) => bail!("there is no user {user}; nothing was erased"),
    }
}

async fn preview(config: &SystemConfig, scope: &ErasureTarget) -> Result<ErasurePreview> {
    with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| Ok(scope.preview(&database.pool).await?),
    )
    .await
}

fn describe(preview: &ErasurePreview, scope: &ErasureTarget) -> String {
    format!("erase {preview} of {scope}, which cannot be undone")
}

fn print_preview(
    preview: &ErasurePreview,
    scope: &ErasureTarget,
    output: OutputArgs,
) -> Result<()> {
    if output.json {
        let (messages, conversations) = (preview.messages, preview.conversations);
        let json = json!({
            "dry_run": true, "messages": messages, "conversations": conversations,
        });
        outln!("{json}")?;
    } else {
        outln!("this would {}", describe(preview, scope))?;
    }
    Ok(())
}

async fn erase(config: &SystemConfig, scope: Value, output: OutputArgs) -> Result<()> {
    let erased = request::request_erasure(config, scope).await?;
    let receipt = with_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            wait_until_erased(&database.pool, &erased).await?;
            ErasureReceipt::load(&database.pool, config.index_dir(), &erased).await
        },
    );
    print_receipt(&receipt.await?, output)?;
    Ok(())
}

/// Waits until the erased data has been removed from the log, the stream and the read models. The
/// search index follows the read models.
async fn wait_until_erased(pool: &PgPool, erased: &ErasureSummary) -> Result<()> {
    let deadline = Instant::now() + ERASURE_TIMEOUT;
    loop {
        let progress = ledger::load_progress(pool).await?;
        let folded = read_model_position(pool).await?;
        if progress.is_complete_to(erased.position)
            && folded >= erased.position.min(progress.requested_to)
        {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!(
                "the content is no longer readable, but was not removed everywhere within {} s: the stream still \
                 has {}, the log is at position {} and the read models are at {folded} of {}; follow the \
                 progress with `tidings erase show`",
                ERASURE_TIMEOUT.as_secs(),
                format_count(progress.not_mirrored, "copy"),
                progress.position,
                erased.position
            );
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn show_receipt(config: &SystemConfig, from: i64, output: OutputArgs) -> Result<()> {
    let all = ErasureSummary {
        first: Some(from),
        position: i64::MAX,
        ..ErasureSummary::default()
    };
    let receipt = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            ErasureReceipt::load(&database.pool, config.index_dir(), &all).await
        },
    );
    Ok(print_receipt(&receipt.await?, output)?)
}

fn print_receipt(receipt: &ErasureReceipt, output: OutputArgs) -> Result<(), OutputError> {
    if output.json {
        outln!("{}", receipt.to_json())
    } else {
        out!("{}", receipt.to_text())
    }
}
