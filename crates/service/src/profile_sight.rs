//! Tells the command service who can see whose profile, which only the read model knows.

use command_svc::ProfileSight;
use event_log::LogError;
use query_api::Directory;
use sqlx::PgPool;

/// Asks the read model over these connections.
pub fn profile_sight(pool: PgPool, directory: Directory) -> ProfileSight {
    Box::new(move |caller, user, head| {
        let pool = pool.clone();
        Box::pin(async move {
            let sight = query_api::can_see_profile(&pool, directory, head, &caller, &user).await;
            match sight {
                Ok(Some(can_see)) => Ok(can_see),
                Ok(None) => Err(LogError::Unavailable("the read model is behind".into())),
                Err(error) => Err(LogError::Unavailable(error.to_string())),
            }
        })
    })
}
