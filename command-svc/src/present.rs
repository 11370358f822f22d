//! Fields of a request for which null and an omission mean different things.

use serde::{Deserialize, Deserializer};

/// Deserializes a field that is present, so that null (`Some(None)`) differs from an omitted field
/// (`None`, the default).
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
pub(crate) fn deserialize_present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
