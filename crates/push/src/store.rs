//! Keeps the tokens, in a schema that no export, stream or reader's role has. A row counts only
//! while the log has its digest as the registration of the device.

use domain::ids::{DeviceId, UserId};
use domain::mailbox::push_event::{PushProvider, RegistrationDigest};
use domain::time::Timestamp;
use sqlx::PgPool;

use crate::registration::PushRegistration;

/// Where to push to.
#[derive(Clone)]
pub struct PushTarget {
    /// Who delivers.
    pub provider: PushProvider,
    /// What the provider calls the device.
    pub token: String,
    /// The keys of a browser.
    pub keys: Option<Vec<u8>>,
    /// The app, if it is another one than the configured.
    pub topic: Option<String>,
    /// When the device registered.
    pub registered_at: Timestamp,
}

/// A device that has registered a token which another device has registered since.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ReplacedDevice {
    /// Its user.
    pub user_name: String,
    /// The device.
    pub device: String,
    /// The digest of its registration.
    pub digest: String,
}

/// Stores the token of a registration, before the event that names its digest is appended.
pub async fn insert(
    pool: &PgPool,
    user: &UserId,
    device: &DeviceId,
    registration: &PushRegistration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO push.tokens
             (user_name, device, digest, token_digest, provider, token, keys, topic)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (user_name, device, digest) DO UPDATE SET created_at = now()",
    )
    .bind(user.as_str())
    .bind(device.as_str())
    .bind(registration.digest(user, device).as_str())
    .bind(registration.token_digest().as_slice())
    .bind(registration.provider.as_str())
    .bind(&registration.token)
    .bind(&registration.keys)
    .bind(&registration.topic)
    .execute(pool)
    .await?;
    Ok(())
}

/// Finds other devices with the same token: it belongs to one app on one device, so those are the
/// same device under another name, or after another user has signed in.
pub async fn find_replaced(
    pool: &PgPool,
    user: &UserId,
    device: &DeviceId,
    registration: &PushRegistration,
) -> Result<Vec<ReplacedDevice>, sqlx::Error> {
    sqlx::query_as(
        "SELECT t.user_name, t.device, t.digest FROM push.tokens t
         WHERE t.token_digest = $3 AND (t.user_name <> $1 OR t.device <> $2)",
    )
    .bind(user.as_str())
    .bind(device.as_str())
    .bind(registration.token_digest().as_slice())
    .fetch_all(pool)
    .await
}

/// Removes the token of a registration that no longer counts.
pub async fn remove(
    pool: &PgPool,
    user: &str,
    device: &str,
    digest: &RegistrationDigest,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM push.tokens WHERE user_name = $1 AND device = $2 AND digest = $3")
        .bind(user)
        .bind(device)
        .bind(digest.as_str())
        .execute(pool)
        .await?;
    Ok(())
}

/// Removes all tokens of a user.
pub async fn remove_all(pool: &PgPool, user: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM push.tokens WHERE user_name = $1")
        .bind(user)
        .execute(pool)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use connectivity::address::AllowedNetworks;
    use test_database::TestDatabase;

    use super::*;
    use crate::registration::RegistrationFields;

    fn apns(token: &str) -> PushRegistration {
        let fields = RegistrationFields {
            provider: PushProvider::Apns,
            token: Some(token),
            subscription: None,
            topic: None,
            preview: true,
        };
        PushRegistration::parse(&fields, &AllowedNetworks::default()).unwrap()
    }

    async fn count(pool: &PgPool) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM push.tokens")
            .fetch_one(pool)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_token_is_found_under_other_devices_until_it_is_removed() {
        let database = TestDatabase::migrated("push").await;
        let pool = &database.pool;
        let (ann, bob) = (UserId::parse("ann").unwrap(), UserId::parse("bob").unwrap());
        let phone = DeviceId::parse("phone").unwrap();
        let (one, other) = (apns("00aaff0011223344"), apns("ffaaff0011223344"));
        for (user, registration) in [(&ann, &one), (&ann, &one), (&ann, &other)] {
            insert(pool, user, &phone, registration).await.unwrap();
        }
        assert_eq!(count(pool).await, 2, "the same twice is one row");
        assert!(
            find_replaced(pool, &ann, &phone, &one)
                .await
                .unwrap()
                .is_empty()
        );
        let replaced = find_replaced(pool, &bob, &phone, &one).await.unwrap();
        let expected = ReplacedDevice {
            user_name: "ann".into(),
            device: "phone".into(),
            digest: one.digest(&ann, &phone).to_string(),
        };
        assert_eq!(replaced, [expected]);
        remove(pool, "ann", "phone", &one.digest(&ann, &phone))
            .await
            .unwrap();
        assert!(
            find_replaced(pool, &bob, &phone, &one)
                .await
                .unwrap()
                .is_empty()
        );
        remove_all(pool, "ann").await.unwrap();
        assert_eq!(count(pool).await, 0);
        database.close().await;
    }
}
