//! The search language: words (ANDed), `"a phrase"`, `-word`, `OR`, `prefix*` and operators such as
//! `from:ann`. `OR` joins its two neighbours and binds tighter than AND. No text is a syntax error:
//! an invalid operator is searched as text, and so is an option of a command (`rm -rf`).
//!
//! The language has no nesting, so the parser needs one pass and no recursion.

use time::{Date, Month};

use crate::command_line::CommandLine;
use crate::phrase::{Term, TermSequence};
use crate::query_note::QueryNote;

/// The maximum length of a query in characters.
pub const MAX_QUERY_CHARS: usize = 1_024;

/// The operator value that refers to the caller.
pub const ME: &str = "me";

/// The maximum number of words, phrases and operators in a query. The parser ignores the rest.
pub const MAX_ATOMS: usize = 32;

/// The maximum number of prefixes and single characters among them, because each may expand to
/// thousands of terms. The parser ignores further ones.
pub const MAX_PREFIXES: usize = 6;

/// A parsed query. A hit satisfies all clauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedQuery {
    /// The clauses; never empty.
    pub clauses: Vec<Clause>,
    /// What has the form of an operator but is searched as text.
    pub notes: Vec<QueryNote>,
}

/// A disjunction: a hit satisfies at least one literal. It has several if `OR` joins them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The literals; never empty.
    pub literals: Vec<Literal>,
}

/// An atom or its negation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Whether a hit must not satisfy the atom: `-word`.
    pub is_negated: bool,
    /// The condition.
    pub atom: Atom,
}

/// A condition on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// The message contains this text.
    Text(TermSequence),
    /// `from:user`: the user who sent it; `me` is the caller.
    From(String),
    /// `in:conversation`: the id of its conversation.
    In(String),
    /// `type:image`: the type of the message, in lower case.
    Type(String),
    /// `has:link`: the text contains a link.
    HasLink,
    /// `has:mention`: the message mentions at least one user.
    HasMention,
    /// `mentions:user`: the message mentions this user; `me` is the caller.
    Mentions(String),
    /// `before:2026-11-01`: sent before the start of that day, in UTC.
    Before(Date),
    /// `after:2026-11-01`: sent after the end of that day, in UTC.
    After(Date),
    /// `on:2026-11-01`: sent on that day, in UTC.
    On(Date),
}

/// Why a text is not a valid query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryParseError {
    /// The text is longer than [`MAX_QUERY_CHARS`]; the value is its length in characters.
    #[error("a query has at most {MAX_QUERY_CHARS} characters, this one has {0}")]
    TooLong(usize),
    /// The text contains neither a word nor an operator.
    #[error("a query needs a word or an operator")]
    Empty,
}

impl ParsedQuery {
    /// Parses a query. Fails if it is too long or contains nothing to search for.
    pub fn parse(text: &str) -> Result<Self, QueryParseError> {
        let length = text.chars().count();
        if length > MAX_QUERY_CHARS {
            return Err(QueryParseError::TooLong(length));
        }
        let items: Vec<QueryItem<'_>> = QueryLexer::new(text).collect();
        let mut clauses: Vec<Clause> = Vec::new();
        let mut before = PrecedingItem::Nothing;
        let (mut item_count, mut prefix_count) = (0, 0);
        let mut notes = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if item.is_or() && before == PrecedingItem::Literal && at + 1 < items.len() {
                before = PrecedingItem::Or;
                continue;
            }
            if item_count == MAX_ATOMS {
                break;
            }
            item_count += 1;
            notes.extend(item.to_note());
            let literal = item.to_literal().filter(|literal| {
                prefix_count += usize::from(literal.ends_in_prefix());
                !literal.ends_in_prefix() || prefix_count <= MAX_PREFIXES
            });
            let Some(literal) = literal else {
                before = PrecedingItem::Nothing;
                continue;
            };
            match clauses.last_mut() {
                Some(clause) if before == PrecedingItem::Or => clause.literals.push(literal),
                _ => clauses.push(Clause {
                    literals: vec![literal],
                }),
            }
            before = PrecedingItem::Literal;
        }
        if clauses.is_empty() {
            return Err(QueryParseError::Empty);
        }
        for clause in &mut clauses {
            remove_duplicates(&mut clause.literals);
        }
        remove_duplicates(&mut clauses);
        remove_duplicates(&mut notes);
        Ok(Self { clauses, notes })
    }

    /// Iterates over all atoms, negated ones included.
    pub fn atoms(&self) -> impl Iterator<Item = &Atom> {
        let literals = self.clauses.iter().flat_map(|clause| &clause.literals);
        literals.map(|literal| &literal.atom)
    }

    /// Iterates over the terms to highlight in a hit: every text that is not negated.
    pub fn highlight_terms(&self) -> impl Iterator<Item = &TermSequence> {
        let literals = self.clauses.iter().flat_map(|clause| &clause.literals);
        literals.filter_map(|literal| match &literal.atom {
            Atom::Text(sequence) if !literal.is_negated => Some(sequence),
            _ => None,
        })
    }
}

impl Literal {
    /// Whether its last term is a prefix.
    fn ends_in_prefix(&self) -> bool {
        match &self.atom {
            Atom::Text(sequence) => matches!(sequence.terms.last(), Some((_, Term::Prefix(_)))),
            _ => false,
        }
    }
}

/// Removes duplicates and preserves the order of first occurrences.
fn remove_duplicates<T: PartialEq>(items: &mut Vec<T>) {
    let mut unique: Vec<T> = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    *items = unique;
}

/// What precedes an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PrecedingItem {
    /// The start of the query, or an item without a literal.
    Nothing,
    Literal,
    /// An `OR` whose right operand is still missing.
    Or,
}

/// A lexical item of a query: text between spaces, or in quotation marks.
#[derive(Debug, Clone, Copy)]
struct QueryItem<'a> {
    is_negated: bool,
    /// The operator's name, if the item has the form of an operator.
    operator: Option<&'a str>,
    /// The word, the phrase, or the operator's value.
    value: &'a str,
    is_quoted: bool,
    /// The complete item as written, without the dash.
    source: &'a str,
}

impl QueryItem<'_> {
    fn is_or(&self) -> bool {
        self.source == "OR"
    }

    /// Describes the item if it has the form of an operator but is none.
    fn to_note(self) -> Option<QueryNote> {
        let name = self.operator?;
        // `https://...` and `Type::First` are no operators, and nobody means them to be.
        if self.value.starts_with(['/', ':']) || parse_operator(name, self.value).is_some() {
            return None;
        }
        Some(QueryNote::new(self.source, name))
    }

    /// Converts the item to a literal. Returns `None` if it contains nothing to search for.
    fn to_literal(self) -> Option<Literal> {
        let operator = self
            .operator
            .and_then(|name| parse_operator(name, self.value));
        let atom = match operator {
            Some(atom) => atom,
            None => Atom::Text(self.to_terms()?),
        };
        Some(Literal {
            is_negated: self.is_negated,
            atom,
        })
    }

    fn to_terms(self) -> Option<TermSequence> {
        if self.operator.is_some() {
            return TermSequence::new(self.source);
        }
        match self.value.strip_suffix('*') {
            Some(prefix) if !self.is_quoted => TermSequence::with_prefix(prefix),
            _ => TermSequence::new(self.value),
        }
    }
}

/// Parses an operator. Returns `None` if the name is unknown or the value is invalid.
fn parse_operator(name: &str, value: &str) -> Option<Atom> {
    // `Type::First` is an identifier in a program, not an operator.
    if value.is_empty() || value.starts_with(':') {
        return None;
    }
    match name.to_ascii_lowercase().as_str() {
        "from" => Some(Atom::From(value.to_owned())),
        "in" => Some(Atom::In(value.to_owned())),
        "type" => is_message_type(value).then(|| Atom::Type(value.to_ascii_lowercase())),
        "mentions" => Some(Atom::Mentions(value.to_owned())),
        "has" => match value.to_ascii_lowercase().as_str() {
            "link" => Some(Atom::HasLink),
            "mention" => Some(Atom::HasMention),
            _ => None,
        },
        "before" => parse_date(value).map(Atom::Before),
        "after" => parse_date(value).map(Atom::After),
        "on" => parse_date(value).map(Atom::On),
        _ => None,
    }
}

/// Whether a text has the form of a message type.
fn is_message_type(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Parses a date of the form `2026-11-01`.
fn parse_date(text: &str) -> Option<Date> {
    let mut numbers = text.split('-');
    let mut number = |digits: usize| {
        let text = numbers.next()?;
        let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    if numbers.next().is_some() {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

/// Splits a query into items.
struct QueryLexer<'a> {
    rest: &'a str,
    command_line: CommandLine,
}

impl<'a> QueryLexer<'a> {
    fn new(query: &'a str) -> Self {
        Self {
            rest: query,
            command_line: CommandLine::default(),
        }
    }

    /// Adds an item to the command line before the next item. Returns whether the item, which
    /// follows a dash if `has_dash`, is an option of a command.
    fn follow_command_line(&mut self, item: &QueryItem<'_>, has_dash: bool) -> bool {
        if item.is_or() || item.is_quoted || item.operator.is_some() {
            self.command_line = CommandLine::default();
            return false;
        }
        let is_option = has_dash && self.command_line.is_option(item.value);
        if is_option || item.source.starts_with("--") {
            self.command_line.push_option();
        } else {
            self.command_line.push_word(item.value);
        }
        is_option
    }
}

impl<'a> Iterator for QueryLexer<'a> {
    type Item = QueryItem<'a>;

    fn next(&mut self) -> Option<QueryItem<'a>> {
        let all = self.rest.trim_start();
        if all.is_empty() {
            return None;
        }
        // A dash before a space or another dash is not a negation.
        let (has_dash, body) = match all.strip_prefix('-') {
            Some(body)
                if !body.starts_with(|c: char| c.is_whitespace() || c == '-')
                    && !body.is_empty() =>
            {
                (true, body)
            }
            _ => (false, all),
        };
        let (operator, after) = split_operator(body);
        let (value, is_quoted, rest) = split_value(after);
        self.rest = rest;
        let mut item = QueryItem {
            is_negated: false,
            operator,
            value,
            is_quoted,
            source: &body[..body.len() - rest.len()],
        };
        item.is_negated = !self.follow_command_line(&item, has_dash) && has_dash;
        Some(item)
    }
}

/// Splits off an operator's name: letters that are followed by a colon.
fn split_operator(text: &str) -> (Option<&str>, &str) {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    match text[letters..].strip_prefix(':') {
        Some(after) if letters > 0 => (Some(&text[..letters]), after),
        _ => (None, text),
    }
}

/// Splits off a value: the quoted text, or else the text up to the next space. An unclosed
/// quotation mark has no effect; one in the middle of a word ends the word.
fn split_value(text: &str) -> (&str, bool, &str) {
    if let Some((phrase, rest)) = text
        .strip_prefix('"')
        .and_then(|after| after.split_once('"'))
    {
        return (phrase, true, rest);
    }
    let text_end =
        |(at, c): (usize, char)| (c.is_whitespace() || (c == '"' && at > 0)).then_some(at);
    let end = text.char_indices().find_map(text_end).unwrap_or(text.len());
    (&text[..end], false, &text[end..])
}
