//! Refusals: a domain rule rejected the command. A refusal is not an infrastructure error, and
//! retrying the command does not help.

use std::time::Duration;

use crate::history::CursorReference;
use crate::time::Timestamp;

/// The kind of a refusal. Only the HTTP edge maps it to a status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// 404: the resource does not exist, or the caller must not learn that it does. The text is
    /// always the same.
    NotFound,
    /// 403: the caller is a member but lacks the permission.
    Forbidden,
    /// 403: the same because of a sanction against the caller, which ends by itself then, if ever.
    Sanctioned {
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// 409: the resource already exists, or the key was used for a different command.
    Conflict,
    /// 410: the command names an event that no longer exists.
    Gone,
    /// 413: a value exceeds a size limit.
    TooLarge,
    /// 422: the command is well-formed but violates a rule.
    Invalid,
    /// 429: the caller must wait this long before repeating the command.
    TooSoon(Duration),
}

/// Why a command was refused. `code` is a stable part of the API; `detail` is for humans.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The kind of refusal.
    pub kind: RefusalKind,
    /// A stable code in snake_case.
    pub code: &'static str,
    /// A full sentence: what was wrong, what was expected, what to do.
    pub detail: String,
    /// The invalid field, if the refusal is about a single field.
    pub field: Option<&'static str>,
}

impl Refusal {
    /// The refusal for unknown ids and for users who are not, or no longer, members.
    pub fn not_found() -> Self {
        Self {
            kind: RefusalKind::NotFound,
            code: "not_found",
            detail: "The resource does not exist or is not visible to you.".into(),
            field: None,
        }
    }

    /// The caller is a member but lacks the permission.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Forbidden,
            code: "forbidden",
            detail: detail.into(),
            field: None,
        }
    }

    /// A setting of the conversation forbids this.
    pub fn barred(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            ..Self::forbidden(detail)
        }
    }

    /// A sanction against the caller forbids this until it is lifted, or ends by itself.
    pub fn sanctioned(
        code: &'static str,
        detail: impl Into<String>,
        until: Option<Timestamp>,
    ) -> Self {
        Self {
            kind: RefusalKind::Sanctioned { until },
            ..Self::barred(code, detail)
        }
    }

    /// The caller wrote too recently.
    pub fn slow_mode(wait: Duration, detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::TooSoon(wait),
            code: "slow_mode",
            ..Self::forbidden(detail)
        }
    }

    /// The other user of a direct conversation has blocked the caller.
    pub fn blocked() -> Self {
        Self {
            kind: RefusalKind::Forbidden,
            code: "blocked",
            detail: "This user does not accept direct messages from you.".into(),
            field: None,
        }
    }

    /// A word list or the rules for links refuse a text.
    pub fn content_refused(field: &'static str) -> Self {
        Self {
            kind: RefusalKind::Invalid,
            code: "content_refused",
            detail: "The text contains words or links that this system does not accept; change it."
                .into(),
            field: Some(field),
        }
    }

    /// The service that checks messages refuses this one.
    pub fn message_refused(reason: Option<String>) -> Self {
        let detail = "The service that checks messages does not accept this one; change it.";
        Self {
            detail: reason.unwrap_or_else(|| detail.into()),
            ..Self::content_refused("body")
        }
    }

    /// A legal hold covers what the command would erase.
    pub fn held() -> Self {
        Self {
            kind: RefusalKind::Conflict,
            code: "held",
            detail: "A legal hold covers this content, so nothing was erased; lift the hold first \
                     (GET /v1/admin/holds)."
                .into(),
            field: None,
        }
    }

    /// The other user lets only their contacts begin a direct conversation.
    pub fn not_a_contact() -> Self {
        Self {
            code: "not_a_contact",
            ..Self::forbidden(
                "Only contacts of this user can begin a direct conversation with them. Ask to be one.",
            )
        }
    }

    /// The log does not have the event at a cursor.
    pub fn foreign_cursor(cursor: CursorReference) -> Self {
        Self {
            kind: RefusalKind::Gone,
            code: "cursor_expired",
            detail: format!(
                "The log no longer has the event at cursor {cursor}: it was restored from a backup, \
                 or a failover lost the event. Call GET /v1/inbox and resume from its Tidings-Cursor."
            ),
            field: Some("cursor"),
        }
    }

    /// One field violates a rule.
    pub fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Invalid,
            code: "invalid",
            detail: detail.into(),
            field: Some(field),
        }
    }

    /// The command violates a rule that has its own code.
    pub fn rule_violation(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Invalid,
            code,
            detail: detail.into(),
            field: None,
        }
    }

    /// A field exceeds a size limit.
    pub fn too_large(field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::TooLarge,
            code: "too_large",
            detail: detail.into(),
            field: Some(field),
        }
    }

    /// Another agent has accepted the service session.
    pub fn taken() -> Self {
        Self::conflict_of("taken", "Another agent has accepted this session.")
    }

    /// The state of the resource forbids this, with a code of its own.
    pub fn conflict_of(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            ..Self::conflict(detail)
        }
    }

    /// The resource already exists.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Conflict,
            code: "conflict",
            detail: detail.into(),
            field: None,
        }
    }
}
