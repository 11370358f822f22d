//! `tidings demo`: all services with a small company in them, in a directory of its own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use data_dir::{RunInfo, SecretString, UsageError};
use demo::{Demo, DemoSetup};
use service::{StartReport, signals};
use settings::{AccountsMode, DEFAULT_DATA, DEFAULT_LISTEN_DEMO, DemoArgs, SystemConfig};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::up;

/// The directory of a demo, unless --data says otherwise.
const DEFAULT_DEMO_DATA: &str = "./tidings-demo";

/// Runs the demo until a signal.
pub async fn run(config: &SystemConfig, args: &DemoArgs) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    let config = demo_config(config)?;
    let data = config.data_dir();
    let password = data_dir::demo::load_or_create_password(&data)?;
    let keys = config.load_token_keys()?;
    keys.signing_secret()?;
    let (filled, outcome) = oneshot::channel();
    let on_open = |running: &RunInfo, started: &StartReport| {
        let setup = DemoSetup {
            base_url: running.base_url(),
            setup_code: started
                .setup_code
                .as_ref()
                .map(|code| code.reveal().to_owned()),
            password: password.clone(),
            dir: data.path().to_owned(),
        };
        let show = Announcement {
            args: args.clone(),
            base_url: running.base_url(),
            data: data.path().to_owned(),
            password: password.clone(),
        };
        let stop = stop.clone();
        tokio::spawn(async move {
            let played = play(setup, show, &stop).await;
            if played.is_err() {
                stop.cancel();
            }
            // Nobody listens only if the process ends.
            let _ = filled.send(played);
        });
    };
    up::run_system(&config, DEFAULT_LISTEN_DEMO, keys, stop.clone(), on_open).await?;
    outcome.await.unwrap_or(Ok(()))
}

/// The configuration of a demo: servers of its own, and accounts for everybody.
fn demo_config(config: &SystemConfig) -> Result<SystemConfig> {
    if config.database_url.is_some() || config.nats_url.is_some() || config.read_url.is_some() {
        return Err(UsageError(
            "a demo has servers of its own: run it without DATABASE_URL, TIDINGS_READ_URL and \
             NATS_URL"
                .into(),
        )
        .into());
    }
    let mut config = config.clone();
    if config.data == Path::new(DEFAULT_DATA) {
        config.data = PathBuf::from(DEFAULT_DEMO_DATA);
    }
    config.local_accounts.accounts = Some(AccountsMode::Open);
    Ok(config)
}

/// What is printed, and where.
struct Announcement {
    args: DemoArgs,
    base_url: String,
    data: PathBuf,
    password: SecretString,
}

async fn play(setup: DemoSetup, show: Announcement, stop: &CancellationToken) -> Result<()> {
    let Some(demo) = stop.run_until_cancelled(Demo::fill(setup)).await else {
        return Ok(());
    };
    let demo = demo?;
    up::print(&show.format(&demo.guests()));
    if show.args.open {
        demo::open_in_browser(&show.base_url);
    }
    if !show.args.silent {
        demo.talk(stop).await;
    }
    Ok(())
}

impl Announcement {
    fn format(&self, guests: &[(String, String)]) -> String {
        let (base, data) = (&self.base_url, self.data.display());
        let mut text = format!("Tidings demo is up\n  chat      {base}/\n  console   {base}/ops\n");
        for (number, (user, name)) in guests.iter().enumerate() {
            let label = if number == 0 { "sign in" } else { "" };
            let role = if number == 0 {
                ", the owner: for the console too"
            } else {
                ""
            };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "  {label:<8}  {user:<6} {}  ({name}{role})",
                self.password.reveal()
            );
        }
        let _ = writeln!(
            text,
            "  data      {data}\n  stop      Ctrl-C; `tidings demo --data {data}` continues"
        );
        text
    }
}
