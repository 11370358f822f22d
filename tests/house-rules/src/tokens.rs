//! What the tokens of Rust code say, also those inside macros: calls, string literals, paths.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Attribute;

/// A call, as the tokens have it.
#[derive(Debug)]
pub struct FunctionCall {
    /// The name of the function, method or macro, without a path.
    pub name: String,
    /// Whether it is a macro.
    pub is_macro: bool,
    /// What is between the parentheses.
    pub arguments: TokenStream,
}

impl FunctionCall {
    /// The string literals in front of an `=>`, such as the labels of a metric.
    pub fn keys(&self) -> Vec<String> {
        let tokens: Vec<TokenTree> = self.arguments.clone().into_iter().collect();
        let is_arrow = |at: usize| {
            let is = |at: usize, char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == char);
            is(at, '=') && is(at + 1, '>')
        };
        let keys = tokens.iter().enumerate();
        keys.filter(|(at, _)| is_arrow(at + 1))
            .filter_map(|(_, token)| string_value(token))
            .collect()
    }

    /// The first argument, if it begins with a string literal.
    pub fn first_string(&self) -> Option<String> {
        let first = self.arguments.clone().into_iter().next()?;
        string_value(&first)
    }
}

/// The text of a doc comment, its lines joined; paragraphs end in a line break.
pub fn doc_text(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        if let syn::Meta::NameValue(pair) = &attribute.meta
            && let Some(line) = literal(&pair.value)
        {
            let line = line.trim();
            if line.is_empty() {
                text.push('\n');
            } else {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push(' ');
                }
                text.push_str(line);
            }
        }
    }
    text
}

/// The value of a literal: the content of a string, or a number without its underscores and suffix.
pub fn literal(expression: &syn::Expr) -> Option<String> {
    let syn::Expr::Lit(literal) = expression else {
        return None;
    };
    match &literal.lit {
        syn::Lit::Str(text) => Some(text.value()),
        syn::Lit::Int(number) => Some(number.base10_digits().to_owned()),
        syn::Lit::Bool(flag) => Some(flag.value.to_string()),
        _ => None,
    }
}

/// The content of a token that is a string literal.
pub(crate) fn string_value(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(token) = token else {
        return None;
    };
    match syn::Lit::new(token.clone()) {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

pub(crate) fn collect_strings(tokens: TokenStream, strings: &mut Vec<String>) {
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            if !is_doc(group) {
                collect_strings(group.stream(), strings);
            }
        } else {
            strings.extend(string_value(&token));
        }
    }
}

/// Whether a group is the `[doc = "..."]` of a doc comment.
fn is_doc(group: &proc_macro2::Group) -> bool {
    group.delimiter() == Delimiter::Bracket
        && group
            .stream()
            .into_iter()
            .next()
            .is_some_and(|token| matches!(token, TokenTree::Ident(ident) if ident == "doc"))
}

pub(crate) fn collect_calls(tokens: TokenStream, calls: &mut Vec<FunctionCall>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        collect_calls(group.stream(), calls);
        let before = |back: usize| index.checked_sub(back).map(|at| &tokens[at]);
        let is_macro = matches!(before(1), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
        let name = before(if is_macro { 2 } else { 1 });
        let is_definition = matches!(before(2), Some(TokenTree::Ident(word)) if word == "fn");
        if !is_definition
            && group.delimiter() == Delimiter::Parenthesis
            && let Some(TokenTree::Ident(name)) = name
        {
            calls.push(FunctionCall {
                name: name.to_string(),
                is_macro,
                arguments: group.stream(),
            });
        }
    }
}

/// Paths as the tokens have them, so that those inside macros are found too.
pub(crate) fn collect_paths(tokens: TokenStream, paths: &mut Vec<Vec<String>>) {
    let mut path: Vec<String> = Vec::new();
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    finish(&mut path, paths);
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() && colons < 2 => {
                colons += 1;
            }
            TokenTree::Group(group) => {
                finish(&mut path, paths);
                colons = 0;
                collect_paths(group.stream(), paths);
            }
            _ => {
                finish(&mut path, paths);
                colons = 0;
            }
        }
    }
    finish(&mut path, paths);
}

fn finish(path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    if path.len() > 1 {
        paths.push(std::mem::take(path));
    } else {
        path.clear();
    }
}
