//! How a load and the checks after it reach a running system, whatever it consists of.

use std::sync::Arc;

use sqlx::PgPool;

use crate::client::{BaseUrls, Client};
use crate::token;

/// The addresses of a running system.
pub struct SystemEndpoints {
    /// A pool on its database.
    pub pool: PgPool,
    /// The address of its NATS.
    pub nats_url: String,
    /// Where clients call it: one for each command service.
    pub bases: Vec<Arc<BaseUrls>>,
    /// The connections of the clients.
    pub http: reqwest::Client,
}

impl SystemEndpoints {
    /// A user whose commands go to one of the command services. With fewer services than that
    /// number, several users share one.
    pub fn user(&self, name: &str, command_service: usize) -> Client {
        let bases = &self.bases[command_service % self.bases.len()];
        Client::for_user(self.http.clone(), Arc::clone(bases), name)
    }

    /// A user with the scope `admin`.
    pub fn admin(&self) -> Client {
        self.user("admin", 0)
            .with_token(Some(token::for_admin("admin")))
    }
}
