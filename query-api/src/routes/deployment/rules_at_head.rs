//! Reads what is set for the whole system from the log.

use event_log::TypeFollower;
use event_log::reader::LogReader;
use moderation::DeploymentRules;

use crate::error::QueryError;

/// What is set, as far as events of these types say, and the position of the log when it was read.
pub(super) async fn read_rules(
    reader: &LogReader,
    event_types: &[&str],
) -> Result<(i64, DeploymentRules), QueryError> {
    let event_types = event_types.iter().map(|name| (*name).to_owned()).collect();
    let position = reader.head().await?.position;
    let mut follower = TypeFollower::new(reader.clone(), event_types);
    let mut rules = DeploymentRules::default();
    loop {
        let page = follower.step().await?;
        if page.restarted {
            rules = DeploymentRules::default();
        }
        for event in &page.events {
            rules.apply(event).map_err(|error| QueryError::Corrupt {
                value: "an event of the deployment",
                reason: error.to_string(),
            })?;
        }
        if page.is_current {
            return Ok((position, rules));
        }
    }
}
