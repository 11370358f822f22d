//! Files that are made to break something.

use tests::response::ApiResponse;
use tests::uploads::{PNG, content, send_file, upload};
use tests::world::World;

/// Names that must not become paths, headers or pages.
const NAMES: [&str; 9] = [
    "../../etc/passwd",
    "C:\\Windows\\system32\\cmd.exe",
    "a\u{202e}gpj.exe",
    "a\u{7}b",
    "a\r\nSet-Cookie: x=1",
    "\"; filename=evil.html",
    "x.svg",
    "x.html",
    "界",
];

/// A PNG whose header has these dimensions.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = PNG.to_vec();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    bytes
}

/// Broken headers, pages, programs and every byte.
fn hostile_bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        vec![0; 10_000],
        PNG[..8].to_vec(),
        PNG[..20].to_vec(),
        png_of(0, 0),
        png_of(0, 5),
        png_of(60_000, 60_000),
        png_of(u32::MAX, u32::MAX),
        b"<html><script>alert(1)</script></html>".to_vec(),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(),
        b"<?xml version='1.0'?><svg onload='alert(1)'/>".to_vec(),
        b"\xef\xbb\xbf<!DOCTYPE html><script>alert(1)</script>".to_vec(),
        b"  \n<!doctype html>".to_vec(),
        b"GIF89a\x01\0\x01\0/*<script>alert(1)</script>*/=1;".to_vec(),
        b"GIF89a".to_vec(),
        b"\xff\xd8\xff".to_vec(),
        b"\xff\xd8\xff\xe0\xff\xff".to_vec(),
        b"\xff\xd8\xff\xe1\xff\xffExif\0\0".to_vec(),
        b"RIFF\xff\xff\xff\xffWEBPVP8X".to_vec(),
        b"RIFF\0\0\0\0WEBPVP8 ".to_vec(),
        b"%PDF-1.7 <script>".to_vec(),
        b"PK\x03\x04".to_vec(),
        b"MZ\x90\0".to_vec(),
        b"\x7fELF".to_vec(),
        b"#!/bin/sh\nrm -rf /".to_vec(),
        b"BM\xff\xff\xff\xff".to_vec(),
        b"II*\0\xff\xff\xff\xff".to_vec(),
        b"\0\0\0\x18ftypheic".to_vec(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
    ];
    bodies.extend((1..=10_u8).map(|seed| (0..=255).map(|n: u8| n.wrapping_mul(seed)).collect()));
    bodies
}

/// Whatever the bytes and the name are, nothing breaks, and nothing runs in a browser.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_only_bytes() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    let long = "n".repeat(300);
    for (index, bytes) in hostile_bodies().iter().enumerate() {
        let name = NAMES
            .get(index % (NAMES.len() + 1))
            .copied()
            .unwrap_or(&long);
        let (id, position) = upload(&ann, name, bytes).await;
        let file = ann
            .get_ok(&format!("/v1/files/{id}?min_position={position}"))
            .await;
        let stored = file["name"].as_str().expect("a name");
        let is_bad = |c: char| c.is_control() || "/\\\u{202e}".contains(c);
        assert!(
            !stored.contains(is_bad) && stored.chars().count() <= 255,
            "{stored:?}"
        );
        let sent = send_file(&ann, "room", &format!("k{index}"), &id).await;
        sent.expect(201);
        let answer = ann.get(&content(&id)).await;
        answer.expect(200);
        assert_eq!(&answer.body[..], bytes.as_slice(), "{index}");
        expect_nothing_runs(&answer, index);
    }
}

/// Checks that a browser that opens the answer runs nothing in it.
fn expect_nothing_runs(answer: &ApiResponse, index: usize) {
    let kind = answer.header("content-type");
    let runs = ["html", "svg", "xml", "javascript"];
    assert!(
        !runs.iter().any(|known| kind.contains(known)),
        "{index}: {kind}"
    );
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("set-cookie"), "");
    let is_media = ["image/", "audio/", "video/"]
        .iter()
        .any(|of| kind.starts_with(of));
    let is_inline = answer.header("content-disposition").starts_with("inline");
    assert_eq!(is_inline, is_media, "{index}: {kind}");
}
