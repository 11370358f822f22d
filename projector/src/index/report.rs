//! The report of a build: how the new index compares with the one that was served.

use search::index::{BuildNumber, IndexDigest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The report of a build that has become the served index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildReport {
    /// The build number.
    pub build: BuildNumber,
    /// How many messages the index contained when it became the served one.
    pub messages: u64,
    /// The position up to which it was complete then.
    pub position: u64,
    /// How many messages it took over from the interrupted or kept build that it resumed.
    #[serde(rename = "had")]
    pub resumed: u64,
    /// The comparison with the index that was served; `None` if there was none, or if it was
    /// corrupted or belonged to another log.
    pub comparison: Option<IndexComparison>,
}

/// The comparison of two indexes at the same position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexComparison {
    /// The position up to which both were complete.
    pub position: i64,
    /// The digest of the index that was served.
    pub served: IndexDigest,
    /// The digest of the new index.
    pub built: IndexDigest,
    /// The first messages that differ.
    pub differing: Vec<DifferingMessage>,
}

/// A message that only one of the indexes contains, or that differs between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferingMessage {
    /// The public id of its conversation.
    pub conversation: String,
    /// Its seq in that conversation.
    pub seq: u64,
}

impl IndexComparison {
    /// Whether both indexes are equal.
    pub fn is_equal(&self) -> bool {
        self.served == self.built
    }

    /// The comparison as one JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "position": self.position, "equal": self.is_equal(),
            "served": self.served, "rebuilt": self.built, "differences": self.differing,
        })
    }
}
