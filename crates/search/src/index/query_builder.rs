//! Translation of a parsed query into a tantivy query.

use std::ops::Bound;

use tantivy::Term as IndexTerm;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhrasePrefixQuery,
    PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use time::{Date, Time};

use super::exclusion::ExclusionQuery;
use super::schema::{LINK_MARK, MENTION_MARK, SchemaFields};
use crate::phrase::{Term, TermSequence};
use crate::query::{Atom, Clause, Literal, ME};

/// The maximum number of terms that a prefix expands to.
const MAX_PREFIX_EXPANSIONS: u32 = 10_000;

/// The score factor for a code that a text contains exactly as the query has it.
const EXACT_BOOST: f32 = 2.0;

/// Resolves the names in a query to numeric ids. A name that resolves to `None` matches nothing.
pub trait IdResolver {
    /// Returns the id of a user; `me` is the caller.
    fn user_id(&self, name: &str) -> Option<u64>;
    /// Returns the name of the caller, for `me`.
    fn caller_name(&self) -> Option<&str>;
    /// Returns the numeric id of a conversation.
    fn conversation_id(&self, name: &str) -> Option<u64>;
}

/// An [`IdResolver`] that knows no names, for queries without operators that need one.
#[derive(Debug, Clone, Copy)]
pub struct NoIds;

impl IdResolver for NoIds {
    fn user_id(&self, _: &str) -> Option<u64> {
        None
    }

    fn caller_name(&self) -> Option<&str> {
        None
    }

    fn conversation_id(&self, _: &str) -> Option<u64> {
        None
    }
}

impl SchemaFields {
    /// Translates all clauses, without the restriction to what the caller may see.
    pub fn build_clauses(
        &self,
        query: &crate::ParsedQuery,
        names: &dyn IdResolver,
    ) -> Vec<(Occur, Box<dyn Query>)> {
        let clauses = query.clauses.iter();
        clauses
            .map(|clause| self.build_clause(clause, names))
            .collect()
    }

    fn build_clause(&self, clause: &Clause, names: &dyn IdResolver) -> (Occur, Box<dyn Query>) {
        if let [Literal { is_negated, atom }] = clause.literals.as_slice() {
            let query = self.build_atom(atom, names);
            return if *is_negated {
                (Occur::MustNot, Box::new(ExclusionQuery(query)))
            } else {
                (Occur::Must, query)
            };
        }
        let literals = clause.literals.iter().map(|literal| {
            let atom = self.build_atom(&literal.atom, names);
            let query: Box<dyn Query> = if literal.is_negated {
                let all: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0));
                let excluded: Box<dyn Query> = Box::new(ExclusionQuery(atom));
                let complement = vec![(Occur::Must, all), (Occur::MustNot, excluded)];
                Box::new(BooleanQuery::new(complement))
            } else {
                atom
            };
            (Occur::Should, query)
        });
        (Occur::Must, Box::new(BooleanQuery::new(literals.collect())))
    }

    fn build_atom(&self, atom: &Atom, names: &dyn IdResolver) -> Box<dyn Query> {
        let number = |field: Field, number: Option<u64>| match number {
            Some(number) => filter_query(IndexTerm::from_field_u64(field, number)),
            None => Box::new(EmptyQuery),
        };
        match atom {
            Atom::Text(sequence) => self.build_terms(sequence),
            Atom::From(user) => number(self.sender, names.user_id(user)),
            Atom::In(conversation) => {
                number(self.conversation, names.conversation_id(conversation))
            }
            Atom::Mentions(user) => {
                let name = if user == ME {
                    names.caller_name()
                } else {
                    Some(user.as_str())
                };
                match name {
                    Some(name) => filter_query(IndexTerm::from_field_text(self.mentions, name)),
                    None => Box::new(EmptyQuery),
                }
            }
            Atom::Type(kind) => filter_query(IndexTerm::from_field_text(self.kind, kind)),
            Atom::HasLink => filter_query(IndexTerm::from_field_text(self.mark, LINK_MARK)),
            Atom::HasMention => filter_query(IndexTerm::from_field_text(self.mark, MENTION_MARK)),
            Atom::Before(day) => {
                self.build_sent_range(Bound::Unbounded, Bound::Excluded(start_of_day_ms(*day)))
            }
            Atom::After(day) => self.build_sent_range(start_of_next_day(*day), Bound::Unbounded),
            Atom::On(day) => match start_of_next_day(*day) {
                Bound::Included(next) => self.build_sent_range(
                    Bound::Included(start_of_day_ms(*day)),
                    Bound::Excluded(next),
                ),
                _ => {
                    self.build_sent_range(Bound::Included(start_of_day_ms(*day)), Bound::Unbounded)
                }
            },
        }
    }

    fn build_terms(&self, sequence: &TermSequence) -> Box<dyn Query> {
        let term = |text: &str| IndexTerm::from_field_text(self.text, text);
        let terms: Vec<(usize, IndexTerm)> = sequence
            .terms
            .iter()
            .map(|(at, Term::Exact(text) | Term::Prefix(text))| (*at, term(text)))
            .collect();
        let ends_open = matches!(sequence.terms.last(), Some((_, Term::Prefix(_))));
        let parts: Box<dyn Query> = if ends_open {
            let mut phrase = PhrasePrefixQuery::new_with_offset(terms);
            phrase.set_max_expansions(MAX_PREFIX_EXPANSIONS);
            Box::new(phrase)
        } else if let [(_, only)] = terms.as_slice() {
            term_query(only.clone())
        } else {
            Box::new(PhraseQuery::new_with_offset(terms))
        };
        let Some(whole) = &sequence.whole_code else {
            return parts;
        };
        let whole: Box<dyn Query> = Box::new(BoostQuery::new(term_query(term(whole)), EXACT_BOOST));
        Box::new(BooleanQuery::new(vec![
            (Occur::Should, parts),
            (Occur::Should, whole),
        ]))
    }

    fn build_sent_range(&self, from: Bound<i64>, to: Bound<i64>) -> Box<dyn Query> {
        let term = |bound: Bound<i64>| bound.map(|ms| IndexTerm::from_field_i64(self.sent_at, ms));
        let range = RangeQuery::new(term(from), term(to));
        Box::new(ConstScoreQuery::new(Box::new(range), 0.0))
    }
}

fn term_query(term: IndexTerm) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

/// Matches a field with this value, without an effect on the score.
fn filter_query(term: IndexTerm) -> Box<dyn Query> {
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    Box::new(ConstScoreQuery::new(Box::new(query), 0.0))
}

/// Returns the first millisecond of a day, in UTC.
fn start_of_day_ms(day: Date) -> i64 {
    let begin = day.with_time(Time::MIDNIGHT).assume_utc();
    begin.unix_timestamp() * 1_000
}

/// Returns the first millisecond of the next day as a lower bound, in UTC.
fn start_of_next_day(day: Date) -> Bound<i64> {
    day.next_day().map_or(Bound::Excluded(i64::MAX), |next| {
        Bound::Included(start_of_day_ms(next))
    })
}
