//! The names of objects.

use std::fmt;

use uuid::Uuid;

/// What the names of all objects begin with.
pub(crate) const FOLDER: &str = "files";

/// What the names of all previews begin with.
pub(crate) const PREVIEW_FOLDER: &str = "previews";

/// How many digits of the SHA-256 are in the name of an object.
const DIGEST_DIGITS: usize = 16;

/// The id of a file whose bytes are uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadKey(Uuid);

impl UploadKey {
    /// Parses the id of a file. `None` if it is none.
    pub fn parse(id: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(id).ok()?;
        (uuid.hyphenated().to_string() == id).then_some(Self(uuid))
    }

    /// A new id, for bytes that the server makes itself.
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), f)
    }
}

/// The name of an object in the store: the id of its file and the digest of its bytes, and nothing
/// that a client chose. Two uploads of one file at the same time, in different processes, cannot
/// replace the bytes of each other by different ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    file: UploadKey,
    digest: String,
}

impl ObjectKey {
    /// The object with the bytes of this file. `sha256` is their digest in hexadecimal digits.
    /// `None` if it is none.
    pub fn new(file: UploadKey, sha256: &str) -> Option<Self> {
        let digest = sha256.get(..DIGEST_DIGITS)?;
        let is_legal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digest.bytes().all(is_legal).then(|| Self {
            file,
            digest: digest.to_owned(),
        })
    }

    /// The file.
    pub fn file(&self) -> UploadKey {
        self.file
    }

    /// The path below the root of the store. The last two digits of the id, which are random,
    /// spread the objects over 256 folders.
    pub(crate) fn path(&self) -> String {
        format!("{FOLDER}/{:02x}/{self}", self.spread())
    }

    fn spread(&self) -> u8 {
        self.file.0.as_bytes()[15]
    }

    /// Reads the key from the last segment of a path.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let (file, digest) = path.rsplit('/').next()?.split_once('.')?;
        let key = Self::new(UploadKey::parse(file)?, digest)?;
        (key.digest == digest).then_some(key)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.file, self.digest)
    }
}

/// How large a preview is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreviewSize {
    /// For a list: 256 pixels.
    Small,
    /// For a screen: 1024 pixels.
    Large,
}

impl PreviewSize {
    /// Every size, the largest first.
    pub const ALL: [Self; 2] = [Self::Large, Self::Small];

    /// How many pixels its longest side has at most.
    pub fn pixels(self) -> u32 {
        match self {
            Self::Small => 256,
            Self::Large => 1024,
        }
    }

    /// Parses the number of pixels. `None` for any other number.
    pub fn parse(text: &str) -> Option<Self> {
        let mut sizes = Self::ALL.into_iter();
        sizes.find(|size| size.pixels().to_string() == text)
    }
}

/// The name of a preview in the store: that of the object, and the size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PreviewKey {
    object: ObjectKey,
    size: PreviewSize,
}

impl PreviewKey {
    /// The preview of this object.
    pub fn new(object: ObjectKey, size: PreviewSize) -> Self {
        Self { object, size }
    }

    /// The object.
    pub fn object(&self) -> &ObjectKey {
        &self.object
    }

    /// The path below the root of the store.
    pub(crate) fn path(&self) -> String {
        format!("{PREVIEW_FOLDER}/{:02x}/{self}", self.object.spread())
    }

    /// Reads the key from the last segment of a path.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let (object, pixels) = path.rsplit_once('.')?;
        Some(Self {
            object: ObjectKey::from_path(object)?,
            size: PreviewSize::parse(pixels)?,
        })
    }
}

impl fmt::Display for PreviewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.object, self.size.pixels())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";

    #[test]
    fn a_path_has_the_id_and_the_digest_alone() {
        let file = UploadKey::parse(ID).expect("an id");
        let key = ObjectKey::new(file, &"0123456789abcdef".repeat(4)).expect("a digest");
        assert_eq!(key.path(), format!("files/5a/{ID}.0123456789abcdef"));
        assert_eq!(ObjectKey::from_path(&key.path()), Some(key.clone()));
        let preview = PreviewKey::new(key, PreviewSize::Small);
        let path = format!("previews/5a/{ID}.0123456789abcdef.256");
        assert_eq!(preview.path(), path);
        assert_eq!(PreviewKey::from_path(&path), Some(preview));
        for bad in ["", "256", "a.256", "../../x.256"] {
            assert_eq!(PreviewKey::from_path(bad), None, "{bad}");
        }
        let other_size = path.replace(".256", ".512");
        assert_eq!(PreviewKey::from_path(&other_size), None);
        for bad in ["", "0123", "../../../../etc/passwd", "0123456789ABCDEF"] {
            assert_eq!(ObjectKey::new(file, bad), None, "{bad}");
        }
        for bad in [
            "",
            "../etc/passwd",
            "019ad2c57a317c1e9f6e2f0f3d1c9b5a",
            "019AD2C5-7A31-7C1E-9F6E-2F0F3D1C9B5A",
            "{019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a}",
        ] {
            assert_eq!(UploadKey::parse(bad), None, "{bad}");
        }
    }
}
