//! The parameters that choose the position and the user of a query.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::params;

pub use http_edge::extract::MinPositionParams;

/// The parameters of queries that can also be answered for an earlier position.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AsOfParams {
    /// Administrators only: answer as of this position of the log, or as of this time (RFC 3339).
    /// Messages that were recalled later are shown as they were.
    #[param(value_type = Option<String>, example = "2")]
    pub(super) as_of: Option<String>,
    /// Administrators only: answer as for this user.
    #[param(value_type = Option<String>, example = "bob")]
    pub(super) as_user: Option<String>,
}

/// The parameter of queries that can also be answered for another user, but only currently.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AsUserParams {
    /// Administrators only: answer as for this user.
    #[param(value_type = Option<String>, example = "bob")]
    pub(super) as_user: Option<String>,
}

impl AsOfParams {
    /// Returns the name of the first parameter that is present.
    pub fn first_present(&self) -> Option<&'static str> {
        let names = [("as_of", &self.as_of), ("as_user", &self.as_user)];
        let is_present = |value: &Option<String>| params::non_empty(value.as_deref()).is_some();
        names
            .into_iter()
            .find(|(_, value)| is_present(value))
            .map(|(name, _)| name)
    }
}
