//! Records in the audit that the data of a user were handed over.

use std::sync::Arc;

use access::SharedAccess;
use anyhow::{Result, anyhow};
use command_svc::{AccessRecord, Clock, CommandState, record_access};
use domain::deployment::access::AccessAct;
use domain::ids::UserId;
use domain::limits::Limits;
use event_log::{EventLog, LogConfig};
use moderation::LiveRulebook;
use sqlx::PgPool;

use super::admin_call::OPERATOR_USER;

/// Records an export of the data of a user. An export from a database that cannot be written, such
/// as a replica, is not recorded, which standard error says.
pub async fn record_user_export(pool: &PgPool, user: &UserId) {
    if let Err(error) = record(pool, user).await {
        eprintln!("note: the export is not in the audit: {error:#}");
    }
}

async fn record(pool: &PgPool, user: &UserId) -> Result<()> {
    let log = EventLog::open(pool.clone(), LogConfig::default()).await?;
    let state = CommandState::new(
        log.clone(),
        Arc::new(Limits::default()),
        Clock::system(),
        LiveRulebook::default(),
        SharedAccess::default(),
    );
    let access = AccessRecord {
        actor: UserId::parse(OPERATOR_USER).map_err(|invalid| anyhow!(invalid.0))?,
        act: AccessAct::UserExported,
        target: Some(user.to_string()),
        detail: Some("tidings export-user".to_owned()),
    };
    let recorded = record_access(&state, &access).await;
    log.shut_down().await;
    recorded.map_err(|problem| anyhow!("{}", problem.detail()))?;
    Ok(())
}
