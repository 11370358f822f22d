//! Records in the audit that the data of a user were handed over.

use audit::{AccessAct, AccessRecord, AccessRecorder};
use domain::ids::UserId;
use sqlx::PgPool;

use super::admin_call::OPERATOR_USER;

/// Records an export of the data of a user. If the database cannot be written, such as a replica,
/// the log says that it was not recorded.
pub async fn record_user_export(pool: &PgPool, user: &UserId) {
    let Ok(actor) = UserId::parse(OPERATOR_USER) else {
        return;
    };
    let access = AccessRecord {
        actor,
        act: AccessAct::UserExported,
        target: Some(user.to_string()),
        call: "tidings export-user".to_owned(),
    };
    AccessRecorder::new(pool.clone()).record(&access).await;
}
