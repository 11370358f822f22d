//! The secret from which the codes of links derive. It is beside the log, and so in no event,
//! export or stream.

use domain::link_code::LinkSecret;
use sqlx::PgPool;

/// Loads the secret of this deployment, which a migration creates.
pub async fn load(pool: &PgPool) -> Result<LinkSecret, sqlx::Error> {
    let secret = sqlx::query_scalar("SELECT secret FROM secrets.links");
    Ok(LinkSecret::from_bytes(secret.fetch_one(pool).await?))
}
