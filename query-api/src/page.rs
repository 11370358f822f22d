//! The byte budget of a page. A page ends before the item that would exceed it, even if `limit`
//! allows more items, and its cursor says where the next page starts.
//!
//! The budget is applied twice: statements leave out rows whose bodies exceed it, so that memory
//! is never spent on what is not sent, and the page itself is cut by the exact size of its items.

use std::cell::RefCell;
use std::io::{self, Write};

use serde::Serialize;

/// The maximum size of the items of a page as JSON. An item that is larger is a page of its own.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// The same for a statement, which sums the sizes of bodies.
pub const MAX_PAGE_BODY_BYTES: i64 = MAX_PAGE_BYTES as i64;

/// How much a thread keeps for the next answer.
const MAX_SCRATCH_BYTES: usize = 64 * 1024;

/// A column `bytes_before` for a statement: the sum of the expression `$bytes` over the rows of the
/// window before this row. Rows for which it has reached the budget do not fit on the page.
macro_rules! bytes_before {
    ($bytes:expr, $window:expr) => {
        concat!(
            "coalesce(sum(",
            $bytes,
            ") OVER (",
            $window,
            " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS bytes_before"
        )
    };
}

pub(crate) use bytes_before;

/// The bytes that are left on a page.
#[derive(Debug)]
pub struct PageBudget {
    left: usize,
    is_empty: bool,
}

impl Default for PageBudget {
    fn default() -> Self {
        Self::with_bytes(MAX_PAGE_BYTES)
    }
}

impl PageBudget {
    /// A budget of another size than that of a page.
    pub fn with_bytes(bytes: usize) -> Self {
        Self {
            left: bytes,
            is_empty: true,
        }
    }

    /// Takes the size of an item from the budget. Returns false if the item does not fit, and the
    /// page must end before it; the first item always fits.
    pub fn admit<T: Serialize>(&mut self, item: &T) -> bool {
        let size = json_size(item);
        let fits = self.is_empty || size <= self.left;
        if fits {
            self.left = self.left.saturating_sub(size);
            self.is_empty = false;
        }
        fits
    }
}

/// The size of a value as JSON, in bytes. A value that cannot be serialized fits nowhere.
pub fn json_size<T: Serialize>(value: &T) -> usize {
    let mut counter = ByteCounter(0);
    serde_json::to_writer(&mut counter, value).map_or(usize::MAX, |()| counter.0)
}

/// Serializes a value. The buffer has exactly its size: one that grows while it is written would be
/// up to twice as large. Growing happens in a buffer of this thread, which is used again.
pub fn to_json<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    thread_local! {
        static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        serde_json::to_writer(&mut *scratch, value)?;
        let json = scratch.as_slice().to_vec();
        scratch.shrink_to(MAX_SCRATCH_BYTES);
        Ok(json)
    })
}

/// Counts bytes instead of writing them.
struct ByteCounter(usize);

impl Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_at_the_budget_and_has_at_least_one_item() {
        let text = |bytes: usize| "x".repeat(bytes - 2);
        let mut budget = PageBudget::with_bytes(100);
        assert!(budget.admit(&text(60)) && budget.admit(&text(40)));
        assert!(!budget.admit(&text(2)), "the budget is used up");
        let mut budget = PageBudget::with_bytes(100);
        assert!(budget.admit(&text(150)), "the first item always fits");
        assert!(!budget.admit(&text(2)));
    }

    #[test]
    fn the_size_is_that_of_the_json() {
        for value in ["", "a \"quoted\" text", "你好\u{1}\n"] {
            let json = serde_json::to_vec(value).unwrap();
            assert_eq!(json_size(&value), json.len());
            assert_eq!(to_json(&value).unwrap(), json);
        }
    }
}
