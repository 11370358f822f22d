//! The names of objects.

use std::fmt;

use uuid::Uuid;

/// The name of an object in the store: the id of its file, and nothing that a client chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(Uuid);

/// What the names of all objects begin with.
pub(crate) const FOLDER: &str = "files";

impl ObjectKey {
    /// The object of the file with this id. `None` if it is no id.
    pub fn parse(id: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(id).ok()?;
        (uuid.hyphenated().to_string() == id).then_some(Self(uuid))
    }

    /// The path below the root of the store. The last two digits, which are random, spread the
    /// objects over 256 folders.
    pub(crate) fn path(self) -> String {
        format!("{FOLDER}/{:02x}/{self}", self.0.as_bytes()[15])
    }

    /// Reads the key from the last segment of a path.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        Self::parse(path.rsplit('/').next()?)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_id_alone() {
        let key = ObjectKey::parse("019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a").expect("an id");
        assert_eq!(key.path(), "files/5a/019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a");
        assert_eq!(ObjectKey::from_path(&key.path()), Some(key));
        for bad in [
            "",
            "../etc/passwd",
            "019ad2c57a317c1e9f6e2f0f3d1c9b5a",
            "019AD2C5-7A31-7C1E-9F6E-2F0F3D1C9B5A",
            "{019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a}",
        ] {
            assert_eq!(ObjectKey::parse(bad), None, "{bad}");
        }
    }
}
