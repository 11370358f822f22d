//! `tidings webhooks`: where the outside is told what happens, and how far that is.

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

/// Parked deliveries that are shown at most.
const SHOWN: i64 = 1_000;

/// Does what was asked, in the database; the dispatcher sees it within a second.
pub async fn run(config: &Config, command: WebhooksCommand) -> Result<()> {
    let wanted = match &command {
        WebhooksCommand::Add(args) => Some(Wanted::read(config, args)?),
        _ => None,
    };
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let done = act(&database.pool, command, wanted).await;
    database.leave().await?;
    done
}

async fn act(pool: &PgPool, command: WebhooksCommand, wanted: Option<Wanted>) -> Result<()> {
    match command {
        WebhooksCommand::Add(args) => match wanted {
            Some(wanted) => wanted.add(pool, &args).await,
            None => Ok(()),
        },
        WebhooksCommand::List(args) => list(pool, &args).await,
        WebhooksCommand::Replay { id, from } => {
            let replayed = webhook::replay(pool, id, from).await?;
            if replayed.is_empty() {
                bail!("{}", unknown(id));
            }
            for id in replayed {
                println!("webhook {id} delivers again from position {from} on");
            }
            Ok(())
        }
        WebhooksCommand::Retry { id } => {
            existing(pool, id).await?;
            let again = webhook::retry(pool, id).await?;
            println!("{again} parked deliveries of webhook {id} are tried again");
            Ok(())
        }
        WebhooksCommand::Disable { id } => switch(pool, id, false).await,
        WebhooksCommand::Enable { id } => switch(pool, id, true).await,
        WebhooksCommand::Remove { id } => {
            if !webhook::remove(pool, id).await? {
                bail!("{}", unknown(Some(id)));
            }
            println!("webhook {id} is removed");
            Ok(())
        }
    }
}

/// What `add` was asked for, and is possible.
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
            .map_err(|error| Usage(format!("this is not delivered to: {error}")))?;
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
                "webhook {id} begins with position {}\nsecret  {secret}",
                after + 1
            );
        }
        Ok(())
    }
}

/// Names of event types; none stand for all.
fn types(named: &[String]) -> Result<Vec<String>> {
    if named.iter().any(|name| name == "all") {
        return Ok(Vec::new());
    }
    event_types::check(named)?;
    Ok(named.to_vec())
}

async fn switch(pool: &PgPool, id: i64, on: bool) -> Result<()> {
    if !webhook::switch(pool, id, on).await? {
        bail!("{}", unknown(Some(id)));
    }
    println!("webhook {id} is {}", if on { "on" } else { "off" });
    Ok(())
}

async fn existing(pool: &PgPool, id: i64) -> Result<()> {
    if webhook::list(pool).await?.iter().any(|it| it.id == id) {
        return Ok(());
    }
    bail!("{}", unknown(Some(id)))
}

fn unknown(id: Option<i64>) -> String {
    match id {
        Some(id) => format!("no webhook {id}; `tidings webhooks list` shows those there are"),
        None => "there is no webhook".to_owned(),
    }
}

async fn list(pool: &PgPool, args: &WebhookListArgs) -> Result<()> {
    if let Some(id) = args.parked {
        for it in webhook::parked(pool, id, SHOWN).await? {
            if args.json {
                println!("{}", serde_json::to_string(&it)?);
            } else {
                println!("{}", parked_line(&it));
            }
        }
        return Ok(());
    }
    let all = webhook::list(pool).await?;
    if all.is_empty() && !args.json {
        println!("no webhooks; `tidings webhooks add URL` makes one");
    }
    for it in all {
        if args.json {
            println!("{}", serde_json::to_string(&it)?);
        } else {
            println!("{}", lines(&it));
        }
    }
    Ok(())
}

fn lines(it: &Listed) -> String {
    let what = match (it.kind.as_str(), it.types.as_slice()) {
        ("events", []) => "all events".to_owned(),
        ("events", types) => types.join(", "),
        (kind, _) => kind.to_owned(),
    };
    let last = it
        .delivered_at
        .map_or_else(String::new, |at| format!(", the last at {at}"));
    let mut text = format!(
        "webhook {}  {}  {}\n  {what}\n  position {} of {}, {} delivered{last}, {} waiting, {} parked",
        it.id, it.state, it.url, it.position, it.head, it.delivered, it.waiting, it.parked
    );
    if let (Some(error), Some(at)) = (&it.error, it.error_at) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  last failure at {at}: {error}");
    }
    text
}

fn parked_line(it: &Parked) -> String {
    let user = if it.user_name.is_empty() {
        String::new()
    } else {
        format!(" for {}", it.user_name)
    };
    format!(
        "webhook {}  position {}  {}{user}  parked at {} after {} tries: {}",
        it.webhook, it.position, it.lane, it.parked_at, it.tries, it.error
    )
}
