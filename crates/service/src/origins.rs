//! Whose pages may call the API.

use http_edge::AllowedOrigins;
use settings::{Services, SystemConfig};

/// The origins whose pages may call the API, and show the widget for customers.
pub(super) fn allowed_origins(config: &SystemConfig, services: Services) -> AllowedOrigins {
    AllowedOrigins {
        listed: config.allowed_origins.clone(),
        local: services == Services::ALL,
    }
}
