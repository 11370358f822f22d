//! The responses and headers that the middleware adds.

use http::Method;
use http_edge::{AllowedOrigins, EdgeConfig};

use crate::requests::{bearer, get, send, send_to};
use crate::test_service::{edge_router, token};

#[tokio::test]
async fn router_errors_are_problems() {
    for path in [
        "/",
        "/nothing",
        "//",
        "/hello/",
        "/notes/%2e%2e%2fhello/x/y",
    ] {
        let answer = get(path).await;
        assert_eq!(
            (answer.status(), answer.code().as_str()),
            (404, "no_such_path"),
            "{path}"
        );
    }
    let answer = send(Method::POST, "/only/delete", &[]).await;
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (405, "method_not_allowed")
    );
    assert_eq!(answer.header("allow"), Some("DELETE"));
    let answer = send(Method::PUT, "/hello", &[]).await;
    assert_eq!(
        (answer.status(), answer.header("allow")),
        (405, Some("GET,HEAD"))
    );
    let answer = send(Method::HEAD, "/hello", &[]).await;
    assert_eq!((answer.status(), answer.text()), (200, ""));
    // An axum extractor that a route uses directly.
    assert_eq!(
        (
            get("/plain/x").await.status(),
            get("/plain/x").await.code().as_str()
        ),
        (400, "malformed")
    );
}

#[tokio::test]
async fn panic_affects_only_one_request() {
    let router = edge_router(&EdgeConfig::default(), 0);
    let answer = send_to(router.clone(), Method::GET, "/panic", &[]).await;
    assert_eq!((answer.status(), answer.code().as_str()), (500, "internal"));
    assert!(
        !answer.text().contains("as requested by the test"),
        "{}",
        answer.text()
    );
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(
        send_to(router, Method::GET, "/hello", &[]).await.status(),
        200
    );
}

#[tokio::test]
async fn every_response_has_a_request_id_and_nosniff() {
    for path in ["/hello", "/nothing", "/panic", "/me"] {
        let answer = send(Method::GET, path, &[("x-request-id", "mine-1")]).await;
        assert_eq!(answer.header("x-request-id"), Some("mine-1"), "{path}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
    let unacceptable = send(Method::GET, "/hello", &[("x-request-id", "a b")]).await;
    assert_ne!(unacceptable.header("x-request-id"), Some("a b"));
    assert_ne!(
        get("/hello").await.header("x-request-id"),
        get("/hello").await.header("x-request-id")
    );
}

#[tokio::test]
async fn caller_has_exactly_one_token_in_the_header() {
    let (ada, root) = (bearer("ada", ""), bearer("root", "admin"));
    let get_me = |headers: Vec<(&'static str, String)>| async move {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        send(Method::GET, "/me", &headers).await
    };
    assert_eq!(
        get_me(vec![("authorization", ada.clone())]).await.text(),
        "ada"
    );
    assert_eq!(
        get_me(vec![("authorization", ada.replacen("Bearer", "bearer", 1))])
            .await
            .text(),
        "ada"
    );
    let none = get_me(vec![]).await;
    assert_eq!(
        (none.status(), none.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    for headers in [
        vec![
            ("authorization", ada.clone()),
            ("authorization", ada.clone()),
        ],
        vec![
            ("authorization", ada.clone()),
            ("authorization", root.clone()),
        ],
        vec![("authorization", "Bearer".to_owned())],
        vec![("authorization", "Bearer ".to_owned())],
        vec![("authorization", ada.replacen("Bearer", "Basic", 1))],
        vec![("authorization", ada.replacen("Bearer ", "", 1))],
        vec![("x-authorization", ada.clone())],
        vec![("cookie", format!("access_token={}", token("ada", "")))],
    ] {
        let answer = get_me(headers.clone()).await;
        assert_eq!(
            (answer.status(), answer.text()),
            (401, none.text()),
            "{headers:?}"
        );
    }
    assert_eq!(
        send(Method::POST, "/me", &[("authorization", &ada)])
            .await
            .text(),
        "ada"
    );
    assert_eq!(send(Method::POST, "/me", &[]).await.text(), none.text());

    assert_eq!(
        send(Method::GET, "/admin", &[("authorization", &root)])
            .await
            .text(),
        "root"
    );
    let refused = send(Method::GET, "/admin", &[("authorization", &ada)]).await;
    assert_eq!(
        (refused.status(), refused.code().as_str()),
        (403, "forbidden")
    );
    assert_eq!(send(Method::GET, "/admin", &[]).await.status(), 401);
}

#[tokio::test]
async fn two_tokens_in_one_header_are_no_valid_token() {
    let ada = format!("Bearer {}", token("ada", ""));
    let joined = format!("{ada}, {ada}");
    let answer = send(Method::GET, "/me", &[("authorization", &joined)]).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.code(), "token_invalid");
}

#[tokio::test]
async fn only_a_websocket_may_pass_its_token_in_the_query() {
    let path = format!("/me?access_token={}", token("ada", ""));
    let websocket = [("upgrade", "websocket"), ("connection", "upgrade")];
    assert_eq!(get(&path).await.status(), 401);
    assert_eq!(send(Method::POST, &path, &websocket).await.status(), 401);
    assert_eq!(send(Method::GET, &path, &websocket).await.text(), "ada");
    assert_eq!(
        send(Method::GET, &format!("{path}&access_token=x"), &websocket)
            .await
            .status(),
        401
    );
    let both = [websocket[0], websocket[1], ("authorization", "Bearer x")];
    assert_eq!(send(Method::GET, &path, &both).await.status(), 401);
    // A request that is not a WebSocket upgrade gets a problem.
    let answer = send(Method::GET, "/socket", &[]).await;
    assert!(answer.response.status().is_client_error());
    answer.problem();
}

#[tokio::test]
async fn other_origins_cannot_open_websockets() {
    let config = EdgeConfig {
        allowed_origins: AllowedOrigins {
            listed: vec!["https://chat.example".parse().unwrap()],
            local: false,
        },
        ..EdgeConfig::default()
    };
    let path = format!("/me?access_token={}", token("ada", ""));
    for (origin, status) in [
        ("http://tidings:8080", 200),
        ("https://tidings", 200),
        ("https://chat.example", 200),
        ("https://evil.example", 403),
        ("https://tidings.evil.example", 403),
        ("https://chat.example.evil", 403),
        ("null", 403),
        ("", 403),
    ] {
        let headers = [("upgrade", "websocket"), ("origin", origin)];
        let answer = send_to(edge_router(&config, 0), Method::GET, &path, &headers).await;
        assert_eq!(answer.status(), status, "{origin}");
    }
}

#[tokio::test]
async fn only_configured_origins_are_allowed() {
    let preflight = [
        ("origin", "https://chat.example"),
        ("access-control-request-method", "POST"),
    ];
    let closed = send(Method::OPTIONS, "/notes", &preflight).await;
    assert_eq!(
        (
            closed.status(),
            closed.header("access-control-allow-origin")
        ),
        (200, None)
    );

    let config = EdgeConfig {
        allowed_origins: AllowedOrigins {
            listed: vec!["https://chat.example".parse().unwrap()],
            local: false,
        },
        ..EdgeConfig::default()
    };
    let open = send_to(
        edge_router(&config, 0),
        Method::OPTIONS,
        "/notes",
        &preflight,
    )
    .await;
    assert_eq!(open.status(), 200);
    assert_eq!(
        open.header("access-control-allow-origin"),
        Some("https://chat.example")
    );
    assert_eq!(open.header("access-control-allow-methods"), Some("POST"));
    let other = [("origin", "https://evil.example")];
    let answer = send_to(edge_router(&config, 0), Method::GET, "/hello", &other).await;
    assert_eq!(
        (
            answer.status(),
            answer.header("access-control-allow-origin")
        ),
        (200, None)
    );
}

#[tokio::test]
async fn a_star_allows_every_origin() {
    // Given a service whose origins are `*`,
    let config = EdgeConfig {
        allowed_origins: AllowedOrigins {
            listed: vec!["*".parse().unwrap()],
            local: false,
        },
        ..EdgeConfig::default()
    };
    for origin in ["https://chat.example", "http://127.0.0.1:3000", "null"] {
        // when a page of any origin asks first, then it may call,
        let preflight = [("origin", origin), ("access-control-request-method", "PUT")];
        let router = edge_router(&config, 0);
        let answer = send_to(router, Method::OPTIONS, "/notes", &preflight).await;
        assert_eq!(answer.status(), 200, "{origin}");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, Some(origin));
        assert_eq!(answer.header("access-control-allow-methods"), Some("PUT"));
        // and it may read the answer.
        let router = edge_router(&config, 0);
        let answer = send_to(router, Method::GET, "/hello", &[("origin", origin)]).await;
        assert_eq!((answer.status(), answer.text()), (200, "hello"));
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, Some(origin));
    }
}

#[tokio::test]
async fn path_parameters_are_decoded_and_checked() {
    for (path, text) in [
        ("/notes/a", "a"),
        ("/notes/a%2Fb", "a/b"),
        ("/notes/%E5%90%8D%20%25", "名 %"),
        ("/notes/%F0%9F%91%8D", "👍"),
        ("/notes/..%2F..", "../.."),
        ("/notes/..", ".."),
        ("/notes/a%2Fb/7", "a/b 7"),
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status(), answer.text()), (200, text), "{path}");
    }
    for path in [
        "/notes/%00",
        "/notes/a%00b",
        "/notes/%ff",
        "/notes/%C0%80",
        "/notes/%ED%A0%80",
        "/notes/%zz",
        "/notes/%2",
        "/notes/a/x",
        "/notes/a/-1",
        "/notes/a/4294967296",
        "/notes/a/1.5",
        "/notes/a/99999999999999999999999",
    ] {
        let answer = get(path).await;
        assert_eq!(
            (answer.status(), answer.code().as_str()),
            (400, "malformed"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn query_parameters_are_decoded_and_checked() {
    for (query, text) in [
        ("", "50 0 "),
        ("?limit=7&number=3&text=a%20b+c", "7 3 a b c"),
        ("?unknown=1&text=%F0%9F%91%8D", "50 0 👍"),
    ] {
        assert_eq!(get(&format!("/page{query}")).await.text(), text, "{query}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=", "limit"),
        ("number=x", "number"),
        ("number=-1", "number"),
        ("number=4294967296", "number"),
        ("text=%00", ""),
        ("text=%ff", ""),
        ("text=%", ""),
        ("text=a&text=b", ""),
    ] {
        let answer = get(&format!("/page?{query}")).await;
        assert_eq!(
            (answer.status(), answer.code().as_str()),
            (400, "malformed"),
            "{query}"
        );
        if !field.is_empty() {
            assert_eq!(answer.problem()["errors"][0]["field"], field, "{query}");
        }
    }
}
