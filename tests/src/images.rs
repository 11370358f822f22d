//! Images of every format that has previews. They are red on the left and blue on the right.

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, Frame, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

/// The two colours.
pub const RED: [u8; 3] = [220, 20, 20];
/// The colour of the right half.
pub const BLUE: [u8; 3] = [20, 20, 220];

/// What the EXIF data of the images say, besides how to turn them.
pub const SECRET_PLACE: &[u8] = b"at home";

/// The pixels: the left half has the first colour.
pub fn halves(width: u32, height: u32, colours: [[u8; 3]; 2]) -> RgbImage {
    let [left, right] = colours.map(Rgb);
    RgbImage::from_fn(
        width,
        height,
        |x, _| if x < width / 2 { left } else { right },
    )
}

/// EXIF data with an orientation and a secret.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    exif.extend([0x01, 0x0e, 0, 2, 0, 0, 0, 8, 0, 0, 0, 38]);
    exif.extend(b"\0\0\0\0");
    exif.extend(SECRET_PLACE);
    exif.push(0);
    exif
}

fn write(image: impl Into<DynamicImage>, mut encoder: impl ImageEncoder, exif: Vec<u8>) {
    encoder
        .set_exif_metadata(exif)
        .expect("the format has EXIF");
    let written = image.into().write_with_encoder(encoder);
    written.expect("an image");
}

/// A JPEG that EXIF turns.
pub fn jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    write(
        halves(width, height, [RED, BLUE]),
        encoder,
        exif(orientation),
    );
    bytes
}

/// A PNG.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new(&mut bytes);
    write(halves(width, height, [RED, BLUE]), encoder, exif(1));
    bytes
}

/// A PNG that shows nothing.
pub fn transparent_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let clear = RgbaImage::from_pixel(width, height, Rgba([9, 9, 9, 0]));
    write(clear, PngEncoder::new(&mut bytes), exif(1));
    bytes
}

/// A WebP that EXIF turns.
pub fn webp(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut bytes);
    write(
        halves(width, height, [RED, BLUE]),
        encoder,
        exif(orientation),
    );
    bytes
}

/// A GIF whose second frame has the colours the other way round.
pub fn animated_gif(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for colours in [[RED, BLUE], [BLUE, RED]] {
        let pixels = DynamicImage::from(halves(width, height, colours)).into_rgba8();
        encoder.encode_frame(Frame::new(pixels)).expect("a frame");
    }
    drop(encoder);
    bytes
}

/// A WebP whose second frame has the colours the other way round.
pub fn animated_webp(width: u32, height: u32) -> Vec<u8> {
    let side = |pixels: u32| (pixels - 1).to_le_bytes()[..3].to_vec();
    let mut chunks = b"WEBP".to_vec();
    // The second bit says that the image is animated.
    let head = [vec![2, 0, 0, 0], side(width), side(height)].concat();
    push_chunk(&mut chunks, b"VP8X", &head);
    push_chunk(&mut chunks, b"ANIM", &[0; 6]);
    for colours in [[RED, BLUE], [BLUE, RED]] {
        let mut frame = Vec::new();
        let encoder = WebPEncoder::new_lossless(&mut frame);
        let written =
            DynamicImage::from(halves(width, height, colours)).write_with_encoder(encoder);
        written.expect("a frame");
        // At 0, 0, for 100 ms. What follows the header of the still image is its one chunk.
        let place = [vec![0; 6], side(width), side(height), vec![100, 0, 0, 0]].concat();
        push_chunk(&mut chunks, b"ANMF", &[&place, &frame[12..]].concat());
    }
    let mut bytes = Vec::new();
    push_chunk(&mut bytes, b"RIFF", &chunks);
    bytes
}

fn push_chunk(target: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    target.extend(name);
    target.extend((data.len() as u32).to_le_bytes());
    target.extend(data);
    target.extend(vec![0; data.len() % 2]);
}

/// The width, the height, and the colours in the middle of the two halves of an image that is wider
/// than high, or of the upper and the lower half of another one.
pub fn describe(bytes: &[u8]) -> (u32, u32, [[u8; 3]; 2]) {
    let image = image::load_from_memory(bytes)
        .expect("an image")
        .into_rgb8();
    let (width, height) = image.dimensions();
    let at = |quarters: u32| {
        let (x, y) = if width >= height {
            (width * quarters / 4, height / 2)
        } else {
            (width / 2, height * quarters / 4)
        };
        image.get_pixel(x, y).0
    };
    (width, height, [at(1), at(3)])
}

/// Whether two colours look the same.
pub fn is_near(found: [u8; 3], expected: [u8; 3]) -> bool {
    let mut pairs = found.into_iter().zip(expected);
    pairs.all(|(a, b)| a.abs_diff(b) < 40)
}
