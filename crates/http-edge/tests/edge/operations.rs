//! Health checks, metrics and API documentation.

use std::sync::OnceLock;

use http::Method;
use http_edge::{Auth, EdgeConfig, RateLimiter, docs, ops};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::requests::send_to;
use crate::test_service::{HandlerGate, SECRET, routes};

fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| ops::install_recorder().unwrap())
}

fn full_router() -> axum::Router {
    #[derive(utoipa::OpenApi)]
    #[openapi(
        info(title = "Test", version = "1"),
        components(schemas(http_edge::Problem))
    )]
    struct Api;
    let live = serde_json::json!({"asyncapi": "3.0.0"});
    let ready = ops::Readiness::builder(CancellationToken::new())
        .with_check("postgres", || async { Ok(()) })
        .build();
    let router = routes(&HandlerGate::default())
        .merge(ops::health_routes(ready))
        .merge(ops::metrics_route(recorder().clone()))
        .merge(docs::routes(<Api as utoipa::OpenApi>::openapi(), |_| Some(live)).unwrap());
    http_edge::apply_middleware(
        router,
        Auth::hs256(SECRET).unwrap(),
        &EdgeConfig::default(),
        RateLimiter::unlimited(),
    )
}

#[tokio::test]
async fn requests_are_counted_per_route() {
    recorder();
    let router = full_router();
    for path in ["/counted/one", "/counted/two", "/nothing", "/counted/%00"] {
        send_to(router.clone(), Method::GET, path, &[]).await;
    }
    send_to(
        router.clone(),
        Method::from_bytes(b"INVENTED").unwrap(),
        "/nothing/else",
        &[],
    )
    .await;
    let metrics = send_to(router, Method::GET, "/metrics", &[]).await;
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = metrics.text();
    for line in [
        r#"tidings_http_requests_total{route="/counted/{id}",method="GET",status="200"} 2"#,
        r#"tidings_http_requests_total{route="/counted/{id}",method="GET",status="400"} 1"#,
        r#"tidings_http_requests_total{route="unmatched",method="GET",status="404"} "#,
        r#"tidings_http_seconds_bucket{route="/counted/{id}",le="0.0001"}"#,
        r#"tidings_http_seconds_count{route="/counted/{id}"} 3"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("INVENTED") && !text.contains("/counted/one"));
}

#[tokio::test]
async fn health_checks_need_no_token() {
    let live = send_to(full_router(), Method::GET, "/livez", &[]).await;
    assert_eq!((live.status(), live.text()), (200, r#"{"status":"alive"}"#));
    let ready = send_to(full_router(), Method::GET, "/readyz", &[]).await;
    assert_eq!(
        (ready.status(), ready.text()),
        (200, r#"{"status":"ready","checks":{"postgres":"ok"}}"#)
    );

    let draining = CancellationToken::new();
    draining.cancel();
    let router = ops::health_routes(ops::Readiness::builder(draining).build());
    let answer = send_to(router, Method::GET, "/readyz", &[]).await;
    assert_eq!(
        (answer.status(), answer.text()),
        (503, r#"{"status":"draining","checks":{}}"#)
    );
}

#[tokio::test]
async fn api_documentation_needs_no_external_resources() {
    let api: Value = serde_json::from_slice(
        &send_to(full_router(), Method::GET, "/openapi.json", &[])
            .await
            .body,
    )
    .unwrap();
    assert_eq!(api["openapi"], "3.1.0");
    assert_eq!(
        api["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    assert_eq!(api["security"][0]["bearer"], serde_json::json!([]));
    assert_eq!(
        api["components"]["schemas"]["Problem"]["properties"]["status"]["type"],
        "integer"
    );
    assert!(
        api["components"]["schemas"]["FieldError"].is_object(),
        "{api}"
    );

    let live = send_to(full_router(), Method::GET, "/asyncapi.json", &[]).await;
    assert_eq!(live.text(), r#"{"asyncapi":"3.0.0"}"#);
    assert_eq!(live.header("content-type"), Some("application/json"));

    assert_eq!(
        send_to(full_router(), Method::GET, "/docs", &[])
            .await
            .header("location"),
        Some("/docs/")
    );
    let page = send_to(full_router(), Method::GET, "/docs/", &[]).await;
    assert_eq!(page.status(), 200);
    let assets = [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "swagger-initializer.js",
    ];
    for asset in assets {
        assert!(page.text().contains(asset), "{asset}");
        assert_eq!(
            send_to(full_router(), Method::GET, &format!("/docs/{asset}"), &[])
                .await
                .status(),
            200,
            "{asset}"
        );
    }
    assert!(!page.text().contains("src=\"http") && !page.text().contains("href=\"http"));
    let start = send_to(
        full_router(),
        Method::GET,
        "/docs/swagger-initializer.js",
        &[],
    )
    .await;
    assert!(start.text().contains("/openapi.json"));
    assert!(
        start.text().contains(r#""validatorUrl": "none""#),
        "{}",
        start.text()
    );
    let missing = send_to(full_router(), Method::GET, "/docs/nothing.js", &[]).await;
    assert_eq!(
        (missing.status(), missing.code().as_str()),
        (404, "not_found")
    );
}

#[tokio::test]
async fn every_metric_has_a_type_and_a_description() {
    recorder();
    let router = full_router();
    send_to(router.clone(), Method::GET, "/hello", &[]).await;
    let answer = send_to(router, Method::GET, "/metrics", &[]).await;
    let text = answer.text();
    let described = |word: &str| -> Vec<&str> {
        let prefix = format!("# {word} ");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&prefix));
        lines.filter_map(|line| line.split(' ').next()).collect()
    };
    let (types, helps) = (described("TYPE"), described("HELP"));
    assert!(types.contains(&"tidings_http_requests_total"), "{text}");
    assert!(types.contains(&"process_resident_memory_bytes"), "{text}");
    for name in types {
        assert!(helps.contains(&name), "{name} has no description");
    }
}
