//! Keeps the rulebook of the process current: follows the events of the deployment in the log.

use std::time::Duration;

use anyhow::{Context as _, Result};
use connectivity::OutageLog;
use data_dir::retry::{self, RetryError};
use event_log::TypeFollower;
use event_log::reader::LogReader;
use moderation::{DeploymentRules, LiveRulebook, Rulebook};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::ServiceRuntime;
use super::tasks::TaskGroup;

/// How often the log is asked for changes, which must take effect within a second.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Follows the events of the deployment.
pub struct RulebookFollower {
    follower: TypeFollower,
    rules: DeploymentRules,
    /// Whether `rules` has changed since the rulebook was compiled.
    has_changed: bool,
    live: LiveRulebook,
}

impl RulebookFollower {
    /// A follower that keeps `live` current.
    pub fn new(reader: LogReader, live: LiveRulebook) -> Self {
        Self {
            follower: TypeFollower::new(reader, DeploymentRules::event_types()),
            rules: DeploymentRules::default(),
            has_changed: false,
            live,
        }
    }

    /// Applies everything that the log has, and replaces the rulebook if something has changed.
    pub async fn catch_up(&mut self) -> Result<()> {
        loop {
            let followed = self.follower.step().await?;
            if followed.restarted {
                self.rules = DeploymentRules::default();
                self.has_changed = true;
            }
            for event in &followed.events {
                self.has_changed = true;
                if let Err(error) = self.rules.apply(event) {
                    // A newer release has written it. The other rules must still apply.
                    tracing::error!(%error, position = event.position, "cannot apply a rule");
                }
            }
            if followed.is_current {
                break;
            }
        }
        if self.has_changed {
            self.compile().await?;
            self.has_changed = false;
        }
        Ok(())
    }

    /// Compiles the rules where nobody waits for it.
    async fn compile(&self) -> Result<()> {
        let (rules, earlier) = (self.rules.clone(), self.live.current());
        // Everything else does not wait for the words.
        let interim = Rulebook::with_earlier_words(rules.clone(), &earlier);
        self.live.replace(interim);
        let compiling = tokio::task::spawn_blocking(move || Rulebook::compile(rules, &earlier));
        let rulebook = compiling
            .await?
            .context("the word lists cannot be compiled")?;
        self.live.replace(rulebook);
        Ok(())
    }
}

/// Keeps the rulebook current until shutdown.
pub async fn run(mut follower: RulebookFollower, shutdown: CancellationToken) {
    let outages = OutageLog::new("Following the rules of the deployment");
    loop {
        let Some(outcome) = shutdown.run_until_cancelled(follower.catch_up()).await else {
            return;
        };
        let _ = outages.record(outcome);
        if shutdown
            .run_until_cancelled(sleep(POLL_INTERVAL))
            .await
            .is_none()
        {
            return;
        }
    }
}

impl ServiceRuntime {
    /// Loads the rules of the deployment, and starts the task that keeps them current. Nothing is
    /// served before they are known.
    pub(super) async fn follow_rules(
        &self,
        rulebook: LiveRulebook,
        background: &mut TaskGroup,
    ) -> Result<()> {
        let reader = LogReader::new(self.pools.writes.clone());
        let mut follower = RulebookFollower::new(reader, rulebook);
        let outages = OutageLog::new("Loading the rules of the deployment");
        let load = async || follower.catch_up().await.map_err(RetryError::Transient);
        retry::retry_until_ok(&outages, load).await?;
        let ending = self.background_shutdown.clone();
        background.spawn("the rules of the deployment", async move {
            run(follower, ending).await;
            Ok(())
        });
        Ok(())
    }
}
