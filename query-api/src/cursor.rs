//! Opaque page cursors: the sort key after which the next page starts, as base64url text.
//!
//! A cursor carries a short checksum over its listing and its user. A cursor that was truncated,
//! changed or taken from another listing is therefore rejected instead of yielding an arbitrary
//! page. A cursor is not secret and grants no access: each query checks visibility itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_edge::Problem;
use serde::Serialize;

use crate::page::PageBudget;

/// The length of the checksum in bytes.
const CHECKSUM_BYTES: usize = 8;

/// Encodes and decodes the cursors of one listing, which is paged by the sort key of its last row.
#[derive(Debug, Clone, Copy)]
pub struct CursorCodec<'a> {
    /// The name of the listing.
    pub listing: &'static str,
    /// The scope of the listing: the caller, and the conversation if it is about one.
    pub scope: &'a [&'a str],
}

impl CursorCodec<'_> {
    /// Returns the cursor after the row with this sort key.
    pub fn encode_key<const N: usize>(&self, key: [i64; N]) -> String {
        self.encode(&key)
    }

    /// Parses the sort key in a cursor of this listing; `field` is the name of the parameter.
    pub fn parse_key<const N: usize>(
        &self,
        field: &str,
        cursor: Option<&str>,
    ) -> Result<Option<[i64; N]>, Problem> {
        self.parse(field, cursor, |key| key.try_into().ok())
    }

    /// Ends a page at its limit or at its byte budget. `found` is the number of items that there
    /// are, up to one more than the limit. Returns the cursor of the next page: `key` is the sort
    /// key of an item.
    pub fn end_page<T: Serialize, const N: usize>(
        &self,
        items: &mut Vec<T>,
        limit: i64,
        found: usize,
        key: impl FnOnce(&T) -> [i64; N],
    ) -> Option<String> {
        let mut budget = PageBudget::default();
        let allowed = items.iter().take(limit as usize);
        let fitting = allowed.take_while(|item| budget.admit(item)).count();
        items.truncate(fitting);
        let last = items.last().filter(|_| found > fitting)?;
        Some(self.encode_key(key(last)))
    }

    /// Encodes a cursor of any number of integers.
    pub fn encode(&self, key: &[i64]) -> String {
        let key: Vec<u8> = key.iter().flat_map(|part| part.to_be_bytes()).collect();
        let mut bytes = self.checksum(&key).to_vec();
        bytes.extend_from_slice(&key);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Parses a cursor of this listing and converts its integers with `meaning`; `field` is the
    /// name of the parameter.
    pub fn parse<T>(
        &self,
        field: &str,
        cursor: Option<&str>,
        meaning: impl Fn(&[i64]) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        crate::params::non_empty(cursor)
            .map(|cursor| {
                let numbers = self.decode(cursor);
                let expected = "expected the `next` of an earlier page of this listing";
                numbers
                    .and_then(|numbers| meaning(&numbers))
                    .ok_or_else(|| Problem::malformed(field, expected))
            })
            .transpose()
    }

    fn decode(&self, cursor: &str) -> Option<Vec<i64>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (check, key) = bytes.split_at_checked(CHECKSUM_BYTES)?;
        let (parts, rest) = key.as_chunks::<8>();
        if check != self.checksum(key) || !rest.is_empty() {
            return None;
        }
        Some(parts.iter().map(|part| i64::from_be_bytes(*part)).collect())
    }

    fn checksum(&self, key: &[u8]) -> [u8; CHECKSUM_BYTES] {
        let mut parts = vec![self.listing.as_bytes()];
        parts.extend(self.scope.iter().map(|part| part.as_bytes()));
        parts.push(key);
        let digest = domain::digest::fingerprint(&parts).to_be_bytes();
        std::array::from_fn(|i| digest[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANAS_INBOX: CursorCodec<'_> = CursorCodec {
        listing: "inbox",
        scope: &["ana"],
    };

    #[test]
    fn a_cursor_decodes_to_its_key() {
        let cursor = ANAS_INBOX.encode_key([1, -5]);
        assert_eq!(
            ANAS_INBOX.parse_key("after", Some(&cursor)).ok(),
            Some(Some([1, -5]))
        );
        assert_eq!(ANAS_INBOX.parse_key::<2>("after", None).ok(), Some(None));
        assert_eq!(
            ANAS_INBOX.parse_key::<2>("after", Some("")).ok(),
            Some(None)
        );
    }

    #[test]
    fn a_full_page_ends_with_the_cursor_of_its_last_row() {
        let end_page = |rows: &mut Vec<i64>| {
            let found = rows.len();
            ANAS_INBOX.end_page(rows, 2, found, |row| [*row])
        };
        let mut rows = vec![7, 8, 9];
        let next = end_page(&mut rows);
        assert_eq!(rows, [7, 8]);
        assert_eq!(
            ANAS_INBOX.parse_key("after", next.as_deref()).ok(),
            Some(Some([8]))
        );
        assert_eq!(end_page(&mut rows), None);
        assert_eq!(rows, [7, 8]);
    }

    #[test]
    fn a_page_ends_at_its_byte_budget() {
        let text = "x".repeat(400 * 1024);
        let mut items = vec![(1, &text), (2, &text), (3, &text)];
        let found = items.len();
        let next = ANAS_INBOX.end_page(&mut items, 3, found, |item| [item.0]);
        assert_eq!(items.len(), 2);
        assert_eq!(next, Some(ANAS_INBOX.encode_key([2])));
        // The statement has left out a third item, which does not fit either.
        let next = ANAS_INBOX.end_page(&mut items, 3, 3, |item| [item.0]);
        assert_eq!(next, Some(ANAS_INBOX.encode_key([2])));
    }

    #[test]
    fn a_modified_or_foreign_cursor_is_rejected() {
        let cursor = ANAS_INBOX.encode_key([1, 5]);
        for at in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let modified = String::from_utf8(bytes).unwrap();
            assert!(
                ANAS_INBOX.parse_key::<2>("after", Some(&modified)).is_err(),
                "{modified}"
            );
        }
        assert!(
            ANAS_INBOX
                .parse_key::<2>("after", Some(&cursor[..cursor.len() - 1]))
                .is_err()
        );
        assert!(ANAS_INBOX.parse_key::<1>("after", Some(&cursor)).is_err());
        let other = CursorCodec {
            listing: "inbox",
            scope: &["bob"],
        };
        assert!(other.parse_key::<2>("after", Some(&cursor)).is_err());
        assert!(
            ANAS_INBOX
                .parse_key::<2>("after", Some("not a cursor"))
                .is_err()
        );
    }
}
