//! Rebuild requests: how any process asks the writer process to rebuild the index.

const KEEP_OPTION: &str = "keep";
const FROM_KEPT_OPTION: &str = "from-kept";

/// A request to rebuild the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RebuildRequest {
    /// Start from the kept build, if there is one, instead of from scratch.
    pub from_kept: bool,
    /// Keep the served build when it is replaced. Otherwise the previously kept build is removed
    /// too.
    pub keep: bool,
}

impl RebuildRequest {
    /// Formats it as its file: the options that are set.
    pub(super) fn to_text(self) -> String {
        let options = [(self.from_kept, FROM_KEPT_OPTION), (self.keep, KEEP_OPTION)];
        let words: Vec<&str> = options
            .iter()
            .filter_map(|(is_set, word)| is_set.then_some(*word))
            .collect();
        words.join(" ")
    }

    /// Parses the content of its file. Unknown words are ignored.
    pub(super) fn parse(text: &str) -> Self {
        let has = |option| text.split_whitespace().any(|word| word == option);
        Self {
            from_kept: has(FROM_KEPT_OPTION),
            keep: has(KEEP_OPTION),
        }
    }
}
