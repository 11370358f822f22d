//! `tidings switch`: switches features off and on.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use settings::{SwitchCommand, SystemConfig};

use super::admin_call::call;
use crate::output::outln;

/// Runs the subcommand against the running system. Every process follows within a second.
pub async fn run(config: &SystemConfig, command: SwitchCommand) -> Result<()> {
    let switches = ["v1", "admin", "switches"];
    match command {
        SwitchCommand::List => {
            let all = call(config, Method::GET, &switches, None).await?;
            for switch in all["switches"].as_array().into_iter().flatten() {
                outln!("{}", format_switch(switch))?;
            }
        }
        SwitchCommand::On { feature } => {
            let path = [&switches[..], &[feature.as_str()]].concat();
            let body = json!({ "on": true });
            call(config, Method::PUT, &path, Some(&body)).await?;
            outln!("{} is on", feature.as_str())?;
        }
        SwitchCommand::Off {
            feature,
            reason,
            until,
        } => {
            let path = [&switches[..], &[feature.as_str()]].concat();
            let body = json!({ "on": false, "reason": reason, "until": until });
            call(config, Method::PUT, &path, Some(&body)).await?;
            outln!("{} is off", feature.as_str())?;
        }
    }
    Ok(())
}

fn format_switch(switch: &Value) -> String {
    let text = |field: &str| switch[field].as_str().unwrap_or_default().to_owned();
    if switch["on"] == true {
        return format!("{:<14} on", text("name"));
    }
    let until = switch["until"]
        .as_str()
        .map(|time| format!(" until {time}"));
    format!(
        "{:<14} off{}: {} ({}, {})",
        text("name"),
        until.unwrap_or_default(),
        text("reason"),
        text("by"),
        text("at")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_is_off_says_why() {
        let on = json!({ "name": "edits", "on": true, "reason": "over" });
        assert_eq!(format_switch(&on), "edits          on");
        let off = json!({ "name": "search", "on": false, "reason": "slow", "until": "T", "by": "root", "at": "A" });
        assert_eq!(
            format_switch(&off),
            "search         off until T: slow (root, A)"
        );
    }
}
