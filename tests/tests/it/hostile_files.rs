//! Files that are made to break something.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use tests::images;
use tests::uploads::{PNG, content, send_file, upload};
use tests::world::World;

/// Names with paths, control characters, another direction, quotes, and more than is kept.
const NAMES: [&str; 16] = [
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\system32\\cmd.exe",
    "..\\..\\a",
    "a\u{202e}gpj.exe",
    "\u{2066}a\u{2069}.png",
    "a\u{7}b",
    "a\r\nSet-Cookie: x=1",
    "a\u{1b}[31mb",
    "\"; filename=evil.html",
    "x.svg",
    "x.html",
    "CON",
    ".htaccess",
    "界",
    "e\u{301}\u{feff}\u{200b}.jpg",
];

/// What is no image, whatever it looks like.
fn plain_bodies() -> Vec<Vec<u8>> {
    let bodies: [&[u8]; 27] = [
        b"",
        &[0],
        &[0; 10_000],
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg onload='alert(1)'/>",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        b"\xef\xbb\xbf<!DOCTYPE html><script>alert(1)</script>",
        b"\xff\xfe<\0s\0v\0g\0/\0>\0",
        b"  \n<!doctype html>",
        b"push graphic-context\nviewbox 0 0 1 1\nfill 'url(https://127.0.0.1/)'",
        b"%!PS\n(/etc/passwd) (r) file",
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\nfile:///etc/passwd",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8\xff\xe1\xff\xffExif\0\0",
        b"RIFF\xff\xff\xff\xffWEBPVP8X",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"%PDF-1.7 <script>",
        b"PK\x03\x04",
        b"MZ\x90\0",
        b"\x7fELF",
        b"#!/bin/sh\nrm -rf /",
        b"BM\xff\xff\xff\xff",
        b"II*\0\xff\xff\xff\xff",
        b"\0\0\0\x18ftypheic",
    ];
    let noise = (1..=5_u8).map(|seed| (0..=255).map(|n: u8| n.wrapping_mul(seed)).collect());
    let bodies = bodies.into_iter().map(<[u8]>::to_vec);
    bodies.chain(noise).collect()
}

/// Headers of images that lie, with nothing behind them.
fn lying_headers() -> Vec<Vec<u8>> {
    let png = |width: u32, height: u32| {
        let mut bytes = PNG.to_vec();
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        bytes
    };
    let jpeg = |width: u16, height: u16| {
        let [height, width] = [height, width].map(u16::to_be_bytes);
        let frame = [&b"\xff\xd8\xff\xc0\0\x11\x08"[..], &height, &width].concat();
        [
            &frame[..],
            b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c\x03",
        ]
        .concat()
    };
    let gif = |width: u16, height: u16| {
        let [width, height] = [width, height].map(u16::to_le_bytes);
        [
            &b"GIF89a"[..],
            &width,
            &height,
            b"\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02",
        ]
        .concat()
    };
    vec![
        PNG[..8].to_vec(),
        PNG[..20].to_vec(),
        png(0, 0),
        png(0, 5),
        png(60_000, 1),
        png(60_000, 60_000),
        png(u32::MAX, u32::MAX),
        jpeg(0, 0),
        jpeg(60_000, 60_000),
        jpeg(9, 9),
        gif(0, 0),
        gif(1, 1),
        gif(60_000, 60_000),
    ]
}

/// Images that are cut or changed, that are something else too, or that are far larger than their
/// files.
fn real_images() -> Vec<Vec<u8>> {
    let jpeg = images::jpeg(64, 48, 6);
    let page = b"<html><script>alert(1)</script></html>";
    let whole = [
        jpeg.clone(),
        images::png(64, 48),
        images::webp(64, 48, 6),
        images::animated_gif(64, 48),
        images::animated_webp(64, 48),
    ];
    let cut = whole
        .iter()
        .map(|bytes| bytes[..bytes.len() * 2 / 3].to_vec());
    let changed = whole.iter().map(|bytes| {
        let mut bytes = bytes.clone();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 16].fill(0xff);
        bytes
    });
    let followed = whole.iter().map(|bytes| [bytes, &page[..]].concat());
    let mut bodies: Vec<Vec<u8>> = cut.chain(changed).chain(followed).collect();
    // A comment right after the beginning: some programs take the file for a page.
    let comment = [&b"\xff\xfe\0\x28"[..], page].concat();
    bodies.push([&jpeg[..2], &comment, &jpeg[2..]].concat());
    bodies.push(b"GIF89a/*\0\0\0\0<script>alert(1)</script>*/=1;".to_vec());
    // 36 million pixels in a few kilobytes, and a text that unpacks to 256 MiB.
    bodies.push(images::png(6_000, 6_000));
    bodies.push(png_with_bomb());
    bodies
}

/// A PNG with a compressed text that is far larger than the image.
fn png_with_bomb() -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..256 {
        packed.write_all(&vec![0; 1024 * 1024]).expect("packed");
    }
    let packed = packed.finish().expect("packed");
    let data = [&b"zTXtComment\0\0"[..], &packed].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&data);
    let image = images::png(64, 48);
    let length = (data.len() as u32 - 4).to_be_bytes();
    // After the signature and the header of the image.
    let (head, rest) = image.split_at(33);
    [head, &length, &data, &sum.sum().to_be_bytes(), rest].concat()
}

/// Whatever the bytes and the name are, nothing breaks, and nothing runs in a browser.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_only_bytes() {
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    let bodies = [plain_bodies(), lying_headers(), real_images()].concat();
    assert!(bodies.len() >= 50, "only {} files", bodies.len());
    let long = format!("{}.png", "n".repeat(296));
    for (index, bytes) in bodies.iter().enumerate() {
        let name = NAMES.get(index % (NAMES.len() + 1)).copied();
        let (id, position) = upload(&ann, name.unwrap_or(&long), bytes).await;
        let at = format!("min_position={position}");
        let file = ann.get_ok(&format!("/v1/files/{id}?{at}")).await;
        let stored = file["name"].as_str().expect("a name");
        let is_bad = |c: char| c.is_control() || "/\\\u{202e}\u{2066}\u{2069}".contains(c);
        let length = stored.chars().count();
        assert!(!stored.contains(is_bad) && length <= 255, "{stored:?}");
        let sent = send_file(&ann, "room", &format!("k{index}"), &id).await;
        sent.expect(201);
        let answer = ann.get(&content(&id)).await;
        answer.expect(200);
        assert_eq!(&answer.body[..], bytes.as_slice(), "{index}");
        let kind = answer.header("content-type");
        let runs = ["html", "svg", "xml", "javascript"];
        let is_run = runs.iter().any(|known| kind.contains(known));
        assert!(!is_run, "{index}: {kind}");
        let mut media = ["image/", "audio/", "video/"].iter();
        let is_media = media.any(|of| kind.starts_with(of));
        let is_inline = answer.header("content-disposition").starts_with("inline");
        assert_eq!(is_inline, is_media, "{index}: {kind}");
        let preview = ann.get(&format!("{}?size=256", content(&id))).await;
        if preview.status == 200 {
            let kind = preview.header("content-type");
            assert!(
                ["image/jpeg", "image/png"].contains(&kind),
                "{index}: {kind}"
            );
            assert!(
                !preview.body.windows(7).any(|part| part == b"<script"),
                "{index}"
            );
            images::describe(&preview.body);
        } else {
            assert_eq!(preview.expect_problem(404), "no_preview", "{index}");
        }
        for answer in [&answer, &preview] {
            for (header, value) in [
                ("content-security-policy", "default-src 'none'; sandbox"),
                ("x-content-type-options", "nosniff"),
            ] {
                let is_problem = answer.status == 404;
                assert!(
                    is_problem || answer.header(header) == value,
                    "{index}: {header}"
                );
            }
            assert_eq!(answer.header("set-cookie"), "");
        }
    }
    let log = world.service().process.log_tail();
    assert!(!log.contains("panicked"), "{log}");
}
