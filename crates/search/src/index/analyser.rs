//! Adapter of [`crate::token`] to tantivy's tokenizer interface.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The tokenizer's name in the schema. A change to the analysis requires a new name: an index with
/// the old name then has another schema and is rebuilt.
pub(super) const TOKENIZER_NAME: &str = "tidings-2";

#[derive(Debug, Clone, Copy)]
pub(super) struct Analyser;

impl Tokenizer for Analyser {
    type TokenStream<'a> = AnalyserStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> AnalyserStream {
        AnalyserStream {
            rest: crate::tokenize(text).into_iter(),
            token: Token::default(),
        }
    }
}

pub(super) struct AnalyserStream {
    rest: std::vec::IntoIter<crate::Token>,
    token: Token,
}

impl TokenStream for AnalyserStream {
    fn advance(&mut self) -> bool {
        let Some(next) = self.rest.next() else {
            return false;
        };
        self.token = Token {
            offset_from: next.start,
            offset_to: next.end,
            position: next.position,
            text: next.text,
            position_length: 1,
        };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
