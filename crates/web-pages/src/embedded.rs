//! The files of the pages, as the build script has compressed them.

/// The least length of a hash in a file's name.
const MIN_HASH_CHARS: usize = 8;

/// All files.
pub static FILES: &[EmbeddedFile] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file of `web/dist`.
#[derive(Debug)]
pub struct EmbeddedFile {
    /// Its path in that directory.
    pub name: &'static str,
    /// The entity tag of its content: a weak one, because both encodings share it.
    pub tag: &'static str,
    /// Its content, compressed by gzip.
    pub gzip: &'static [u8],
}

impl EmbeddedFile {
    /// Where it is served.
    pub fn path(&self) -> String {
        match self.name {
            "chat.html" => "/".to_owned(),
            "ops.html" => "/ops".to_owned(),
            "widget.html" => "/widget".to_owned(),
            name => format!("/{name}"),
        }
    }

    /// Whether pages of other origins may show it in a frame: the widget for customers.
    pub fn is_framed(&self) -> bool {
        self.name == "widget.html"
    }

    /// Its media type. Text is UTF-8.
    pub fn content_type(&self) -> &'static str {
        let extension = self.name.rsplit_once('.').map(|(_, extension)| extension);
        match extension.unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" | "map" => "application/json",
            "webmanifest" => "application/manifest+json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "webp" => "image/webp",
            "ico" => "image/x-icon",
            "woff2" => "font/woff2",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    /// Whether its name has a hash of its content, as `chat-2FJQ7ZKM.js` has: then the same name
    /// never has another content.
    pub fn is_immutable(&self) -> bool {
        let stem = self.name.split_once('.').map(|(stem, _)| stem);
        let hash = stem.and_then(|stem| stem.rsplit_once('-'));
        hash.is_some_and(|(_, hash)| {
            hash.len() >= MIN_HASH_CHARS
                && hash
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages may make the program larger by so much. The bound for the whole of them, with the
    /// code that serves them, is 3 MB.
    const MOST_EMBEDDED_BYTES: usize = 1_000_000;

    fn file(name: &'static str) -> EmbeddedFile {
        EmbeddedFile {
            name,
            tag: "",
            gzip: &[],
        }
    }

    #[test]
    fn only_a_hash_makes_a_name_immutable() {
        for (name, expected) in [
            ("chat-2FJQ7ZKM.js", true),
            ("chat-2FJQ7ZKM.js.map", true),
            ("chat-2FJQ7Z.js", false),
            ("chat.js", false),
            ("settings-notifications.js", false),
        ] {
            assert_eq!(file(name).is_immutable(), expected, "{name}");
        }
    }

    #[test]
    fn the_files_are_small_and_only_their_compressed_form_is_embedded() {
        let bytes: usize = FILES.iter().map(|file| file.gzip.len()).sum();
        assert!(bytes > 0 && bytes <= MOST_EMBEDDED_BYTES, "{bytes} bytes");
        for file in FILES {
            // The first bytes of every gzip file.
            assert_eq!(file.gzip[..2], [0x1f, 0x8b], "{}", file.name);
        }
    }

    #[test]
    fn every_embedded_file_has_a_known_type_and_another_path() {
        let mut paths: Vec<String> = FILES.iter().map(EmbeddedFile::path).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), FILES.len());
        for page in ["/", "/ops", "/widget"] {
            assert!(paths.iter().any(|path| path == page), "{page}");
        }
        for file in FILES {
            let content_type = file.content_type();
            assert_ne!(content_type, "application/octet-stream", "{}", file.name);
        }
    }
}
