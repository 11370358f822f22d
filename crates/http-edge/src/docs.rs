//! API documentation: `/openapi.json`, generated from the code, the Swagger UI at `/docs`, and a
//! page at `/` that leads there.

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi, Server};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The name of the security scheme in the OpenAPI document.
pub const BEARER_SCHEME: &str = "bearer";

/// What the document says about itself.
const INTRODUCTION: &str = "\
Tidings is a self-hosted messaging backend. Commands (`POST`, `PUT`, `PATCH`, `DELETE`) append \
events to a log and answer with the `position` of the last one. Queries (`GET`) read projections of \
the log; with `min_position` they wait until these have reached a position, so that a client reads \
its own writes.

To begin: press **Authorize** and enter a token (on the machine of Tidings, `tidings token ann` \
prints one). Create a conversation with `create_conversation`, send to it with `send_message`, and \
see it with `get_inbox` and `list_messages`. `live` pushes what happens, and `list_entries` syncs \
what a device has missed.

Every error is a problem document (RFC 9457) with a stable `code`. Unknown fields and parameters are \
refused, unless the request says `Prefer: handling=lenient`.";

/// The page at `/`.
const LANDING_PAGE: &str = include_str!("landing.html");

/// The tags, in the order in which a developer needs them.
const TAGS: [(&str, &str); 7] = [
    (
        "conversations",
        "Direct conversations, groups and their members.",
    ),
    (
        "messages",
        "Sending, reading, editing and recalling; reactions and receipts.",
    ),
    (
        "inbox",
        "The list of conversations, unread counts, sync and live delivery.",
    ),
    ("search", "Full-text search in what the caller can see."),
    ("users", "Blocks between users."),
    ("batch", "Several commands in one request."),
    (
        "admin",
        "The event log, imports and erasures: for administrators.",
    ),
];

/// Writes the introduction, and puts the tags in order.
pub fn describe(api: &mut OpenApi, version: &str) {
    let license = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"));
    api.info = InfoBuilder::new()
        .title("Tidings")
        .version(version)
        .description(Some(INTRODUCTION))
        .license(Some(license.build()))
        .build();
    api.servers = Some(vec![Server::new("/")]);
    let tags = TAGS.iter().map(|(name, description)| {
        let tag = TagBuilder::new().name(*name);
        tag.description(Some(*description)).build()
    });
    api.tags = Some(tags.collect());
}

/// The routes `/`, `/openapi.json` and `/docs`. The pages are part of the binary and load no
/// external resources. Every operation is documented as requiring a token unless it overrides
/// that itself.
pub fn routes(mut api: OpenApi) -> Result<Router, serde_json::Error> {
    require_bearer_token(&mut api);
    let document = Bytes::from(serde_json::to_vec(&api)?);
    let openapi = get(move || {
        let document = document.clone();
        async move { ([(CONTENT_TYPE, "application/json")], document).into_response() }
    });
    let config = Config::from("/openapi.json")
        // Otherwise the pages would send the document to Swagger's online validator.
        .validator_url("none")
        .persist_authorization(true)
        .display_request_duration(true);
    Ok(Router::new()
        .route("/", get(|| async { Html(LANDING_PAGE) }))
        .route("/openapi.json", openapi)
        .merge(SwaggerUi::new("/docs").config(config)))
}

fn require_bearer_token(api: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    api.components
        .get_or_insert_default()
        .add_security_scheme(BEARER_SCHEME, SecurityScheme::Http(scheme));
    api.security
        .get_or_insert_default()
        .push(SecurityRequirement::new(
            BEARER_SCHEME,
            Vec::<String>::new(),
        ));
}
