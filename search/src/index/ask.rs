//! Translation of a parsed query into a tantivy query.

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

/// The maximum number of terms that a prefix expands to.
const EXPANSIONS: u32 = 10_000;

/// The score factor for a code that a text contains exactly as the query has it.
const WHOLE: f32 = 2.0;

/// Resolves the names in a query to numeric ids. A name that resolves to `None` matches nothing.
pub trait Names {
    /// Returns the id of a user; `me` is the caller.
    fn user(&self, name: &str) -> Option<u64>;
    /// Returns the name of the caller, for `me`.
    fn me(&self) -> Option<&str>;
    /// Returns the numeric id of a conversation.
    fn conversation(&self, name: &str) -> Option<u64>;
}

/// An [`IdResolver`] that knows no names, for queries without operators that need one.
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
    /// Translates all clauses, without the restriction to what the caller may see.
    pub fn ask(&self, query: &crate::Query, names: &dyn Names) -> Vec<(Occur, Box<dyn Query>)> {
        let clauses = query.clauses.iter();
        clauses.map(|clause| self.clause(clause, names)).collect()
    }

    fn clause(&self, clause: &Clause, names: &dyn Names) -> (Occur, Box<dyn Query>) {
        if let [Literal { is_negated, atom }] = clause.any.as_slice() {
            let query = self.atom(atom, names);
            return if *is_negated {
                (Occur::MustNot, Box::new(LeftOut(query)))
            } else {
                (Occur::Must, query)
            };
        }
        let literals = clause.any.iter().map(|literal| {
            let atom = self.atom(&literal.atom, names);
            let query: Box<dyn Query> = if literal.is_negated {
                let all: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0));
                let excluded: Box<dyn Query> = Box::new(LeftOut(atom));
                let complement = vec![(Occur::Must, all), (Occur::MustNot, excluded)];
                Box::new(BooleanQuery::new(complement))
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
            Atom::Text(sequence) => self.needle(sequence),
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

    fn needle(&self, sequence: &Needle) -> Box<dyn Query> {
        let term = |text: &str| IndexTerm::from_field_text(self.text, text);
        let terms: Vec<(usize, IndexTerm)> = sequence
            .terms
            .iter()
            .map(|(at, Term::Exact(text) | Term::Prefix(text))| (*at, term(text)))
            .collect();
        let ends_open = matches!(sequence.terms.last(), Some((_, Term::Prefix(_))));
        let parts: Box<dyn Query> = if ends_open {
            let mut phrase = PhrasePrefixQuery::new_with_offset(terms);
            phrase.set_max_expansions(EXPANSIONS);
            Box::new(phrase)
        } else if let [(_, only)] = terms.as_slice() {
            word(only.clone())
        } else {
            Box::new(PhraseQuery::new_with_offset(terms))
        };
        let Some(whole) = &sequence.whole else {
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

/// Matches a field with this value, without an effect on the score.
fn exactly(term: IndexTerm) -> Box<dyn Query> {
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    Box::new(ConstScoreQuery::new(Box::new(query), 0.0))
}

/// Returns the first millisecond of a day, in UTC.
fn begin(day: Date) -> i64 {
    let begin = day.with_time(Time::MIDNIGHT).assume_utc();
    begin.unix_timestamp() * 1_000
}

/// Returns the first millisecond of the next day as a lower bound, in UTC.
fn after(day: Date) -> Bound<i64> {
    day.next_day().map_or(Bound::Excluded(i64::MAX), |next| {
        Bound::Included(begin(next))
    })
}
