//! API documentation: `/openapi.json`, generated from the code, and the Swagger UI at `/docs`.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The name of the security scheme in the OpenAPI document.
pub const BEARER_SCHEME: &str = "bearer";

/// The routes `/openapi.json` and `/docs`. The pages are part of the binary and load no external
/// resources. Every operation is documented as requiring a token unless it overrides that itself.
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
