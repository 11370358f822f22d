//! Makes previews of an image. Runs in the child process only: whatever the bytes are, decoding
//! them may need more time and memory than there is, or fail in ways that nobody has seen yet.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::error::{LimitError, LimitErrorKind};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    DynamicImage, ImageDecoder as _, ImageEncoder, ImageError, ImageFormat, ImageReader,
    ImageResult, Limits,
};

use crate::key::PreviewSize;

/// The formats of which there are previews.
const FORMATS: [ImageFormat; 4] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::Gif,
    ImageFormat::WebP,
];

/// Images with more pixels have no previews.
pub(crate) const MAX_PIXELS: u64 = 50_000_000;

/// How much a decoder may allocate, besides the limit of the process: it fails, and does not end
/// the process.
pub(crate) const MAX_DECODER_BYTES: u64 = 512 * 1024 * 1024;

/// A larger image is first shrunk quickly to this many times the size, and then well.
const QUICK_FACTOR: u32 = 2;

/// The quality of a preview without transparency: smaller files, and no visible difference.
const JPEG_QUALITY: u8 = 82;

/// Larger colour profiles are left out. Those of cameras and screens have a few kilobytes.
const MAX_PROFILE_BYTES: usize = 64 * 1024;

/// What a colour profile says, at this place, if it is for pixels of red, green and blue.
const PROFILE_SPACE: (std::ops::Range<usize>, &[u8]) = (16..20, b"RGB ");

/// Makes the previews of an image, in the order of [`PreviewSize::ALL`]. Of an animated one, they
/// show the first frame. They are turned as EXIF says, and have nothing of the original but its
/// pixels and its colour profile.
pub(crate) fn make_previews(bytes: &[u8]) -> ImageResult<Vec<Vec<u8>>> {
    let DecodedImage {
        mut image,
        orientation,
        profile,
    } = DecodedImage::decode(bytes)?;
    let mut previews = Vec::new();
    let mut turned = orientation;
    for size in PreviewSize::ALL {
        image = shrink(&image, size.pixels());
        // Turning few pixels is cheaper than turning all.
        image.apply_orientation(std::mem::replace(&mut turned, Orientation::NoTransforms));
        previews.push(encode(&image, profile.as_deref())?);
    }
    Ok(previews)
}

/// An image as it was uploaded.
struct DecodedImage {
    image: DynamicImage,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

impl DecodedImage {
    fn decode(bytes: &[u8]) -> ImageResult<Self> {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
        let format = reader.format().filter(|format| FORMATS.contains(format));
        reader.set_format(format.ok_or_else(unreadable)?);
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_DECODER_BYTES);
        reader.limits(limits.clone());
        let mut decoder = reader.into_decoder()?;
        let (width, height) = decoder.dimensions();
        if !(1..=MAX_PIXELS).contains(&(u64::from(width) * u64::from(height))) {
            return Err(unreadable());
        }
        limits.reserve(decoder.total_bytes())?;
        decoder.set_limits(limits)?;
        // An image whose metadata are broken is still an image.
        let orientation = decoder.exif_metadata().ok().flatten();
        let orientation = orientation.and_then(|exif| find_orientation(&exif));
        let profile = decoder.icc_profile().ok().flatten();
        Ok(Self {
            image: DynamicImage::from_decoder(decoder)?,
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            profile: profile.filter(|profile| is_usable(profile)),
        })
    }
}

/// The image has another format, no pixels, or too many.
fn unreadable() -> ImageError {
    ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError))
}

/// Some programs write the mark of EXIF data in a JPEG also where other formats have none.
fn find_orientation(exif: &[u8]) -> Option<Orientation> {
    Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
}

fn is_usable(profile: &[u8]) -> bool {
    let (place, expected) = PROFILE_SPACE;
    profile.len() <= MAX_PROFILE_BYTES && profile.get(place) == Some(expected)
}

/// Shrinks an image until its longest side has no more pixels than this. A small image stays as it
/// is.
fn shrink(image: &DynamicImage, pixels: u32) -> DynamicImage {
    let longest = image.width().max(image.height());
    if longest <= pixels {
        return image.clone();
    }
    let quick = pixels * QUICK_FACTOR;
    if longest <= quick {
        return image.resize(pixels, pixels, FilterType::CatmullRom);
    }
    let rough = image.thumbnail(quick, quick);
    rough.resize(pixels, pixels, FilterType::CatmullRom)
}

/// Encodes a preview: as PNG if anything is transparent, as JPEG otherwise.
fn encode(image: &DynamicImage, profile: Option<&[u8]>) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let pixels = image.to_rgba8();
    if pixels.pixels().any(|pixel| pixel.0[3] < u8::MAX) {
        let transparent = DynamicImage::ImageRgba8(pixels);
        write(&transparent, PngEncoder::new(&mut bytes), profile)?;
    } else {
        let opaque = DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(pixels).into_rgb8());
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        write(&opaque, encoder, profile)?;
    }
    Ok(bytes)
}

fn write(
    image: &DynamicImage,
    mut encoder: impl ImageEncoder,
    profile: Option<&[u8]>,
) -> ImageResult<()> {
    if let Some(profile) = profile {
        // Both formats take profiles; without one, the colours are a little off.
        let _ = encoder.set_icc_profile(profile.to_vec());
    }
    image.write_with_encoder(encoder)
}

#[cfg(test)]
mod tests {
    use image::codecs::webp::WebPEncoder;
    use image::{ImageBuffer, Luma, Rgb, Rgba};

    use super::*;

    const RED: Rgb<u8> = Rgb([220, 20, 20]);
    const BLUE: Rgb<u8> = Rgb([20, 20, 220]);

    /// An image whose left half is red, and whose right half is blue.
    fn halves(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgb8(ImageBuffer::from_fn(width, height, |x, _| {
            if x < width / 2 { RED } else { BLUE }
        }))
    }

    /// EXIF data that say this orientation, and a place.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut exif = b"MM\0*\0\0\0\x08\0\x02".to_vec();
        exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
        exif.extend([0x01, 0x0e, 0, 2, 0, 0, 0, 8, 0, 0, 0, 38]);
        exif.extend(b"\0\0\0\0at home\0");
        exif
    }

    fn jpeg(image: &DynamicImage, exif: Vec<u8>, profile: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.set_icc_profile(profile.to_vec()).unwrap();
        image.write_with_encoder(encoder).unwrap();
        bytes
    }

    fn webp(image: &DynamicImage, exif: Vec<u8>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = WebPEncoder::new_lossless(&mut bytes);
        encoder.set_exif_metadata(exif).unwrap();
        image.write_with_encoder(encoder).unwrap();
        bytes
    }

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        image
            .write_with_encoder(PngEncoder::new(&mut bytes))
            .unwrap();
        bytes
    }

    fn read(preview: &[u8]) -> DynamicImage {
        image::load_from_memory(preview).unwrap()
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    fn is_near(found: Rgb<u8>, expected: Rgb<u8>) -> bool {
        let mut pairs = found.0.into_iter().zip(expected.0);
        pairs.all(|(a, b)| a.abs_diff(b) < 40)
    }

    #[test]
    fn a_preview_is_turned_as_exif_says_and_has_no_exif() {
        // Where the left half of the stored picture is in the turned one.
        for (orientation, is_upright, red) in [
            (1, false, (0.25, 0.5)),
            (2, false, (0.75, 0.5)),
            (3, false, (0.75, 0.5)),
            (4, false, (0.25, 0.5)),
            (5, true, (0.5, 0.25)),
            (6, true, (0.5, 0.25)),
            (7, true, (0.5, 0.75)),
            (8, true, (0.5, 0.75)),
            (9, false, (0.25, 0.5)),
        ] {
            let original = jpeg(&halves(1_200, 600), exif(orientation), b"");
            assert!(contains(&original, b"Exif") && contains(&original, b"at home"));
            let previews = make_previews(&original).unwrap();
            for (preview, longest) in previews.iter().zip([1024, 256]) {
                let image = read(preview).into_rgb8();
                let (width, height) = image.dimensions();
                let expected = if is_upright {
                    (longest / 2, longest)
                } else {
                    (longest, longest / 2)
                };
                assert_eq!((width, height), expected, "orientation {orientation}");
                let at = |(x, y): (f64, f64)| {
                    let (x, y) = (f64::from(width) * x, f64::from(height) * y);
                    *image.get_pixel(x as u32, y as u32)
                };
                let opposite = (1.0 - red.0, 1.0 - red.1);
                assert!(is_near(at(red), RED), "orientation {orientation}");
                assert!(is_near(at(opposite), BLUE), "orientation {orientation}");
                assert!(!contains(preview, b"Exif") && !contains(preview, b"at home"));
            }
        }
    }

    #[test]
    fn other_formats_than_jpeg_are_turned_too() {
        let marked = [&b"Exif\0\0"[..], &exif(6)].concat();
        for exif in [exif(6), marked] {
            let previews = make_previews(&webp(&halves(400, 200), exif)).unwrap();
            let (large, small) = (read(&previews[0]), read(&previews[1]));
            assert_eq!((large.width(), large.height()), (200, 400));
            assert_eq!((small.width(), small.height()), (128, 256));
            assert!(!contains(&previews[0], b"at home"));
        }
    }

    #[test]
    fn a_colour_profile_stays_if_it_fits_the_pixels() {
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(b"RGB ");
        profile.extend(b"a profile of colours");
        let with = |profile: &[u8]| {
            let original = jpeg(&halves(300, 300), exif(1), profile);
            make_previews(&original).unwrap().remove(0)
        };
        assert!(contains(&with(&profile), b"a profile of colours"));
        profile[16..20].copy_from_slice(b"CMYK");
        assert!(!contains(&with(&profile), b"a profile of colours"));
    }

    #[test]
    fn what_is_transparent_stays_transparent_and_what_is_small_stays_small() {
        let clear = DynamicImage::ImageRgba8(ImageBuffer::from_pixel(40, 30, Rgba([9, 9, 9, 0])));
        let previews = make_previews(&png(&clear)).unwrap();
        for preview in &previews {
            assert!(preview.starts_with(b"\x89PNG"));
            assert_eq!(read(preview).to_rgba8().get_pixel(5, 5).0[3], 0);
            assert_eq!((read(preview).width(), read(preview).height()), (40, 30));
        }
        let deep = ImageBuffer::from_pixel(2_000, 3, Luma([40_000_u16]));
        let previews = make_previews(&png(&DynamicImage::ImageLuma16(deep))).unwrap();
        assert!(previews[0].starts_with(b"\xff\xd8"));
        let (large, small) = (read(&previews[0]), read(&previews[1]));
        assert_eq!((large.width(), large.height()), (1024, 2));
        assert_eq!((small.width(), small.height()), (256, 1));
    }

    #[test]
    fn what_is_no_image_or_too_large_has_no_previews() {
        let whole = png(&halves(20, 20));
        for length in 0..whole.len() / 2 {
            assert!(make_previews(&whole[..length]).is_err(), "{length}");
        }
        let gif = |width: [u8; 2], height: [u8; 2]| {
            let frame = b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
            [&b"GIF89a"[..], &width, &height, frame].concat()
        };
        assert!(make_previews(&gif([1, 0], [1, 0])).is_ok());
        assert!(make_previews(&gif([0xff, 0xff], [0xff, 0xff])).is_err());
        assert!(make_previews(&gif([0, 0], [0, 0])).is_err());
        let bitmap = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18";
        for bad in [&b""[..], b"<svg/>", b"\x89PNG\r\n\x1a\n", bitmap] {
            assert!(make_previews(bad).is_err(), "{bad:?}");
        }
    }
}
