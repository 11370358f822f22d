//! Quotes names and values for SQL statements that take no parameters.

/// Quotes a name as an SQL identifier.
pub(crate) fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes text as an SQL string literal. Backslashes have no meaning in one.
pub(crate) fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(quote_identifier("a\"b'c"), "\"a\"\"b'c\"");
        assert_eq!(quote_literal("a\"b'c\\"), "'a\"b''c\\'");
    }
}
