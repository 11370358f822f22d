//! A route: how it is called, and who may call it.

/// A well-formed code of a link that does not exist.
const LINK_CODE: &str = "5f3a9c21e0b74d6685f3a9c21e0b74d6.room";

/// A well-formed id of a file that does not exist.
const FILE: &str = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";

/// A well-formed id of a service session that does not exist.
pub const SESSION: &str = "desk_0123456789abcdef0123456789abcdef.1";

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
    /// The role of an agent of the desk, or of the customer of the session, or a token with the
    /// scope `admin`. To everybody else, neither exists.
    Desk,
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

/// A route of the table.
pub const fn route(
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
            .replace("{file}", FILE)
            .replace("{device}", "phone")
            .replace("{desk}", "billing")
            .replace("{session}", SESSION)
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
