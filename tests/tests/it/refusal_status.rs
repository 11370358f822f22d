//! With which status a route refuses a body whose fields have other types or values.

use tests::routes::Route;

/// Bodies of `mistyped_bodies` that have the right form and are refused nevertheless: method,
/// path, status and names.
const OTHER_REFUSALS: [(&str, &str, u16, &[&str]); 14] = [
    // No file may be that large.
    (
        "POST",
        "/v1/files",
        413,
        &["size = 2^31", "size = 2^53", "size = 2^63-1", "size = 2^63"],
    ),
    // An earlier body has made the conversation.
    (
        "POST",
        "/v1/conversations",
        409,
        &["title = null", "title = text", "no title"],
    ),
    // An earlier body has used the key.
    (
        "POST",
        "/v1/conversations/{id}/messages",
        409,
        &[
            "reply_to = null",
            "no reply_to",
            "reply_to = 0",
            "reply_to = -1",
            "reply_to = 2^31",
            "reply_to = 2^53",
            "reply_to = 2^63-1",
            "reply_to = -2^63",
            "mentions = empty list",
            "no mentions",
        ],
    ),
    // An earlier body has recalled the message.
    (
        "POST",
        "/v1/conversations/{id}/messages/{seq}/reports",
        404,
        &[
            "note = null",
            "note = empty text",
            "note = text",
            "note = control characters",
            "no note",
        ],
    ),
    // There is no such case,
    (
        "POST",
        "/v1/moderation/cases/{id}/resolve",
        404,
        &[
            "note = null",
            "note = empty text",
            "note = text",
            "note = control characters",
            "note = long text",
            "no note",
        ],
    ),
    // no session,
    (
        "POST",
        "/v1/service-sessions/{session}/transfer",
        404,
        &[
            "agent = null",
            "agent = empty text",
            "agent = text",
            "agent = control characters",
            "agent = long text",
            "no agent",
            "note = null",
            "note = empty text",
            "note = text",
            "note = control characters",
            "note = long text",
            "no note",
        ],
    ),
    (
        "POST",
        "/v1/service-sessions/{session}/close",
        404,
        &[
            "reason = null",
            "reason = empty text",
            "reason = text",
            "reason = control characters",
            "reason = long text",
            "no reason",
        ],
    ),
    (
        "POST",
        "/v1/service-sessions/{session}/notes",
        404,
        &[
            "text = empty text",
            "text = text",
            "text = control characters",
            "text = long text",
        ],
    ),
    (
        "POST",
        "/v1/service-sessions/{session}/tags",
        404,
        &["tags = empty list"],
    ),
    (
        "POST",
        "/v1/service-sessions/{session}/rating",
        404,
        &[
            "score = 0",
            "score = -1",
            "score = 2^31",
            "score = 2^53",
            "score = 2^63-1",
            "score = -2^63",
            "text = null",
            "text = empty text",
            "text = text",
            "text = control characters",
            "text = long text",
            "no text",
        ],
    ),
    // no webhook,
    (
        "PATCH",
        "/v1/admin/webhooks/{id}",
        404,
        &["enabled = null", "enabled = true", "no enabled"],
    ),
    (
        "POST",
        "/v1/admin/webhooks/{id}/replay",
        404,
        &[
            "from = 0",
            "from = -1",
            "from = 2^31",
            "from = 2^53",
            "from = 2^63-1",
            "from = -2^63",
        ],
    ),
    // and there are no accounts.
    ("POST", "/v1/admin/invites", 404, &["ttl = null", "no ttl"]),
    (
        "PUT",
        "/v1/admin/accounts/{user}/scope",
        404,
        &["scope = empty text"],
    ),
];

/// Routes of accounts, which do not exist here, with bodies of texts.
const ACCOUNT_ROUTES: [&str; 4] = [
    "/v1/accounts",
    "/v1/sessions",
    "/v1/users/me/password",
    "/v1/place/setup",
];

/// Fields with one of some words: route and field. Their parser stops at the number.
const WORD_FIELDS: [(&str, &str); 16] = [
    ("/v1/devices/{device}/push", "provider"),
    ("/v1/conversations", "kind"),
    ("/v1/conversations/{id}", "history"),
    ("/v1/conversations/{id}/members", "role"),
    ("/v1/conversations/{id}/messages", "type"),
    ("/v1/conversations/{id}/messages/{seq}/reports", "reason"),
    ("/v1/users/{user}/reports", "reason"),
    ("/v1/admin/users/{user}", "kind"),
    ("/v1/moderation/users/{user}/restriction", "kind"),
    ("/v1/moderation/lists/{name}", "action"),
    ("/v1/moderation/lists/{name}", "match"),
    ("/v1/moderation/links", "action"),
    ("/v1/moderation/cases/{id}/resolve", "action"),
    ("/v1/moderation/hook", "on_failure"),
    ("/v1/admin/jobs", "kind"),
    ("/v1/admin/jobs", "of"),
];

/// The status with which a route refuses an input of `mistyped_bodies`.
pub fn refusal_status(route: &Route, name: &str) -> u16 {
    // The parser of JSON has no such number.
    if let Some(field) = name.strip_suffix(" = 1e999") {
        let is_word = WORD_FIELDS.contains(&(route.template, field));
        return if is_word { 422 } else { 400 };
    }
    // There is no such message.
    let is_body = name.starts_with("body = ") && name != "body = 2^64" || name == "no body";
    if is_body && route.template == "/v1/scheduled/{scheduled}" {
        return 404;
    }
    let texts = [
        " = empty text",
        " = text",
        " = control characters",
        " = long text",
    ];
    let is_text = texts.iter().any(|text| name.ends_with(text));
    if is_text && ACCOUNT_ROUTES.contains(&route.template) {
        return 404;
    }
    let found = OTHER_REFUSALS.iter().find(|(method, path, _, names)| {
        *method == route.method && *path == route.template && names.contains(&name)
    });
    found.map_or(422, |(_, _, status, _)| *status)
}
