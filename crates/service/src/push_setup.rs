//! How this process delivers pushes: reads the files of the settings, and the key that all
//! processes share.

use std::path::Path;

use anyhow::Result;
use command_svc::{CommandState, drop_gone_push};
use connectivity::OutageLog;
use connectivity::address::AllowedNetworks;
use data_dir::UsageError;
use data_dir::retry::{self, RetryError};
use dispatcher::PushDrops;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use push::{ApnsConfig, FcmConfig, PushConfig, VapidKey};
use settings::PushArgs;
use sqlx::PgPool;

/// Loads the configuration. `pool` writes.
pub async fn load(args: &PushArgs, allowed: AllowedNetworks, pool: &PgPool) -> Result<PushConfig> {
    let vapid_key = match &args.vapid_key {
        Some(key) => VapidKey::parse(key.reveal())
            .map_err(|error| UsageError(format!("TIDINGS_VAPID_KEY: {error}")))?,
        None => load_shared_key(pool).await?,
    };
    Ok(PushConfig {
        apns: load_apns(args)?,
        fcm: load_fcm(args)?,
        vapid_key,
        vapid_subject: args.vapid_subject.clone(),
        allowed,
    })
}

/// Loads the key that all processes share. A busy or absent Postgres delays the start and does not
/// end it.
async fn load_shared_key(pool: &PgPool) -> Result<VapidKey> {
    let load = async || {
        VapidKey::load_or_create(pool).await.map_err(|error| {
            if matches!(error, sqlx::Error::Decode(_)) {
                RetryError::Permanent(error.into())
            } else {
                RetryError::Transient(error.into())
            }
        })
    };
    retry::retry_until_ok(&OutageLog::new("Loading the key of Web Push"), load).await
}

fn load_apns(args: &PushArgs) -> Result<Option<ApnsConfig>> {
    let Some(path) = &args.apns_key else {
        return Ok(None);
    };
    let required = |value: &Option<String>, name: &str| {
        value.clone().ok_or_else(|| {
            UsageError(format!(
                "TIDINGS_APNS_KEY is set, and {name} is not; set both"
            ))
        })
    };
    Ok(Some(ApnsConfig {
        key: read_file(path, "TIDINGS_APNS_KEY")?,
        key_id: required(&args.apns_key_id, "TIDINGS_APNS_KEY_ID")?,
        team_id: required(&args.apns_team_id, "TIDINGS_APNS_TEAM_ID")?,
        topic: required(&args.apns_topic, "TIDINGS_APNS_TOPIC")?,
        url: args.apns_url.clone(),
    }))
}

fn load_fcm(args: &PushArgs) -> Result<Option<FcmConfig>> {
    let Some(path) = &args.fcm_credentials else {
        return Ok(None);
    };
    Ok(Some(FcmConfig {
        credentials: read_file(path, "TIDINGS_FCM_CREDENTIALS")?,
        url: args.fcm_url.clone(),
    }))
}

fn read_file(path: &Path, setting: &str) -> Result<String, UsageError> {
    std::fs::read_to_string(path)
        .map_err(|error| UsageError(format!("{setting}: {}: {error}", path.display())))
}

/// Drops registrations whose tokens are gone, as commands.
pub struct CommandPushDrops(pub CommandState);

impl PushDrops for CommandPushDrops {
    fn drop_gone<'a>(
        &'a self,
        user: &'a str,
        device: &'a str,
        digest: &'a str,
    ) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let dropped = drop_gone_push(&self.0, user, device, digest).await;
            dropped.map_err(|error| error.to_string())
        }
        .boxed()
    }
}
