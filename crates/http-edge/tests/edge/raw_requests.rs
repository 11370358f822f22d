//! Raw requests that are malformed, large or numerous.

use http_edge::EdgeConfig;

use crate::raw_client::{RawClient, get, post};
use crate::test_service::TestServer;

async fn request_status(server: &TestServer, request: &str) -> Option<u16> {
    let mut client = RawClient::connect(server.address).await;
    client.send(request).await;
    client.read_response().await.map(|reply| reply.status)
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = TestServer::start(EdgeConfig::default()).await;
    let mut client = RawClient::connect(server.address).await;
    let requests: String = (0..1_000).map(|n| get(&format!("/notes/{n}"))).collect();
    let (mut reading, mut writing) = client.stream.split();
    let answers = async {
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains("\r\n\r\n999") {
            assert_ne!(
                tokio::io::AsyncReadExt::read_buf(&mut reading, &mut text)
                    .await
                    .unwrap(),
                0
            );
        }
        String::from_utf8(text).unwrap()
    };
    let (sent, text) = tokio::join!(
        tokio::io::AsyncWriteExt::write_all(&mut writing, requests.as_bytes()),
        answers
    );
    sent.unwrap();
    let bodies: Vec<&str> = text
        .split("HTTP/1.1 200 OK")
        .filter_map(|reply| reply.rsplit("\r\n\r\n").next())
        .collect();
    let expected: Vec<String> = std::iter::once(String::new())
        .chain((0..1_000).map(|n| n.to_string()))
        .collect();
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn invalid_framing_is_rejected() {
    let server = TestServer::start(EdgeConfig::default()).await;
    let body = "Content-Type: application/json\r\n";
    for (request, what) in [
        ("\x16\x03\x01\x02\x00garbage\r\n\r\n".to_owned(), "not HTTP"),
        ("GET /hello HTTP/1.1\r\n\r\n".to_owned(), "no Host"),
        (
            "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
            "two Hosts",
        ),
        (
            "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(),
            "a space in a header name",
        ),
        (
            "GET /hello HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n".to_owned(),
            "NUL in a header",
        ),
        (
            "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n".to_owned(),
            "a folded header",
        ),
        (
            format!("POST /notes HTTP/1.1\r\nHost: a\r\n{body}Content-Length: -1\r\n\r\n"),
            "a negative length",
        ),
        (
            format!(
                "POST /notes HTTP/1.1\r\nHost: a\r\n{body}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}x"
            ),
            "two lengths",
        ),
        (
            format!(
                "POST /notes HTTP/1.1\r\nHost: a\r\n{body}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            "a length and chunks",
        ),
        (
            format!(
                "POST /notes HTTP/1.1\r\nHost: a\r\n{body}Transfer-Encoding: chunked\r\n\r\nzz\r\n"
            ),
            "a chunk without a length",
        ),
    ] {
        assert_eq!(request_status(&server, &request).await, Some(400), "{what}");
    }
    assert_eq!(
        request_status(&server, &get("/hello")).await,
        Some(200),
        "the server still works"
    );
}

#[tokio::test]
async fn unneeded_methods_are_rejected() {
    let server = TestServer::start(EdgeConfig::default()).await;
    for method in ["TRACE", "PURGE"] {
        let mut client = RawClient::connect(server.address).await;
        client
            .send(format!("{method} /hello HTTP/1.1\r\nHost: a\r\n\r\n"))
            .await;
        let reply = client.read_response().await.unwrap();
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("GET,HEAD")),
            "{method}"
        );
        reply.problem();
    }
    assert_eq!(
        request_status(&server, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n").await,
        Some(405)
    );
}

#[tokio::test]
async fn headers_have_limits() {
    let server = TestServer::start(EdgeConfig::default()).await;
    let with = |headers: &str| format!("GET /hello HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    let long = |bytes: usize| with(&format!("X-Long: {}\r\n", "x".repeat(bytes)));
    assert_eq!(request_status(&server, &long(16_000)).await, Some(200));
    assert_eq!(request_status(&server, &long(17_000)).await, Some(431));
    assert_eq!(request_status(&server, &long(300_000)).await, Some(431));
    let many = |count: usize| with(&"X: 1\r\n".repeat(count));
    assert_eq!(request_status(&server, &many(99)).await, Some(200));
    assert_eq!(request_status(&server, &many(101)).await, Some(431));
    let path = format!("/{}", "x".repeat(70_000));
    assert!(matches!(
        request_status(&server, &get(&path)).await,
        Some(414 | 431)
    ));
}

#[tokio::test]
async fn body_limit_is_exact() {
    let server = TestServer::start(EdgeConfig {
        max_body_bytes: 1_000,
        ..EdgeConfig::default()
    })
    .await;
    let note = |bytes: usize| {
        post(
            "/notes",
            &format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes - 11)),
        )
    };
    let mut client = RawClient::connect(server.address).await;
    for (bytes, status) in [
        (1_000, 200),
        (1_001, 413),
        (10_000, 413),
        (2_000_000, 413),
        (1_000, 200),
    ] {
        client.send(note(bytes)).await;
        let reply = client.read_response().await.unwrap();
        assert_eq!(reply.status, status, "{bytes} bytes");
        if status == 413 {
            assert_eq!(
                reply.problem()["detail"],
                "The body of this request may have at most 1000 bytes."
            );
        }
    }
}

#[tokio::test]
async fn chunked_body_has_the_same_limit() {
    let server = TestServer::start(EdgeConfig {
        max_body_bytes: 1_000,
        ..EdgeConfig::default()
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    let head = "POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    client
        .send(format!(
            "{head}7\r\n{{\"text\"\r\n6\r\n:\"abc\"\r\n1\r\n}}\r\n0\r\n\r\n"
        ))
        .await;
    let reply = client.read_response().await.unwrap();
    assert_eq!(
        (reply.status, reply.body),
        (200, br#"{"text":"abc","tags":[]}"#.to_vec())
    );
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1_000));
    client
        .send(format!("{head}{}0\r\n\r\n", chunk.repeat(3)))
        .await;
    assert_eq!(client.read_response().await.unwrap().status, 413);
}

#[tokio::test]
async fn body_with_a_huge_content_length_is_not_read() {
    let server = TestServer::start(EdgeConfig {
        max_body_bytes: 1_000,
        ..EdgeConfig::default()
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client
        .send(
            "POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900000000000\r\n\
             Expect: 100-continue\r\n\r\n",
        )
        .await;
    let reply = client.read_response().await.unwrap();
    assert_eq!(reply.status, 413);
    reply.problem();
    assert_eq!(client.wait_until_closed().await, b"");
}
