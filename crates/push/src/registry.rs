//! Which providers are configured, and where registrations may point.

use connectivity::address::AllowedNetworks;
use domain::mailbox::push_event::PushProvider;
use sqlx::PgPool;

use crate::registration::{PushRegistration, RegistrationError, RegistrationFields};
use crate::sender::PushConfig;

/// What commands need to register devices. Cheap to clone.
#[derive(Clone)]
pub struct PushRegistry {
    pool: PgPool,
    allowed: AllowedNetworks,
    has_apns: bool,
    has_fcm: bool,
}

impl PushRegistry {
    /// The registry of a process with this configuration. `pool` keeps the tokens.
    pub fn new(pool: PgPool, config: &PushConfig) -> Self {
        Self {
            pool,
            allowed: config.allowed.clone(),
            has_apns: config.apns.is_some(),
            has_fcm: config.fcm.is_some(),
        }
    }

    /// Where the tokens are.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Whether this server can deliver through a provider.
    pub fn is_configured(&self, provider: PushProvider) -> bool {
        match provider {
            PushProvider::Apns => self.has_apns,
            PushProvider::Fcm => self.has_fcm,
            PushProvider::Webpush => true,
        }
    }

    /// Checks a registration.
    pub fn parse(
        &self,
        fields: &RegistrationFields<'_>,
    ) -> Result<PushRegistration, RegistrationError> {
        PushRegistration::parse(fields, &self.allowed)
    }
}
