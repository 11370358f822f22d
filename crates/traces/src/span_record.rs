//! What is recorded of one step of a trace.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::span_context::SpanContext;

/// What kind of step a span is, for the display of collectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// A step within a process.
    Internal,
    /// The answer to a request.
    Server,
    /// A request to another system.
    Client,
    /// What others will receive.
    Producer,
    /// What was received from others.
    Consumer,
}

/// The value of an attribute of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// A text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

impl From<&'static str> for AttributeValue {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for AttributeValue {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for AttributeValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// What is recorded of a span.
#[derive(Debug)]
pub(crate) struct SpanRecord {
    pub(crate) context: SpanContext,
    pub(crate) parent: Option<SpanContext>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: SpanKind,
    pub(crate) start: SystemTime,
    pub(crate) end: SystemTime,
    pub(crate) attributes: Vec<(&'static str, AttributeValue)>,
    pub(crate) links: Vec<SpanContext>,
    /// Why the step failed.
    pub(crate) error: Option<String>,
}
