//! `tidings webhooks`: manages webhooks.

use anyhow::{Context as _, Result, anyhow, bail};
use data_dir::{OperatorDatabase, UsageError, with_migrated_database};
use dispatcher::address::AllowedNetworks;
use dispatcher::secret::SigningSecret;
use dispatcher::webhook::{self, WebhookKind, WebhookStatus};
use ipnet::IpNet;
use log_tools::event_types;
use reqwest::Url;
use settings::{ConfirmArgs, SystemConfig, WebhookAddArgs, WebhookListArgs, WebhooksCommand};
use sqlx::PgPool;

use super::confirmation;
use crate::output::outln;

/// The maximum number of parked deliveries that are listed.
const MAX_PARKED_SHOWN: i64 = 1_000;

/// Runs the subcommand in the database. The dispatcher picks up changes within a second.
pub async fn run(config: &SystemConfig, command: WebhooksCommand) -> Result<()> {
    let new = match &command {
        WebhooksCommand::Add(args) => Some(NewWebhook::from_args(config, args)?),
        _ => None,
    };
    with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| execute(&database.pool, command, new).await,
    )
    .await
}

async fn execute(pool: &PgPool, command: WebhooksCommand, new: Option<NewWebhook>) -> Result<()> {
    match command {
        WebhooksCommand::Add(args) => match new {
            Some(webhook) => webhook.add(pool, &args).await,
            None => Ok(()),
        },
        WebhooksCommand::List(args) => list(pool, &args).await,
        WebhooksCommand::Replay { id, from } => {
            let replayed = webhook::replay(pool, id, from).await?;
            if replayed.is_empty() {
                bail!("{}", unknown_webhook_message(id));
            }
            for id in replayed {
                outln!("webhook {id} redelivers from position {from}")?;
            }
            Ok(())
        }
        WebhooksCommand::Retry { id } => {
            find_existing(pool, id).await?;
            let retried = webhook::retry_parked(pool, id).await?;
            outln!("{retried} parked deliveries of webhook {id} will be retried")?;
            Ok(())
        }
        WebhooksCommand::Disable { id } => set_enabled(pool, id, false).await,
        WebhooksCommand::Enable { id } => set_enabled(pool, id, true).await,
        WebhooksCommand::Remove { id, confirm } => remove(pool, id, confirm).await,
    }
}

async fn remove(pool: &PgPool, id: i64, confirm: ConfirmArgs) -> Result<()> {
    let webhook = find_existing(pool, id).await?;
    let effect = format!(
        "remove webhook {id} to {} at position {}, with {} waiting and {} parked deliveries",
        webhook.url, webhook.position, webhook.waiting, webhook.parked
    );
    if confirm.dry_run {
        outln!("this would {effect}")?;
        return Ok(());
    }
    confirmation::require(confirm, &effect)?;
    if !webhook::remove(pool, id).await? {
        bail!("{}", unknown_webhook_message(Some(id)));
    }
    outln!("removed webhook {id}")?;
    Ok(())
}

/// A validated webhook to add.
struct NewWebhook {
    url: Url,
    secret: SigningSecret,
    kind: WebhookKind,
}

impl NewWebhook {
    fn from_args(config: &SystemConfig, args: &WebhookAddArgs) -> Result<Self> {
        let url =
            Url::parse(&args.url).map_err(|error| UsageError(format!("{}: {error}", args.url)))?;
        allowed_networks(config)?.check_url(&url).map_err(|error| {
            UsageError(format!(
                "webhooks cannot be delivered to this address: {error}"
            ))
        })?;
        let secret = match &args.secret {
            None => SigningSecret::generate(),
            Some(text) => SigningSecret::parse(text.reveal())
                .map_err(|error| UsageError(error.to_string()))?,
        };
        let subject = if args.notifications {
            WebhookKind::Notifications
        } else {
            WebhookKind::Events(parse_event_types(&args.events)?)
        };
        Ok(Self {
            url,
            secret,
            kind: subject,
        })
    }

    async fn add(&self, pool: &PgPool, args: &WebhookAddArgs) -> Result<()> {
        let after = args.from.map(|from| from - 1);
        let (id, after) = webhook::add(pool, &self.url, &self.secret, &self.kind, after).await?;
        let secret = self.secret.reveal();
        if args.json {
            let from = after + 1;
            outln!(
                "{}",
                serde_json::json!({ "id": id, "from": from, "secret": secret })
            )?;
        } else {
            outln!(
                "webhook {id} starts at position {}\nsecret  {secret}",
                after + 1
            )?;
        }
        Ok(())
    }
}

/// The networks that deliveries may reach: those of this command, and those of the system that runs
/// on the data directory, if the command works on it.
fn allowed_networks(config: &SystemConfig) -> Result<AllowedNetworks> {
    let mut networks = config.webhooks.webhook_allow.clone();
    if config.database_url.is_none()
        && let Some(running) = config.data_dir().find_running()?
    {
        for network in &running.webhook_allow {
            let parsed = network.parse::<IpNet>();
            networks.push(parsed.with_context(|| format!("run.json: {network} is no network"))?);
        }
    }
    Ok(AllowedNetworks::new(networks))
}

/// Parses the event types of a webhook. An empty list means all types.
fn parse_event_types(names: &[String]) -> Result<Vec<String>> {
    if names.iter().any(|name| name == "all") {
        return Ok(Vec::new());
    }
    event_types::validate_names(names)?;
    Ok(names.to_vec())
}

async fn set_enabled(pool: &PgPool, id: i64, on: bool) -> Result<()> {
    if !webhook::set_enabled(pool, id, on).await? {
        bail!("{}", unknown_webhook_message(Some(id)));
    }
    outln!("webhook {id} is {}", if on { "on" } else { "off" })?;
    Ok(())
}

async fn find_existing(pool: &PgPool, id: i64) -> Result<WebhookStatus> {
    let mut all = webhook::list(pool).await?.into_iter();
    let found = all.find(|webhook| webhook.id == id);
    found.ok_or_else(|| anyhow!("{}", unknown_webhook_message(Some(id))))
}

fn unknown_webhook_message(id: Option<i64>) -> String {
    match id {
        Some(id) => format!("there is no webhook {id}; see `tidings webhooks list`"),
        None => "there are no webhooks".to_owned(),
    }
}

async fn list(pool: &PgPool, args: &WebhookListArgs) -> Result<()> {
    if let Some(id) = args.parked {
        for parked in webhook::list_parked(pool, id, MAX_PARKED_SHOWN).await? {
            if args.json {
                outln!("{}", serde_json::to_string(&parked)?)?;
            } else {
                outln!("{}", parked.to_text())?;
            }
        }
        return Ok(());
    }
    let all = webhook::list(pool).await?;
    if all.is_empty() && !args.json {
        outln!("there are no webhooks; add one with `tidings webhooks add URL`")?;
    }
    for webhook in all {
        if args.json {
            outln!("{}", serde_json::to_string(&webhook)?)?;
        } else {
            outln!("{}", webhook.to_text())?;
        }
    }
    Ok(())
}
