//! The search language. Words are ANDed; `"a phrase"`; `-word`; `OR`, which joins its two neighbours and
//! binds tighter than AND; `prefix*`; and operators, `from:ann`. Every text can be read as a query: what
//! makes no sense as an operator is searched as text.
//!
//! One pass, no recursion: there is nothing to nest.

use time::{Date, Month};

use crate::needle::{Needle, Term};

/// Characters of the longest query.
pub const LONGEST: usize = 1_024;

/// The caller, in an operator.
pub const ME: &str = "me";

/// Words, phrases and operators of a query. What comes after is not looked at.
pub const ATOMS: usize = 32;

/// Beginnings of words among them, and characters that stand alone: each may stand for thousands of
/// words. More of them are not looked at.
pub const OPEN: usize = 6;

/// All of its clauses hold for a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// At least one.
    pub clauses: Vec<Clause>,
}

/// One of its literals holds for a hit: several if they were joined by `OR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// At least one.
    pub any: Vec<Literal>,
}

/// An atom that holds, or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Whether it is left out: `-word`.
    pub is_negated: bool,
    /// Of what.
    pub atom: Atom,
}

/// What can be asked of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// It has this text.
    Text(Needle),
    /// `from:user`: who sent it; `me` is the caller.
    From(String),
    /// `in:conversation`: its id.
    In(String),
    /// `type:image`.
    Type(String),
    /// `has:link`.
    HasLink,
    /// `has:mention`.
    HasMention,
    /// `mentions:user`; `me` is the caller.
    Mentions(String),
    /// `before:2026-11-01`: sent before that day began, in UTC.
    Before(Date),
    /// `after:2026-11-01`: sent after that day was over.
    After(Date),
    /// `on:2026-11-01`.
    On(Date),
}

/// Why there is nothing to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many characters.
    #[error("a query has at most {LONGEST} characters, this one has {0}")]
    TooLong(usize),
    /// Neither a word nor an operator.
    #[error("a query needs a word or an operator")]
    Empty,
}

impl Query {
    /// Reads a query.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let length = text.chars().count();
        if length > LONGEST {
            return Err(Refused::TooLong(length));
        }
        let items: Vec<Item<'_>> = Items { rest: text }.collect();
        let mut clauses: Vec<Clause> = Vec::new();
        let mut before = Before::Nothing;
        let (mut looked_at, mut open) = (0, 0);
        for (at, item) in items.iter().enumerate() {
            if item.is_or() && before == Before::Literal && at + 1 < items.len() {
                before = Before::Or;
                continue;
            }
            if looked_at == ATOMS {
                break;
            }
            looked_at += 1;
            let literal = item.literal().filter(|literal| {
                open += usize::from(literal.is_open());
                !literal.is_open() || open <= OPEN
            });
            let Some(literal) = literal else {
                before = Before::Nothing;
                continue;
            };
            match clauses.last_mut() {
                Some(clause) if before == Before::Or => clause.any.push(literal),
                _ => clauses.push(Clause { any: vec![literal] }),
            }
            before = Before::Literal;
        }
        if clauses.is_empty() {
            return Err(Refused::Empty);
        }
        for clause in &mut clauses {
            once(&mut clause.any);
        }
        once(&mut clauses);
        Ok(Self { clauses })
    }

    /// Every atom.
    pub fn atoms(&self) -> impl Iterator<Item = &Atom> {
        let literals = self.clauses.iter().flat_map(|clause| &clause.any);
        literals.map(|literal| &literal.atom)
    }

    /// What a hit is to be marked with: every text that is not left out.
    pub fn needles(&self) -> impl Iterator<Item = &Needle> {
        let literals = self.clauses.iter().flat_map(|clause| &clause.any);
        literals.filter_map(|literal| match &literal.atom {
            Atom::Text(needle) if !literal.is_negated => Some(needle),
            _ => None,
        })
    }
}

impl Literal {
    /// Whether it ends with the beginning of a word.
    fn is_open(&self) -> bool {
        match &self.atom {
            Atom::Text(needle) => matches!(needle.terms.last(), Some((_, Term::Prefix(_)))),
            _ => false,
        }
    }
}

/// Saying a thing twice says no more.
fn once<T: PartialEq>(things: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::with_capacity(things.len());
    for thing in things.drain(..) {
        if !kept.contains(&thing) {
            kept.push(thing);
        }
    }
    *things = kept;
}

/// What stood before an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning, or what says nothing.
    Nothing,
    Literal,
    /// An `OR` that waits for its second neighbour.
    Or,
}

/// What stands between spaces, or in quotation marks.
#[derive(Debug, Clone, Copy)]
struct Item<'a> {
    is_negated: bool,
    /// The operator's name, if the form is that of one.
    operator: Option<&'a str>,
    /// The word, the phrase, or the operator's value.
    value: &'a str,
    is_quoted: bool,
    /// All of it as it was written.
    written: &'a str,
}

impl Item<'_> {
    fn is_or(&self) -> bool {
        self.written == "OR"
    }

    /// `None` if it says nothing.
    fn literal(&self) -> Option<Literal> {
        let operator = self.operator.and_then(|name| operator(name, self.value));
        let atom = match operator {
            Some(atom) => atom,
            None => Atom::Text(self.needle()?),
        };
        Some(Literal {
            is_negated: self.is_negated,
            atom,
        })
    }

    fn needle(&self) -> Option<Needle> {
        if self.operator.is_some() {
            return Needle::new(self.written);
        }
        match self.value.strip_suffix('*') {
            Some(beginning) if !self.is_quoted => Needle::beginning(beginning),
            _ => Needle::new(self.value),
        }
    }
}

/// The atom of an operator, if there is one of this name that takes this value.
fn operator(name: &str, value: &str) -> Option<Atom> {
    // `Type::First` is a name in a program.
    if value.is_empty() || value.starts_with(':') {
        return None;
    }
    match name.to_ascii_lowercase().as_str() {
        "from" => Some(Atom::From(value.to_owned())),
        "in" => Some(Atom::In(value.to_owned())),
        "type" => is_type(value).then(|| Atom::Type(value.to_ascii_lowercase())),
        "mentions" => Some(Atom::Mentions(value.to_owned())),
        "has" => match value.to_ascii_lowercase().as_str() {
            "link" => Some(Atom::HasLink),
            "mention" => Some(Atom::HasMention),
            _ => None,
        },
        "before" => day(value).map(Atom::Before),
        "after" => day(value).map(Atom::After),
        "on" => day(value).map(Atom::On),
        _ => None,
    }
}

/// Whether this could be the type of a message.
fn is_type(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `2026-11-01`.
fn day(text: &str) -> Option<Date> {
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

/// Cuts a query into items.
struct Items<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let all = self.rest.trim_start();
        if all.is_empty() {
            return None;
        }
        // A dash before a space, or before another dash, is only a dash.
        let (is_negated, body) = match all.strip_prefix('-') {
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
        let written = &body[..body.len() - rest.len()];
        Some(Item {
            is_negated,
            operator,
            value,
            is_quoted,
            written,
        })
    }
}

/// A name of letters and a colon.
fn split_operator(text: &str) -> (Option<&str>, &str) {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    match text[letters..].strip_prefix(':') {
        Some(after) if letters > 0 => (Some(&text[..letters]), after),
        _ => (None, text),
    }
}

/// What is quoted, or else up to the next space. A quotation mark that is not closed is no quotation
/// mark. One in the middle of a word ends the word.
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
