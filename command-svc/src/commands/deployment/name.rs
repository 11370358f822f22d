//! The names in the paths of these commands.

use domain::ids::RuleName;
use domain::refusal::Refusal;

use crate::error::CommandError;

/// Parses the name of something that may be created under it.
pub(super) fn parse_name(text: &str) -> Result<RuleName, Refusal> {
    RuleName::parse(text).map_err(|invalid| Refusal::invalid("name", invalid.0))
}

/// Parses the name of something that exists, or is gone already. Nothing has an invalid name.
pub(super) fn parse_existing(text: &str) -> Result<RuleName, CommandError> {
    RuleName::parse(text).map_err(|_| CommandError::Rejected(Refusal::not_found()))
}
