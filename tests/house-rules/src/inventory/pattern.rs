//! Texts that the program formats, with `<name>` for what it fills in.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::Expr;

use crate::tokens::{literal, string_value};

/// The pattern of the arguments of a `format!`.
pub(super) fn format_pattern(arguments: TokenStream) -> Option<String> {
    let tokens: Vec<TokenTree> = arguments.into_iter().collect();
    let mut parts =
        tokens.split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
    let text = string_value(parts.next()?.first()?)?;
    let mut positional = parts.map(argument_name);
    let mut pattern = String::new();
    let mut pieces = text.split('{');
    pattern.push_str(pieces.next()?);
    for piece in pieces {
        let (hole, rest) = piece.split_once('}')?;
        let name = match hole.split(':').next() {
            Some("") | None => positional.next()?,
            Some(name) => name.to_owned(),
        };
        pattern.extend(["<", &name.to_lowercase(), ">", rest]);
    }
    Some(pattern)
}

/// What an argument is called: the last name in it that is not a method.
fn argument_name(tokens: &[TokenTree]) -> String {
    let mut names = tokens.iter().enumerate().filter_map(|(at, token)| {
        let is_method = matches!(tokens.get(at + 1), Some(TokenTree::Group(_)));
        match token {
            TokenTree::Ident(ident) if !is_method => Some(ident.to_string()),
            _ => None,
        }
    });
    names.next_back().unwrap_or_default()
}

/// The pattern of an expression: a literal, a constant or a `format!`, also converted.
pub(super) fn text_pattern(
    expression: &Expr,
    constants: &BTreeMap<String, String>,
) -> Option<String> {
    match expression {
        Expr::Lit(_) => literal(expression),
        Expr::MethodCall(call) => text_pattern(&call.receiver, constants),
        Expr::Macro(call) if call.mac.path.is_ident("format") => {
            format_pattern(call.mac.tokens.clone())
        }
        Expr::Path(path) => {
            let name = path.path.segments.last()?.ident.to_string();
            constants.get(&name).cloned()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(code: &str) -> Option<String> {
        format_pattern(code.parse().expect("tokens"))
    }

    #[test]
    fn holes_are_named_after_their_arguments() {
        assert_eq!(
            pattern("\"{prefix}.{}.{partition:02}\", kind.as_str()"),
            Some("<prefix>.<kind>.<partition>".to_owned())
        );
        assert_eq!(
            pattern("\"{}.gossip\", self.stream"),
            Some("<stream>.gossip".to_owned())
        );
    }
}
