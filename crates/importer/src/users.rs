//! The names of users: which user of the system a user of the input is.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use data_dir::UsageError;
use domain::hex::to_hex;
use domain::ids::{MAX_USER_ID_CHARS, UserId};
use sha2::{Digest as _, Sha256};

/// The maximum length of a prefix, in characters.
const MAX_PREFIX_CHARS: usize = 64;
/// How many hash digits replace the end of an id that is too long with its prefix.
const SHORTENED_HASH_DIGITS: usize = 24;

/// Maps the users of the input to users of the system.
#[derive(Debug, Default)]
pub struct UserNames {
    prefix: String,
    map: HashMap<String, String>,
}

impl UserNames {
    /// Names as in the input, except for those in the file `map`. All others begin with `prefix`.
    pub fn open(prefix: Option<&str>, map: Option<&Path>) -> Result<Self> {
        let prefix = prefix.unwrap_or_default();
        if prefix.chars().count() > MAX_PREFIX_CHARS || prefix.chars().any(char::is_control) {
            return Err(UsageError(format!(
                "--prefix: expected at most {MAX_PREFIX_CHARS} characters, none of them a control character"
            ))
            .into());
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            map: map.map(read_map).transpose()?.unwrap_or_default(),
        })
    }

    /// The user with this name in the input.
    pub fn resolve(&self, name: &str) -> String {
        if let Some(user) = self.map.get(name) {
            return user.clone();
        }
        let user = format!("{}{name}", self.prefix);
        if user.chars().count() <= MAX_USER_ID_CHARS {
            return user;
        }
        // Cutting it off could give two users one id.
        let kept = MAX_USER_ID_CHARS - 1 - SHORTENED_HASH_DIGITS;
        let start: String = user.chars().take(kept).collect();
        let digits = to_hex(&Sha256::digest(user.as_bytes()));
        format!("{start}~{}", &digits[..SHORTENED_HASH_DIGITS])
    }
}

/// Reads a file of pairs: a JSON object, or CSV with two columns.
fn read_map(path: &Path) -> Result<HashMap<String, String>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("--users: cannot read {}", path.display()))?;
    parse_map(&text).map_err(|reason| {
        let path = path.display();
        UsageError(format!("--users: {path}: {reason}")).into()
    })
}

fn parse_map(text: &str) -> Result<HashMap<String, String>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let pairs: Vec<(String, String)> = if text.trim_start().starts_with('{') {
        let object: HashMap<String, String> = serde_json::from_str(text)
            .map_err(|error| format!("expected a JSON object of strings: {error}"))?;
        object.into_iter().collect()
    } else {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let rows: Result<Vec<Vec<String>>, _> = reader.deserialize().collect();
        let rows = rows.map_err(|error| format!("is not CSV: {error}"))?;
        let pair = |row: Vec<String>| match <[String; 2]>::try_from(row) {
            Ok([name, user]) => Ok((name, user)),
            Err(row) => Err(format!(
                "expected two columns, the name and the user id, but {row:?} has {}",
                row.len()
            )),
        };
        rows.into_iter().map(pair).collect::<Result<_, _>>()?
    };
    let mut map = HashMap::new();
    for (name, user) in pairs {
        UserId::parse(&user).map_err(|error| format!("{name:?}: {user:?}: {error}"))?;
        if map.insert(name.clone(), user).is_some() {
            return Err(format!("{name:?} is there twice"));
        }
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mapped_or_prefixed() {
        let users = UserNames {
            prefix: "irc:".into(),
            map: HashMap::from([("ann".into(), "ann.lee".into())]),
        };
        assert_eq!(users.resolve("ann"), "ann.lee");
        assert_eq!(users.resolve("bob"), "irc:bob");
        assert_eq!(UserNames::default().resolve("bob"), "bob");
        let long = ["é".repeat(127) + "a", "é".repeat(127) + "b"];
        let [one, other] = long.map(|name| users.resolve(&name));
        assert_ne!(one, other);
        assert!(UserId::parse(&one).is_ok() && UserId::parse(&other).is_ok());
    }

    #[test]
    fn map_is_csv_or_json() {
        let expected = HashMap::from([
            ("ann".to_owned(), "ann.lee".to_owned()),
            ("O'Neil, Bob".to_owned(), "bob".to_owned()),
        ]);
        for text in [
            "ann,ann.lee\n\"O'Neil, Bob\", bob\n",
            "\u{feff}{\"ann\": \"ann.lee\", \"O'Neil, Bob\": \"bob\"}",
        ] {
            assert_eq!(parse_map(text), Ok(expected.clone()));
        }
        for (text, reason) in [
            ("ann", "expected two columns"),
            ("ann,ben,cid", "expected two columns"),
            ("{\"ann\": 5}", "expected a JSON object"),
            ("ann,", "must have 1 to 128"),
            ("ann,a\nann,b", "twice"),
        ] {
            let found = parse_map(text).expect_err(text);
            assert!(found.contains(reason), "{text}: {found}");
        }
    }

    #[test]
    fn prefix_is_checked() {
        for bad in ["x".repeat(65), "a\n".to_owned()] {
            assert!(UserNames::open(Some(&bad), None).is_err());
        }
    }
}
