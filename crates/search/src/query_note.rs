//! What the parser of queries says of items that it did not understand.

use std::fmt;

/// The operators, and the values that each takes.
const OPERATORS: [(&str, &str); 8] = [
    ("from", "the id of a user, or me"),
    ("in", "the id of a conversation"),
    ("type", "a message type such as image"),
    ("has", "link or mention"),
    ("mentions", "the id of a user, or me"),
    ("before", "a day such as 2026-11-01"),
    ("after", "a day such as 2026-11-01"),
    ("on", "a day such as 2026-11-01"),
];

/// The maximum number of characters of an item that a note repeats.
const MAX_REPEATED_CHARS: usize = 60;

/// An item that has the form of an operator but is searched as text: `before:yesterday`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryNote {
    item: String,
    /// The operator and what it takes; `None` if there is no such operator.
    operator: Option<(&'static str, &'static str)>,
}

impl QueryNote {
    /// Describes an item with the name of an operator.
    pub(crate) fn new(item: &str, name: &str) -> Self {
        let mut known = OPERATORS.into_iter();
        Self {
            item: item.chars().take(MAX_REPEATED_CHARS).collect(),
            operator: known.find(|(operator, _)| operator.eq_ignore_ascii_case(name)),
        }
    }
}

impl fmt::Display for QueryNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is searched as text; ", self.item)?;
        if let Some((name, values)) = self.operator {
            return write!(f, "{name} takes {values}");
        }
        let names = OPERATORS.map(|(name, _)| name);
        write!(f, "the operators are {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use crate::ParsedQuery;

    fn notes_of(query: &str) -> Vec<String> {
        let parsed = ParsedQuery::parse(query).expect("a query");
        parsed.notes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_operator_that_is_searched_as_text_is_named_with_what_it_takes() {
        assert_eq!(
            notes_of("tea before:yesterday Has:image"),
            [
                "before:yesterday is searched as text; before takes a day such as 2026-11-01",
                "Has:image is searched as text; has takes link or mention",
            ]
        );
        assert_eq!(
            notes_of("-form:ann OR in: form:ann"),
            [
                "form:ann is searched as text; the operators are from, in, type, has, mentions, \
                 before, after, on",
                "in: is searched as text; in takes the id of a conversation",
            ]
        );
    }

    #[test]
    fn what_is_understood_or_is_no_operator_has_no_note() {
        for query in [
            "tea from:ann in:c type:image has:link mentions:me before:2026-11-01 -on:2026-11-02",
            "https://example.org/a?b=c",
            "Type::First",
            "rm -rf",
            "12:30",
            "\"from: ann\"",
        ] {
            assert!(notes_of(query).is_empty(), "{query}: {:?}", notes_of(query));
        }
    }

    #[test]
    fn a_note_repeats_only_the_beginning_of_a_long_item() {
        let query = format!("before:{}", "x".repeat(900));
        assert!(notes_of(&query)[0].len() < 150);
    }
}
