//! `tidings webhooks`: manages webhooks.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use dispatcher::address::Allowed;
use dispatcher::secret::Secret;
use dispatcher::webhook::{self, Listed, Parked, Subject};
use reqwest::Url;
use sqlx::PgPool;

use super::event_types;
use crate::config::{Config, WebhookAddArgs, WebhookListArgs, WebhooksCommand};
use crate::database::Database;
use crate::service::pools;
use crate::usage::Usage;

/// The maximum number of parked deliveries that are listed.
const SHOWN: i64 = 1_000;

/// Runs the subcommand in the database. The dispatcher picks up changes within a second.
pub async fn run(config: &Config, command: WebhooksCommand) -> Result<()> {
    let new = match &command {
        WebhooksCommand::Add(args) => Some(Wanted::read(config, args)?),
        _ => None,
    };
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let done = act(&database.pool, command, new).await;
    database.leave().await?;
    done
}

async fn act(pool: &PgPool, command: WebhooksCommand, new: Option<Wanted>) -> Result<()> {
    match command {
        WebhooksCommand::Add(args) => match new {
            Some(webhook) => webhook.add(pool, &args).await,
            None => Ok(()),
        },
        WebhooksCommand::List(args) => list(pool, &args).await,
        WebhooksCommand::Replay { id, from } => {
            let replayed = webhook::replay(pool, id, from).await?;
            if replayed.is_empty() {
                bail!("{}", unknown(id));
            }
            for id in replayed {
                println!("webhook {id} redelivers from position {from}");
            }
            Ok(())
        }
        WebhooksCommand::Retry { id } => {
            existing(pool, id).await?;
            let retried = webhook::retry(pool, id).await?;
            println!("{retried} parked deliveries of webhook {id} will be retried");
            Ok(())
        }
        WebhooksCommand::Disable { id } => switch(pool, id, false).await,
        WebhooksCommand::Enable { id } => switch(pool, id, true).await,
        WebhooksCommand::Remove { id } => {
            if !webhook::remove(pool, id).await? {
                bail!("{}", unknown(Some(id)));
            }
            println!("removed webhook {id}");
            Ok(())
        }
    }
}

/// A validated webhook to add.
struct Wanted {
    url: Url,
    secret: Secret,
    subject: Subject,
}

impl Wanted {
    fn read(config: &Config, args: &WebhookAddArgs) -> Result<Self> {
        let url = Url::parse(&args.url).map_err(|error| Usage(format!("{}: {error}", args.url)))?;
        Allowed::networks(config.webhooks.webhook_allow.clone())
            .check(&url)
            .map_err(|error| {
                Usage(format!(
                    "webhooks cannot be delivered to this address: {error}"
                ))
            })?;
        let secret = match &args.secret {
            None => Secret::generate(),
            Some(text) => Secret::parse(text.reveal()).map_err(|error| Usage(error.to_string()))?,
        };
        let subject = if args.notifications {
            Subject::Notifications
        } else {
            Subject::Events(types(&args.events)?)
        };
        Ok(Self {
            url,
            secret,
            subject,
        })
    }

    async fn add(&self, pool: &PgPool, args: &WebhookAddArgs) -> Result<()> {
        let after = args.from.map(|from| from - 1);
        let (id, after) = webhook::add(pool, &self.url, &self.secret, &self.subject, after).await?;
        let secret = self.secret.reveal();
        if args.json {
            let from = after + 1;
            println!(
                "{}",
                serde_json::json!({ "id": id, "from": from, "secret": secret })
            );
        } else {
            println!(
                "webhook {id} starts at position {}\nsecret  {secret}",
                after + 1
            );
        }
        Ok(())
    }
}

/// Parses the event types of a webhook. An empty list means all types.
fn types(names: &[String]) -> Result<Vec<String>> {
    if names.iter().any(|name| name == "all") {
        return Ok(Vec::new());
    }
    event_types::check(names)?;
    Ok(names.to_vec())
}

async fn switch(pool: &PgPool, id: i64, on: bool) -> Result<()> {
    if !webhook::switch(pool, id, on).await? {
        bail!("{}", unknown(Some(id)));
    }
    println!("webhook {id} is {}", if on { "on" } else { "off" });
    Ok(())
}

async fn existing(pool: &PgPool, id: i64) -> Result<()> {
    if webhook::list(pool)
        .await?
        .iter()
        .any(|webhook| webhook.id == id)
    {
        return Ok(());
    }
    bail!("{}", unknown(Some(id)))
}

fn unknown(id: Option<i64>) -> String {
    match id {
        Some(id) => format!("there is no webhook {id}; see `tidings webhooks list`"),
        None => "there are no webhooks".to_owned(),
    }
}

async fn list(pool: &PgPool, args: &WebhookListArgs) -> Result<()> {
    if let Some(id) = args.parked {
        for parked in webhook::parked(pool, id, SHOWN).await? {
            if args.json {
                println!("{}", serde_json::to_string(&parked)?);
            } else {
                println!("{}", parked_line(&parked));
            }
        }
        return Ok(());
    }
    let all = webhook::list(pool).await?;
    if all.is_empty() && !args.json {
        println!("there are no webhooks; add one with `tidings webhooks add URL`");
    }
    for webhook in all {
        if args.json {
            println!("{}", serde_json::to_string(&webhook)?);
        } else {
            println!("{}", lines(&webhook));
        }
    }
    Ok(())
}

fn lines(webhook: &Listed) -> String {
    let content = match (webhook.kind.as_str(), webhook.types.as_slice()) {
        ("events", []) => "all events".to_owned(),
        ("events", types) => types.join(", "),
        (kind, _) => kind.to_owned(),
    };
    let last = webhook
        .delivered_at
        .map_or_else(String::new, |at| format!(", the last at {at}"));
    let mut text = format!(
        "webhook {}  {}  {}\n  {content}\n  position {} of {}, {} delivered{last}, {} waiting, {} parked",
        webhook.id,
        webhook.state,
        webhook.url,
        webhook.position,
        webhook.head,
        webhook.delivered,
        webhook.waiting,
        webhook.parked
    );
    if let (Some(error), Some(at)) = (&webhook.error, webhook.error_at) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  last failure at {at}: {error}");
    }
    text
}

fn parked_line(parked: &Parked) -> String {
    let user = if parked.user_name.is_empty() {
        String::new()
    } else {
        format!(" for {}", parked.user_name)
    };
    format!(
        "webhook {}  position {}  {}{user}  parked at {} after {} attempts: {}",
        parked.webhook, parked.position, parked.lane, parked.parked_at, parked.tries, parked.error
    )
}
