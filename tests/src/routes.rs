//! Every documented route with a well-formed call of it. A test compares this table with the served
//! OpenAPI document, so a new route fails until this table says who may call it.

/// What a caller needs to use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Membership in the conversation of the path. Everyone else gets the 404 of an unknown id.
    Member,
    /// Any valid token.
    User,
    /// A token with the scope `admin`.
    Admin,
    /// A token with the scope `moderator` or `admin`, or the role owner or admin in the group of
    /// the case. To everybody else, no case exists.
    Case,
    /// No token.
    Open,
    /// No token, but a local account or the right to open one. Without accounts, everybody gets
    /// 404.
    Account,
}

/// A route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with `{id}` for the conversation. [`Route::path`] replaces the parameters.
    pub template: &'static str,
    /// A well-formed JSON body, or `None` if the route has no body.
    pub body: Option<&'static str>,
    /// Who may use it.
    pub access: Access,
}

const fn route(
    method: &'static str,
    template: &'static str,
    access: Access,
    body: Option<&'static str>,
) -> Route {
    Route {
        method,
        template,
        body,
        access,
    }
}

/// All routes.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/conversations", Access::User, Some(CREATE)),
    route("GET", "/v1/conversations/{id}", Access::Member, None),
    route(
        "PATCH",
        "/v1/conversations/{id}",
        Access::Member,
        Some(r#"{"title":"new","history":"all"}"#),
    ),
    route(
        "GET",
        "/v1/conversations/{id}/members",
        Access::Member,
        None,
    ),
    route(
        "POST",
        "/v1/conversations/{id}/members",
        Access::Member,
        Some(r#"{"users":["zoe"],"role":"member"}"#),
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/members/{user}",
        Access::Member,
        None,
    ),
    route(
        "GET",
        "/v1/conversations/{id}/messages",
        Access::Member,
        None,
    ),
    route(
        "POST",
        "/v1/conversations/{id}/messages",
        Access::Member,
        Some(SEND),
    ),
    route(
        "GET",
        "/v1/conversations/{id}/messages/{seq}",
        Access::Member,
        None,
    ),
    route(
        "PUT",
        "/v1/conversations/{id}/messages/{seq}",
        Access::Member,
        Some(r#"{"body":{"text":"better"}}"#),
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/messages/{seq}",
        Access::Member,
        None,
    ),
    route(
        "GET",
        "/v1/conversations/{id}/messages/{seq}/history",
        Access::Member,
        None,
    ),
    route(
        "GET",
        "/v1/conversations/{id}/messages/{seq}/receipts",
        Access::Member,
        None,
    ),
    route(
        "PUT",
        "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
        Access::Member,
        None,
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
        Access::Member,
        None,
    ),
    route(
        "GET",
        "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
        Access::Member,
        None,
    ),
    route(
        "GET",
        "/v1/conversations/{id}/messages/{seq}/thread",
        Access::Member,
        None,
    ),
    route(
        "PUT",
        "/v1/conversations/{id}/messages/{seq}/thread/follow",
        Access::Member,
        None,
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/messages/{seq}/thread/follow",
        Access::Member,
        None,
    ),
    route(
        "POST",
        "/v1/conversations/{id}/messages/{seq}/thread/read",
        Access::Member,
        Some(r#"{"up_to":1}"#),
    ),
    route(
        "POST",
        "/v1/conversations/{id}/messages/{seq}/restore",
        Access::Member,
        None,
    ),
    route("GET", "/v1/conversations/{id}/pins", Access::Member, None),
    route(
        "PUT",
        "/v1/conversations/{id}/pins/{seq}",
        Access::Member,
        None,
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/pins/{seq}",
        Access::Member,
        None,
    ),
    route(
        "POST",
        "/v1/conversations/{id}/read",
        Access::Member,
        Some(r#"{"up_to":1}"#),
    ),
    route(
        "PATCH",
        "/v1/conversations/{id}/preferences",
        Access::Member,
        Some(PREFERENCES),
    ),
    route(
        "POST",
        "/v1/inbox/ack",
        Access::User,
        Some(r#"{"device":"phone","cursor":1}"#),
    ),
    route("PUT", "/v1/blocks/{user}", Access::User, None),
    route("DELETE", "/v1/blocks/{user}", Access::User, None),
    route("GET", "/v1/blocks", Access::User, None),
    route(
        "PUT",
        "/v1/contacts/{user}",
        Access::User,
        Some(r#"{"note":"hi"}"#),
    ),
    route("DELETE", "/v1/contacts/{user}", Access::User, None),
    route("GET", "/v1/contacts", Access::User, None),
    route("GET", "/v1/invitations", Access::User, None),
    route("PUT", "/v1/invitations/{id}", Access::User, None),
    route("DELETE", "/v1/invitations/{id}", Access::User, None),
    route(
        "DELETE",
        "/v1/conversations/{id}/invitations/{user}",
        Access::Member,
        None,
    ),
    route("POST", "/v1/batch", Access::User, None),
    route("GET", "/v1/users/me", Access::User, None),
    route(
        "PATCH",
        "/v1/users/me",
        Access::User,
        Some(r#"{"display_name":"Zoe"}"#),
    ),
    route(
        "PATCH",
        "/v1/users/me/settings",
        Access::User,
        Some(r#"{"last_seen":true}"#),
    ),
    route("GET", "/v1/users/{user}", Access::User, None),
    route("GET", "/v1/users", Access::User, None),
    route(
        "PUT",
        "/v1/admin/users/{user}",
        Access::Admin,
        Some(r#"{"kind":"user"}"#),
    ),
    route("POST", "/v1/admin/users/{user}/revoke", Access::Admin, None),
    route("GET", "/v1/admin/users", Access::Admin, None),
    route("GET", "/v1/admin/users/{user}", Access::Admin, None),
    route("GET", "/v1/admin/audit", Access::Admin, None),
    route(
        "PUT",
        "/v1/moderation/users/{user}/restriction",
        Access::Admin,
        Some(r#"{"kind":"silenced","reason":"spam"}"#),
    ),
    route(
        "DELETE",
        "/v1/moderation/users/{user}/restriction",
        Access::Admin,
        None,
    ),
    route("GET", "/v1/inbox", Access::User, None),
    route("GET", "/v1/inbox/unread", Access::User, None),
    route("GET", "/v1/inbox/unread/{id}/explain", Access::Member, None),
    route("GET", "/v1/inbox/entries", Access::User, None),
    route("GET", "/v1/outbox", Access::User, None),
    route("GET", "/v1/presence", Access::User, None),
    route("GET", "/v1/threads", Access::User, None),
    route("GET", "/v1/held", Access::User, None),
    route("GET", "/v1/scheduled", Access::User, None),
    route(
        "PATCH",
        "/v1/scheduled/{scheduled}",
        Access::User,
        Some(r#"{"body":{"text":"better"}}"#),
    ),
    route("DELETE", "/v1/scheduled/{scheduled}", Access::User, None),
    route("GET", "/v1/live", Access::User, None),
    route("GET", "/v1/search", Access::User, None),
    route("GET", "/v1/events", Access::Admin, None),
    route(
        "GET",
        "/v1/admin/conversations/{id}/messages/{seq}/explain",
        Access::Admin,
        None,
    ),
    route(
        "GET",
        "/v1/admin/conversations/{id}/messages/{seq}/trace",
        Access::Admin,
        None,
    ),
    route("GET", "/v1/admin/unread", Access::Admin, None),
    route("POST", "/v1/admin/import", Access::Admin, None),
    route(
        "POST",
        "/v1/admin/erasures",
        Access::Admin,
        Some(r#"{"user":"zoe"}"#),
    ),
    route(
        "POST",
        "/v1/conversations/{id}/join",
        Access::Member,
        Some(r#"{"note":"hello"}"#),
    ),
    route(
        "GET",
        "/v1/conversations/{id}/join-requests",
        Access::Member,
        None,
    ),
    route(
        "PUT",
        "/v1/conversations/{id}/join-requests/{user}",
        Access::Member,
        None,
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/join-requests/{user}",
        Access::Member,
        None,
    ),
    route(
        "POST",
        "/v1/conversations/{id}/links",
        Access::Member,
        Some(r#"{"max_uses":3,"expires_in":"7d"}"#),
    ),
    route("GET", "/v1/conversations/{id}/links", Access::Member, None),
    route(
        "DELETE",
        "/v1/conversations/{id}/links/{code}",
        Access::Member,
        None,
    ),
    route("GET", "/v1/links/{code}", Access::User, None),
    route("POST", "/v1/links/{code}", Access::User, None),
    route(
        "PUT",
        "/v1/conversations/{id}/silences/{user}",
        Access::Member,
        Some(r#"{"until":"2099-01-01T00:00:00Z","reason":"spam"}"#),
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/silences/{user}",
        Access::Member,
        None,
    ),
    route(
        "GET",
        "/v1/conversations/{id}/silences",
        Access::Member,
        None,
    ),
    route(
        "GET",
        "/v1/conversations/{id}/silences/{user}",
        Access::Member,
        None,
    ),
    route(
        "PUT",
        "/v1/conversations/{id}/bans/{user}",
        Access::Member,
        Some(r#"{"reason":"spam"}"#),
    ),
    route(
        "DELETE",
        "/v1/conversations/{id}/bans/{user}",
        Access::Member,
        None,
    ),
    route("GET", "/v1/conversations/{id}/bans", Access::Member, None),
    route(
        "GET",
        "/v1/conversations/{id}/bans/{user}",
        Access::Member,
        None,
    ),
    // The last one about a conversation: afterwards, the caller does not see message 1.
    route(
        "POST",
        "/v1/conversations/{id}/clear",
        Access::Member,
        Some(r#"{"up_to":1}"#),
    ),
    route("GET", "/v1/admin/switches", Access::Admin, None),
    route(
        "PUT",
        "/v1/admin/switches/{name}",
        Access::Admin,
        Some(r#"{"on":true}"#),
    ),
    route("GET", "/v1/admin/holds", Access::Admin, None),
    route(
        "PUT",
        "/v1/admin/holds/{name}",
        Access::Admin,
        Some(r#"{"user":"zoe","reason":"a court has asked"}"#),
    ),
    route("DELETE", "/v1/admin/holds/{name}", Access::Admin, None),
    route("GET", "/v1/moderation/lists", Access::Admin, None),
    route("GET", "/v1/moderation/lists/{name}", Access::Admin, None),
    route(
        "PUT",
        "/v1/moderation/lists/{name}",
        Access::Admin,
        Some(r#"{"action":"flag","match":"word","words":["rogue"]}"#),
    ),
    route("DELETE", "/v1/moderation/lists/{name}", Access::Admin, None),
    route("GET", "/v1/moderation/links", Access::Admin, None),
    route(
        "PUT",
        "/v1/moderation/links",
        Access::Admin,
        Some(r#"{"deny":["evil.example"],"action":"flag"}"#),
    ),
    route("GET", "/v1/moderation/flood", Access::Admin, None),
    route("PUT", "/v1/moderation/flood", Access::Admin, Some(NO_RULES)),
    route(
        "POST",
        "/v1/conversations/{id}/messages/{seq}/reports",
        Access::Member,
        Some(r#"{"reason":"spam","note":"every day"}"#),
    ),
    route(
        "POST",
        "/v1/users/{user}/reports",
        Access::User,
        Some(r#"{"reason":"abuse"}"#),
    ),
    route("GET", "/v1/moderation/cases", Access::Admin, None),
    route("GET", "/v1/moderation/cases/{id}", Access::Case, None),
    route(
        "POST",
        "/v1/moderation/cases/{id}/resolve",
        Access::Case,
        Some(r#"{"action":"none","note":"nothing"}"#),
    ),
    route(
        "POST",
        "/v1/moderation/cases/{id}/reopen",
        Access::Case,
        None,
    ),
    route(
        "PUT",
        "/v1/moderation/hook",
        Access::Admin,
        Some(r#"{"url":"https://checks.example.org/","types":["control"],"on_failure":"allow"}"#),
    ),
    route("GET", "/v1/moderation/hook", Access::Admin, None),
    route("DELETE", "/v1/moderation/hook", Access::Admin, None),
    route("GET", "/v1/admin/status", Access::Admin, None),
    route("GET", "/v1/admin/conversations", Access::Admin, None),
    route("GET", "/v1/admin/conversations/{id}", Access::Admin, None),
    route("GET", "/v1/admin/webhooks", Access::Admin, None),
    route(
        "POST",
        "/v1/admin/webhooks",
        Access::Admin,
        Some(r#"{"url":"https://hooks.example.org/"}"#),
    ),
    route(
        "PATCH",
        "/v1/admin/webhooks/{id}",
        Access::Admin,
        Some(r#"{"enabled":true}"#),
    ),
    route("DELETE", "/v1/admin/webhooks/{id}", Access::Admin, None),
    route("GET", "/v1/admin/webhooks/{id}/parked", Access::Admin, None),
    route(
        "POST",
        "/v1/admin/webhooks/{id}/replay",
        Access::Admin,
        Some(r#"{"from":1}"#),
    ),
    route("POST", "/v1/accounts", Access::Account, Some(ACCOUNT)),
    route("POST", "/v1/sessions", Access::Account, Some(ACCOUNT)),
    route(
        "PUT",
        "/v1/users/me/password",
        Access::User,
        Some(r#"{"old":"correct horse battery","new":"staple and battery"}"#),
    ),
    route(
        "POST",
        "/v1/admin/invites",
        Access::Admin,
        Some(r#"{"ttl":"7d"}"#),
    ),
    route(
        "POST",
        "/v1/admin/tokens",
        Access::Admin,
        Some(r#"{"user":"zoe","ttl":"1h","scope":"moderator"}"#),
    ),
    route("GET", "/livez", Access::Open, None),
    route("GET", "/readyz", Access::Open, None),
    route("GET", "/metrics", Access::Open, None),
];

const CREATE: &str = r#"{"kind":"group","members":["zoe","yan"],"title":"a title","id":"fresh"}"#;

const SEND: &str = r#"{"client_message_id":"k1","type":"text","body":{"text":"hello"},"reply_to":1,"mentions":["bob"]}"#;

/// A well-formed code of a link that does not exist.
const LINK_CODE: &str = "5f3a9c21e0b74d6685f3a9c21e0b74d6.room";

const NO_RULES: &str = r#"{"rules":[]}"#;

const ACCOUNT: &str = r#"{"user":"zoe","password":"correct horse battery"}"#;

const PREFERENCES: &str = r#"{"muted":true,"pinned":true,"archived":true}"#;

impl Route {
    /// Its path for a conversation.
    pub fn path(&self, conversation: &str) -> String {
        self.message_path(conversation, "1")
    }

    /// Its path for a message of a conversation.
    pub fn message_path(&self, conversation: &str, seq: &str) -> String {
        let path = self
            .template
            .replace("{id}", conversation)
            .replace("{seq}", seq);
        path.replace("{user}", "carol")
            .replace("{key}", "%F0%9F%91%8D")
            .replace("{code}", LINK_CODE)
            .replace("{name}", "typing")
            .replace("{scheduled}", "s1")
    }

    /// Method and path with every parameter as `{}`, for comparison with the OpenAPI document.
    pub fn pattern(&self) -> String {
        path_pattern(self.method, self.template)
    }

    /// Whether it is a command.
    pub fn is_command(&self) -> bool {
        self.method != "GET"
    }
}

/// Method and path without the names of the parameters.
pub fn path_pattern(method: &str, template: &str) -> String {
    let parts = template
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    format!(
        "{} {}",
        method.to_uppercase(),
        parts.collect::<Vec<_>>().join("/")
    )
}
