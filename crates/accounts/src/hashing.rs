//! Argon2id with the parameters that OWASP recommends, on threads for blocking work. Each hash
//! takes 19 MiB and some tens of milliseconds of a core, so a flood of logins is bounded: a few
//! hashes run at a time, some wait, and the rest is refused.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{
    Error as HashError, Output, PasswordHash as StoredHash, PasswordHasher as _,
    PasswordVerifier as _, SaltString,
};
use argon2::{Algorithm, Argon2, Params, Version};
use metrics::{Counter, counter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::password::{Password, PasswordHash};

/// The memory of a hash in KiB, its passes and its lanes: the first choice of the OWASP Password
/// Storage Cheat Sheet for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The largest number of hashes at a time, on however many cores.
const MAX_CONCURRENT_HASHES: usize = 4;

/// How many requests may wait for each hash that runs.
const WAITING_PER_HASH: usize = 32;

/// How long a request waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The bytes of a hash and of the part of it that is random.
const OUTPUT_BYTES: usize = 32;

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many passwords are being hashed.
    #[error("too many passwords are being compared at the moment")]
    Overloaded,
    /// The stored hash cannot be read, or the algorithm failed.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

impl From<HashError> for HashingError {
    fn from(error: HashError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Hashes and compares passwords. Clones share the bounds.
#[derive(Clone)]
pub struct PasswordHasher(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    /// Compared where a user has no account, so that an unknown user costs as much as a known one.
    decoy: PasswordHash,
    running: Arc<Semaphore>,
    queue: Semaphore,
    hashes: Counter,
}

impl PasswordHasher {
    /// A hasher that takes at most half of the cores. Create it after the metrics recorder is
    /// installed, because it registers its metric on creation.
    pub fn new() -> Result<Self, HashingError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_limits(
            (cores / 2).clamp(1, MAX_CONCURRENT_HASHES),
            WAITING_PER_HASH,
        )
    }

    fn with_limits(concurrent: usize, waiting: usize) -> Result<Self, HashingError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES))
            .map_err(|error| HashingError::Failed(error.to_string()))?;
        Ok(Self(Arc::new(Inner {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            decoy: decoy()?,
            running: Arc::new(Semaphore::new(concurrent)),
            queue: Semaphore::new(concurrent * waiting),
            hashes: counter!("tidings_password_hashes_total"),
        })))
    }

    /// Hashes a password with a new salt.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, HashingError> {
        self.run(move |argon2| {
            let salt = new_salt()?;
            let hash = argon2.hash_password(password.as_bytes(), &salt)?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    /// Whether the password is the one of this hash. Without a hash, does the same work and returns
    /// false.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<bool, HashingError> {
        let is_known = stored.is_some();
        let compared = stored.unwrap_or_else(|| self.0.decoy.clone());
        let matches = self.run(move |argon2| {
            let parsed = StoredHash::new(&compared.0)?;
            if parsed.salt.is_none() || parsed.hash.is_none() {
                // The library would take it for another password.
                return Err(HashingError::Failed("a stored hash is incomplete".into()));
            }
            match argon2.verify_password(password.as_bytes(), &parsed) {
                Ok(()) => Ok(true),
                Err(HashError::Password) => Ok(false),
                Err(error) => Err(error.into()),
            }
        });
        Ok(matches.await? && is_known)
    }

    /// Runs a hash on a thread for blocking work. It keeps its turn to its end, even if the client
    /// leaves: the core and the memory are in use that long.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let turn = self.wait_for_turn().await?;
        let inner = self.0.clone();
        let hashed = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            inner.hashes.increment(1);
            work(&inner.argon2)
        });
        hashed
            .await
            .map_err(|error| HashingError::Failed(error.to_string()))?
    }

    async fn wait_for_turn(&self) -> Result<OwnedSemaphorePermit, HashingError> {
        let _queued = self
            .0
            .queue
            .try_acquire()
            .map_err(|_| HashingError::Overloaded)?;
        let turn = self.0.running.clone().acquire_owned();
        match tokio::time::timeout(TURN_TIMEOUT, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(HashingError::Overloaded),
        }
    }
}

/// A salt of 122 random bits.
fn new_salt() -> Result<SaltString, HashError> {
    SaltString::encode_b64(Uuid::new_v4().as_bytes())
}

/// A hash of no password, with the parameters of every other.
fn decoy() -> Result<PasswordHash, HashError> {
    let random = [Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes);
    let output = Output::new(&random.concat())?;
    Ok(PasswordHash(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${output}",
        new_salt()?
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text).expect("a password")
    }

    #[tokio::test]
    async fn a_hash_has_the_documented_parameters_and_matches_its_password_only() {
        let hasher = PasswordHasher::new().expect("a hasher");
        let hash = hasher
            .hash(password("correct horse"))
            .await
            .expect("a hash");
        assert!(
            hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.0
        );
        let again = hasher
            .hash(password("correct horse"))
            .await
            .expect("a hash");
        assert_ne!(hash, again, "the salt differs");
        for (candidate, expected) in [
            ("correct horse", true),
            ("correct house", false),
            ("", false),
        ] {
            let matches = hasher.verify(Password::candidate(candidate), Some(hash.clone()));
            assert_eq!(matches.await.expect("compared"), expected, "{candidate}");
        }
    }

    #[tokio::test]
    async fn an_unknown_user_is_compared_with_a_hash_of_the_same_cost() {
        let hasher = PasswordHasher::new().expect("a hasher");
        let known = hasher
            .hash(password("correct horse"))
            .await
            .expect("a hash");
        let decoy = &hasher.0.decoy;
        let cost = |hash: &PasswordHash| {
            let parsed = StoredHash::new(&hash.0).expect("a hash");
            let (salt, output) = (parsed.salt.expect("a salt"), parsed.hash.expect("a hash"));
            let params = parsed.params.to_string();
            (params, salt.len(), output.len(), parsed.version)
        };
        assert_eq!(cost(decoy), cost(&known));
        let matches = hasher.verify(password("correct horse"), None).await;
        assert!(!matches.expect("compared"));
    }

    #[tokio::test]
    async fn a_flood_is_refused_once_the_queue_is_full() {
        let hasher = PasswordHasher::with_limits(1, 2).expect("a hasher");
        let turn = hasher.wait_for_turn().await.expect("the first turn");
        let waiting = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.hash(password("correct horse")).await }
        });
        let second = hasher.clone();
        let filled = tokio::spawn(async move { second.hash(password("correct horse")).await });
        eventually::eventually("two wait", async || {
            (hasher.0.queue.available_permits() == 0).then_some(())
        })
        .await;
        let refused = hasher.hash(password("correct horse")).await;
        assert!(matches!(refused, Err(HashingError::Overloaded)));
        drop(turn);
        for ended in [waiting, filled] {
            assert!(ended.await.expect("no panic").is_ok());
        }
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_and_no_match() {
        let hasher = PasswordHasher::new().expect("a hasher");
        let damaged = PasswordHash("$argon2id$v=19$m=19456".into());
        let compared = hasher
            .verify(password("correct horse"), Some(damaged))
            .await;
        assert!(matches!(compared, Err(HashingError::Failed(_))));
    }
}
