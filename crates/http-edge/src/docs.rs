//! API documentation: `/openapi.json` and `/asyncapi.json`, generated from the code, the Swagger UI
//! at `/docs`, a page at `/asyncapi` that shows the frames of live delivery, and a page at `/api`
//! that leads to all of them.

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required, Server};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The name of the security scheme in the OpenAPI document.
pub const BEARER_SCHEME: &str = "bearer";

/// What the box of the page says in which a developer enters a token.
const TOKEN_HINT: &str = "`tidings token USER` prints a token, and `tidings token USER --scope \
                          admin` one of an administrator. In production, the backend of the app \
                          issues the tokens of its users.";

/// What the document says about itself.
const INTRODUCTION: &str = "\
Tidings is a self-hosted messaging backend. Commands (`POST`, `PUT`, `PATCH`, `DELETE`) append \
events to a log and answer with the `position` of the last one. Queries (`GET`) read projections of \
the log; with `min_position` they wait until these have reached a position, so that a client reads \
its own writes.

To begin: press **Authorize** and enter a token (on the machine of Tidings, `tidings token ann` \
prints one). Create a conversation with `create_conversation`, send to it with `send_message`, and \
see it with `get_inbox` and `list_messages`. `live` pushes what happens, and `list_entries` syncs \
what a device has missed. The examples are one conversation, `lunch`: in this order, each call works \
as it is filled in.

The frames of a WebSocket are `ServerFrame` and `ClientFrame` below; [a page](/asyncapi) shows them, \
and [the AsyncAPI document](/asyncapi.json) has the same schemas. A body of type \
`application/x-ndjson` has one JSON document on each line; the schema is that of a line.

A message, an entry and a frame are unions, which `type` distinguishes. Later versions add types and \
fields: ignore those that you do not know.

With a token of the scope `service` or `admin`, the header `Tidings-Act-For: USER` makes any call as \
that user, with their rights and no others.

Every error is a problem document (RFC 9457) with a stable `code`. Unknown fields and parameters are \
refused, unless the request says `Prefer: handling=lenient`; in an erasure, always.";

/// The page at `/api`.
const LANDING_PAGE: &str = include_str!("landing.html");

/// The page that shows the AsyncAPI document.
const ASYNCAPI_PAGE: &str = include_str!("asyncapi.html");

/// The tags, in the order in which a developer needs them.
const TAGS: [(&str, &str); 11] = [
    (
        "conversations",
        "Direct conversations, groups and their members.",
    ),
    (
        "messages",
        "Sending, reading, editing and recalling; reactions and receipts.",
    ),
    ("files", "Uploading files for messages, and reading them."),
    (
        "inbox",
        "The list of conversations, unread counts, sync and live delivery.",
    ),
    ("search", "Full-text search in what the caller can see."),
    (
        "users",
        "Profiles, settings, presence, the search of people, and blocks between users.",
    ),
    ("devices", "The devices of a user, and pushes to them."),
    (
        "desks",
        "Service desks: the sessions of customers, for them and for agents, and figures.",
    ),
    ("batch", "Several commands in one request."),
    (
        "moderation",
        "Word lists and rules for links: for administrators.",
    ),
    (
        "admin",
        "The event log, imports, erasures, users, switches, holds and webhooks: for administrators.",
    ),
];

/// Writes the introduction, puts the tags in order, and prepares the examples.
pub fn describe(api: &mut OpenApi, version: &str) {
    describe_optional_parameters(api);
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

/// The routes `/api`, `/openapi.json` and `/docs`, and `/asyncapi.json` with its page `/asyncapi`
/// if `describe_live` returns the document of live delivery. The pages are part of the binary and
/// load no external resources.
/// Every operation is documented as requiring a token unless it overrides that itself.
pub fn routes(
    mut api: OpenApi,
    describe_live: impl FnOnce(&OpenApi) -> Option<Value>,
) -> Result<Router, serde_json::Error> {
    require_bearer_token(&mut api);
    let live = describe_live(&api);
    let live = live.as_ref().map(serve).transpose()?;
    let live = live.map(|document| {
        Router::new()
            .route("/asyncapi.json", document)
            .route("/asyncapi", get(|| async { Html(ASYNCAPI_PAGE) }))
    });
    let config = Config::from("/openapi.json")
        // Otherwise the pages would send the document to Swagger's online validator.
        .validator_url("none")
        .persist_authorization(true)
        .display_request_duration(true);
    Ok(Router::new()
        .route("/api", get(|| async { Html(LANDING_PAGE) }))
        .route("/openapi.json", serve(&api)?)
        .merge(live.unwrap_or_default())
        .merge(SwaggerUi::new("/docs").config(config)))
}

/// A route with a document.
fn serve(document: &impl Serialize) -> Result<MethodRouter, serde_json::Error> {
    let document = Bytes::from(serde_json::to_vec(document)?);
    Ok(get(move || {
        let document = document.clone();
        async move { ([(CONTENT_TYPE, "application/json")], document).into_response() }
    }))
}

/// Moves the examples of optional parameters into their schemas. Swagger fills in the example of a
/// parameter, and a call with every optional parameter at once is not what anybody wants to try.
fn describe_optional_parameters(api: &mut OpenApi) {
    let operations = api.paths.paths.values_mut().flat_map(operations_of);
    let parameters = operations.filter_map(|operation| operation.parameters.as_mut());
    for parameter in parameters.flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.required != Required::True
        {
            move_example_into_schema(parameter);
        }
    }
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

fn move_example_into_schema(parameter: &mut Parameter) {
    // The field is private, but its JSON is not.
    let mut json = serde_json::to_value(&*parameter).unwrap_or_default();
    let fields = json.as_object_mut();
    if let Some(example) = fields.and_then(|fields| fields.remove("example")) {
        json["schema"]["examples"] = Value::Array(vec![example]);
        if let Ok(described) = serde_json::from_value(json) {
            *parameter = described;
        }
    }
}

fn require_bearer_token(api: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(TOKEN_HINT))
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
