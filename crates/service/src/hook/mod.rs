//! The hook, an outside service that checks messages before they are sent. The command service
//! decides when to ask and what follows; the dispatcher has the HTTP client, and keeps the secret.
//! Only the composition root knows both.
//!
//! - [`client`]: carries a question to the service. [`route`]: sets the hook.

mod client;
mod route;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use command_svc::CommandState;
use dispatcher::address::AllowedNetworks;
use dispatcher::message_check::CheckSender;
use http_edge::schema;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use client::HookClient;
use route::HookRouteState;

/// Lets the commands of this process ask the hook, and returns the route that sets it. `pool`
/// writes.
pub fn serve(
    commands: &CommandState,
    pool: PgPool,
    allowed: AllowedNetworks,
) -> Result<OpenApiRouter> {
    let sender = CheckSender::new(allowed.clone()).context("messages cannot be checked")?;
    commands.set_message_check(Arc::new(HookClient::new(sender, pool.clone())));
    let state = HookRouteState {
        commands: commands.clone(),
        pool,
        allowed,
    };
    Ok(OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(route::set_hook))
        .with_state(state))
}
