//! Options of push notifications.

use std::path::PathBuf;

use clap::Args;
use data_dir::SecretString;
use push::VapidSubject;
use reqwest::Url;

/// How pushes are delivered to devices.
#[derive(Debug, Clone, Args)]
pub struct PushArgs {
    /// Key file (.p8) from Apple, for pushes to Apple devices.
    #[arg(long, global = true, env = "TIDINGS_APNS_KEY", value_name = "FILE")]
    pub apns_key: Option<PathBuf>,

    /// Id of that key.
    #[arg(long, global = true, env = "TIDINGS_APNS_KEY_ID", value_name = "ID")]
    pub apns_key_id: Option<String>,

    /// Id of the team at Apple.
    #[arg(long, global = true, env = "TIDINGS_APNS_TEAM_ID", value_name = "ID")]
    pub apns_team_id: Option<String>,

    /// Bundle id of the app, such as com.example.chat.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_APNS_TOPIC",
        value_name = "BUNDLE_ID"
    )]
    pub apns_topic: Option<String>,

    /// Address of APNs; apps in development use `https://api.sandbox.push.apple.com`.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_APNS_URL",
        value_name = "URL",
        default_value = "https://api.push.apple.com"
    )]
    pub apns_url: Url,

    /// Service account file (JSON) from Google, for pushes through FCM.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_FCM_CREDENTIALS",
        value_name = "FILE"
    )]
    pub fcm_credentials: Option<PathBuf>,

    /// Address of FCM.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_FCM_URL",
        value_name = "URL",
        default_value = "https://fcm.googleapis.com"
    )]
    pub fcm_url: Url,

    /// Private key for Web Push: 32 bytes in base64url [default: one that is made once and kept in
    /// the database].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_VAPID_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub vapid_key: Option<SecretString>,

    /// Address for questions of push services, such as mailto:ops@example.com; Apple requires it.
    #[arg(long, global = true, env = "TIDINGS_VAPID_SUBJECT", value_name = "ADDRESS",
        value_parser = VapidSubject::parse)]
    pub vapid_subject: Option<VapidSubject>,
}
