//! A query of the search language as one of the index.

use std::ops::Bound;

use tantivy::Term as IndexTerm;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhrasePrefixQuery,
    PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use time::{Date, Time};

use super::left_out::LeftOut;
use super::schema::{Fields, LINK, MENTION};
use crate::needle::{Needle, Term};
use crate::query::{Atom, Clause, Literal, ME};

/// Terms that the beginning of a word may stand for.
const EXPANSIONS: u32 = 10_000;

/// How much better a code is that is written as it was asked for.
const WHOLE: f32 = 2.0;

/// The numbers of what a query names. `None` for what does not exist, and then nothing is found.
pub trait Names {
    /// Of a user; `me` is the caller.
    fn user(&self, name: &str) -> Option<u64>;
    /// Who `me` is.
    fn me(&self) -> Option<&str>;
    /// Of a conversation.
    fn conversation(&self, name: &str) -> Option<u64>;
}

/// For queries that name nobody: whatever they name does not exist.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Names for Nobody {
    fn user(&self, _: &str) -> Option<u64> {
        None
    }

    fn me(&self) -> Option<&str> {
        None
    }

    fn conversation(&self, _: &str) -> Option<u64> {
        None
    }
}

impl Fields {
    /// All clauses, without regard to what may be seen.
    pub fn ask(&self, query: &crate::Query, names: &dyn Names) -> Vec<(Occur, Box<dyn Query>)> {
        let clauses = query.clauses.iter();
        clauses.map(|clause| self.clause(clause, names)).collect()
    }

    fn clause(&self, clause: &Clause, names: &dyn Names) -> (Occur, Box<dyn Query>) {
        if let [Literal { is_negated, atom }] = clause.any.as_slice() {
            let asked = self.atom(atom, names);
            return if *is_negated {
                (Occur::MustNot, Box::new(LeftOut(asked)))
            } else {
                (Occur::Must, asked)
            };
        }
        let literals = clause.any.iter().map(|literal| {
            let atom = self.atom(&literal.atom, names);
            let query: Box<dyn Query> = if literal.is_negated {
                let all: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0));
                let without: Box<dyn Query> = Box::new(LeftOut(atom));
                let others = vec![(Occur::Must, all), (Occur::MustNot, without)];
                Box::new(BooleanQuery::new(others))
            } else {
                atom
            };
            (Occur::Should, query)
        });
        (Occur::Must, Box::new(BooleanQuery::new(literals.collect())))
    }

    fn atom(&self, atom: &Atom, names: &dyn Names) -> Box<dyn Query> {
        let number = |field: Field, number: Option<u64>| match number {
            Some(number) => exactly(IndexTerm::from_field_u64(field, number)),
            None => Box::new(EmptyQuery),
        };
        match atom {
            Atom::Text(needle) => self.needle(needle),
            Atom::From(user) => number(self.sender, names.user(user)),
            Atom::In(conversation) => number(self.conversation, names.conversation(conversation)),
            Atom::Mentions(user) => {
                let name = if user == ME {
                    names.me()
                } else {
                    Some(user.as_str())
                };
                match name {
                    Some(name) => exactly(IndexTerm::from_field_text(self.mentions, name)),
                    None => Box::new(EmptyQuery),
                }
            }
            Atom::Type(kind) => exactly(IndexTerm::from_field_text(self.kind, kind)),
            Atom::HasLink => exactly(IndexTerm::from_field_text(self.mark, LINK)),
            Atom::HasMention => exactly(IndexTerm::from_field_text(self.mark, MENTION)),
            Atom::Before(day) => self.sent(Bound::Unbounded, Bound::Excluded(begin(*day))),
            Atom::After(day) => self.sent(after(*day), Bound::Unbounded),
            Atom::On(day) => match after(*day) {
                Bound::Included(next) => {
                    self.sent(Bound::Included(begin(*day)), Bound::Excluded(next))
                }
                _ => self.sent(Bound::Included(begin(*day)), Bound::Unbounded),
            },
        }
    }

    fn needle(&self, needle: &Needle) -> Box<dyn Query> {
        let term = |text: &str| IndexTerm::from_field_text(self.text, text);
        let terms: Vec<(usize, IndexTerm)> = needle
            .terms
            .iter()
            .map(|(at, Term::Exact(text) | Term::Prefix(text))| (*at, term(text)))
            .collect();
        let ends_open = matches!(needle.terms.last(), Some((_, Term::Prefix(_))));
        let parts: Box<dyn Query> = if ends_open {
            let mut phrase = PhrasePrefixQuery::new_with_offset(terms);
            phrase.set_max_expansions(EXPANSIONS);
            Box::new(phrase)
        } else if let [(_, only)] = terms.as_slice() {
            word(only.clone())
        } else {
            Box::new(PhraseQuery::new_with_offset(terms))
        };
        let Some(whole) = &needle.whole else {
            return parts;
        };
        let whole: Box<dyn Query> = Box::new(BoostQuery::new(word(term(whole)), WHOLE));
        Box::new(BooleanQuery::new(vec![
            (Occur::Should, parts),
            (Occur::Should, whole),
        ]))
    }

    fn sent(&self, from: Bound<i64>, to: Bound<i64>) -> Box<dyn Query> {
        let term = |bound: Bound<i64>| bound.map(|ms| IndexTerm::from_field_i64(self.sent_at, ms));
        let range = RangeQuery::new(term(from), term(to));
        Box::new(ConstScoreQuery::new(Box::new(range), 0.0))
    }
}

fn word(term: IndexTerm) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

/// A field that has this value, which makes no hit a better one.
fn exactly(term: IndexTerm) -> Box<dyn Query> {
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    Box::new(ConstScoreQuery::new(Box::new(query), 0.0))
}

/// The first millisecond of a day, in UTC.
fn begin(day: Date) -> i64 {
    let begin = day.with_time(Time::MIDNIGHT).assume_utc();
    begin.unix_timestamp() * 1_000
}

/// From the first millisecond after it on.
fn after(day: Date) -> Bound<i64> {
    day.next_day().map_or(Bound::Excluded(i64::MAX), |next| {
        Bound::Included(begin(next))
    })
}
