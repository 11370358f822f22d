//! `tidings token USER`: prints a token. The system of the data directory need not be running.

use anyhow::Result;
use data_dir::UsageError;
use domain::ids::UserId;
use http_edge::auth::{MODERATOR_SCOPE, SERVICE_SCOPE};
use http_edge::extract::describe_unknown;
use settings::{SystemConfig, TokenArgs};

use crate::output::outln;

/// Prints the token, and nothing else.
pub fn run(config: &SystemConfig, args: &TokenArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| UsageError(error.to_string()))?;
    if args.ttl.as_secs() == 0 {
        return Err(UsageError("--ttl must be at least one second".into()).into());
    }
    let keys = config.load_existing_token_keys()?;
    let policy = config.auth.policy();
    let token = keys.sign(&policy, user.as_str(), &args.scope, args.ttl)?;
    outln!("{token}")?;
    for note in describe_unknown_scopes(&args.scope, &policy.admin_scope) {
        eprintln!("tidings: {note}");
    }
    Ok(())
}

/// A note for each scope that opens nothing here. It may be another application's, or misspelled.
fn describe_unknown_scopes(scopes: &str, admin_scope: &str) -> Vec<String> {
    let known = [admin_scope, MODERATOR_SCOPE, SERVICE_SCOPE];
    let unknown = scopes
        .split_ascii_whitespace()
        .filter(|scope| !known.contains(scope));
    unknown
        .map(|scope| {
            let hint = describe_unknown(scope, &known);
            format!("the scope {scope:?} opens nothing here: {hint}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_opens_nothing_is_named_with_the_nearest_one() {
        assert!(describe_unknown_scopes("root moderator", "root").is_empty());
        assert_eq!(
            describe_unknown_scopes("amdin", "admin"),
            ["the scope \"amdin\" opens nothing here: unknown; did you mean admin?"]
        );
    }
}
