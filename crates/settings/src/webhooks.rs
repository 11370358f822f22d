//! Options of webhook delivery, and of `tidings webhooks`.

use std::time::Duration;

use clap::{Args, Subcommand};
use data_dir::SecretString;
use ipnet::IpNet;

use super::confirm::ConfirmArgs;
use super::parse::parse_duration;

/// How webhooks are delivered.
#[derive(Debug, Clone, Args)]
pub struct WebhookArgs {
    /// Non-public networks that webhooks can be delivered to, also without TLS, such as 10.0.0.0/8.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_WEBHOOK_ALLOW",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub webhook_allow: Vec<IpNet>,

    /// Maximum number of attempts before a delivery is parked; delays double from 1 s to 1 h.
    #[arg(long, global = true, env = "TIDINGS_WEBHOOK_TRIES", value_name = "N", default_value_t = dispatcher::DEFAULT_MAX_ATTEMPTS,
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub webhook_tries: u32,

    /// Window in which messages that follow a first one share its notification.
    #[arg(long, global = true, env = "TIDINGS_NOTIFY_WINDOW", value_name = "DURATION", default_value = "3s",
        value_parser = parse_duration)]
    pub notify_window: Duration,
}

/// The subcommands of `tidings webhooks`.
#[derive(Debug, Clone, Subcommand)]
pub enum WebhooksCommand {
    /// Add a webhook, and print the secret that signs its deliveries.
    Add(WebhookAddArgs),
    /// List webhooks with position, waiting and parked deliveries, and last error.
    List(WebhookListArgs),
    /// Redeliver events from a position on.
    Replay {
        /// Id of the webhook [default: all webhooks].
        id: Option<i64>,
        /// Position of the first event to redeliver.
        #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
        from: i64,
    },
    /// Retry parked deliveries.
    Retry {
        /// Id of the webhook.
        id: i64,
    },
    /// Disable a webhook; when enabled again, it resumes at its position.
    Disable {
        /// Id of the webhook.
        id: i64,
    },
    /// Enable a webhook.
    Enable {
        /// Id of the webhook.
        id: i64,
    },
    /// Remove a webhook, with its waiting and parked deliveries.
    Remove {
        /// Id of the webhook.
        id: i64,
        /// How it is confirmed.
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

/// The options of `tidings webhooks add`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("content").required(true))]
pub struct WebhookAddArgs {
    /// URL to deliver to: https, or http in allowed networks.
    pub url: String,
    /// Deliver events of these types as CloudEvents, such as message_sent,member_added, or `all`.
    #[arg(long, group = "content", value_name = "TYPES", value_delimiter = ',')]
    pub events: Vec<String>,
    /// Deliver notifications for users who are offline and have unread messages.
    #[arg(long, group = "content")]
    pub notifications: bool,
    /// Position of the first event to deliver [default: the next event].
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
    pub from: Option<i64>,
    /// Signing secret: `whsec_` followed by base64 [default: a generated one].
    #[arg(long, env = "TIDINGS_WEBHOOK_SECRET", hide_env_values = true)]
    pub secret: Option<SecretString>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings webhooks list`.
#[derive(Debug, Clone, Args)]
pub struct WebhookListArgs {
    /// List parked deliveries instead, of all webhooks or of the given one.
    #[arg(long, value_name = "ID", num_args = 0..=1)]
    pub parked: Option<Option<i64>>,
    /// Print JSON Lines: one object per line.
    #[arg(long)]
    pub json: bool,
}
