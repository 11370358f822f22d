//! What is said of webhooks on the command line.

use std::time::Duration;

use clap::{Args, Subcommand};
use ipnet::IpNet;

use super::duration;

/// How webhooks are delivered.
#[derive(Debug, Clone, Args)]
pub struct WebhookArgs {
    /// Networks that webhooks may be delivered to although they are not public, as 10.0.0.0/8; also
    /// without TLS.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_WEBHOOK_ALLOW",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub webhook_allow: Vec<IpNet>,

    /// How often a delivery is tried before it is parked; waits double from a second to an hour.
    #[arg(long, global = true, env = "TIDINGS_WEBHOOK_TRIES", value_name = "N", default_value_t = dispatcher::TRIES,
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub webhook_tries: u32,

    /// How long what follows a message is notified of together with it.
    #[arg(long, global = true, env = "TIDINGS_NOTIFY_WINDOW", value_name = "DURATION", default_value = "3s",
        value_parser = duration)]
    pub notify_window: Duration,
}

/// `tidings webhooks`.
#[derive(Debug, Clone, Subcommand)]
pub enum WebhooksCommand {
    /// Add one, and print the secret that its deliveries are signed with.
    Add(WebhookAddArgs),
    /// Show all of them: how far each is, what waits, what is parked, what went wrong last.
    List(WebhookListArgs),
    /// Deliver again from a position on.
    Replay {
        /// Which; all if none is named.
        id: Option<i64>,
        /// The first event to deliver again.
        #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
        from: i64,
    },
    /// Try everything again that is parked.
    Retry {
        /// Which.
        id: i64,
    },
    /// Switch one off; it goes on where it stands when it is switched on again.
    Disable {
        /// Which.
        id: i64,
    },
    /// Switch one on again.
    Enable {
        /// Which.
        id: i64,
    },
    /// Remove one, with what waits and what is parked.
    Remove {
        /// Which.
        id: i64,
    },
}

/// `tidings webhooks add`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct WebhookAddArgs {
    /// Where to deliver: an https address.
    pub url: String,
    /// Deliver events as CloudEvents: these types, such as message_sent,member_added, or `all`.
    #[arg(long, group = "what", value_name = "TYPES", value_delimiter = ',')]
    pub events: Vec<String>,
    /// Deliver notifications: who is offline and has something unread.
    #[arg(long, group = "what")]
    pub notifications: bool,
    /// Begin with the event at this position instead of the next one.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
    pub from: Option<i64>,
    /// The secret to sign with, `whsec_` and base64 [default: a new one].
    #[arg(long, env = "TIDINGS_WEBHOOK_SECRET", hide_env_values = true)]
    pub secret: Option<crate::secret::Secret>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `tidings webhooks list`.
#[derive(Debug, Clone, Args)]
pub struct WebhookListArgs {
    /// Show what is parked instead, of all or of this one.
    #[arg(long, value_name = "ID", num_args = 0..=1)]
    pub parked: Option<Option<i64>>,
    /// Print JSON: one object a line.
    #[arg(long)]
    pub json: bool,
}
