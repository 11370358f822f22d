//! What is decided and known about one user, for `tidings user show`.

use std::fmt::Write as _;

use domain::profile::event::UserRestricted;
use domain::time::Timestamp;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;

/// What the system knows about a user.
#[derive(Debug, Serialize)]
pub struct UserReport {
    /// The user.
    pub id: String,
    /// The name that others see.
    pub display_name: Option<String>,
    /// `user`, `bot` or `system`.
    pub kind: String,
    /// Whether the user is deactivated.
    pub deactivated: bool,
    /// Tokens issued up to this time are refused.
    pub revoked_before: Option<Timestamp>,
    /// What a moderator does not allow the user; it may have ended.
    pub restriction: Option<UserRestricted>,
    /// When the user was online last.
    pub last_seen: Option<Timestamp>,
    /// The number of conversations that the user is a member of.
    pub conversations: i64,
    /// The number of devices that have acknowledged anything.
    pub devices: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    display_name: Option<String>,
    kind: String,
    deactivated: bool,
    revoked_before: Option<OffsetDateTime>,
    restriction: Option<String>,
    last_seen: Option<OffsetDateTime>,
    conversations: i64,
    devices: i64,
}

impl UserReport {
    /// Loads the report; `None` if the log does not name the user.
    pub async fn load(pool: &PgPool, user: &str) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT f.display_name, coalesce(f.kind, 'user') AS kind,
                    coalesce(f.deactivated, false) AS deactivated, f.revoked_before, f.restriction,
                    (SELECT l.at FROM presence.last_seen l WHERE l.name = u.name) AS last_seen,
                    (SELECT count(*) FROM read.members m WHERE m.user_id = u.id AND m.present) AS conversations,
                    (SELECT count(*) FROM read.devices d WHERE d.user_id = u.id) AS devices
             FROM read.users u LEFT JOIN read.profiles f ON f.user_id = u.id WHERE u.name = $1",
        )
        .bind(user)
        .fetch_optional(pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let restriction = row.restriction.as_deref().map(serde_json::from_str);
        Ok(Some(Self {
            id: user.to_owned(),
            display_name: row.display_name,
            kind: row.kind,
            deactivated: row.deactivated,
            revoked_before: row.revoked_before.map(Timestamp::from),
            restriction: restriction
                .transpose()
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            last_seen: row.last_seen.map(Timestamp::from),
            conversations: row.conversations,
            devices: row.devices,
        }))
    }

    /// The report as text, with line endings.
    pub fn to_text(&self) -> String {
        let time = |time: Option<Timestamp>| time.map_or("never".into(), |time| time.to_string());
        let name = self.display_name.as_deref().unwrap_or("none");
        let mut text = format!(
            "user           {}\nname           {name}\nkind           {}\n",
            self.id, self.kind
        );
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "deactivated    {}",
            if self.deactivated { "yes" } else { "no" }
        );
        let _ = writeln!(text, "tokens revoked {}", time(self.revoked_before));
        let _ = writeln!(text, "restriction    {}", self.describe_restriction());
        let _ = writeln!(text, "last seen      {}", time(self.last_seen));
        let _ = writeln!(text, "conversations  {}", self.conversations);
        let _ = writeln!(text, "devices        {}", self.devices);
        text
    }

    fn describe_restriction(&self) -> String {
        let Some(restriction) = &self.restriction else {
            return "none".into();
        };
        let kind = restriction.kind.as_str();
        match restriction.until {
            Some(until) => format!("{kind} until {until}, by {}", restriction.by),
            None => format!("{kind}, by {}", restriction.by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_what_is_decided() {
        let report = UserReport {
            id: "ann".into(),
            display_name: Some("Ann".into()),
            kind: "bot".into(),
            deactivated: true,
            revoked_before: Some(Timestamp::from_millis(0)),
            restriction: None,
            last_seen: None,
            conversations: 2,
            devices: 1,
        };
        let text = report.to_text();
        for line in [
            "deactivated    yes\n",
            "tokens revoked 1970-01-01T00:00:00.000Z\n",
            "restriction    none\n",
            "last seen      never\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
