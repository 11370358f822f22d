//! One step of a trace.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::{Duration, SystemTime};

use crate::current;
use crate::span_context::SpanContext;
use crate::span_record::{AttributeValue, SpanKind, SpanRecord};
use crate::tracer;

/// A step of a traced request, or nothing for a request that is not traced. It is sent when it
/// ends. One that is dropped before that is sent as cancelled.
#[derive(Debug, Default)]
pub struct Span(Option<Box<SpanRecord>>);

impl Span {
    /// Starts a step of the request that the current task works for.
    pub fn start(name: &'static str, kind: SpanKind) -> Self {
        current().map_or_else(Self::default, |parent| {
            Self::start_after(parent, name, kind)
        })
    }

    /// Starts a step after another one, which may have been in another process.
    pub fn start_after(
        parent: SpanContext,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
    ) -> Self {
        if !tracer::is_on() {
            return Self::default();
        }
        Self::new(parent.new_child(), Some(parent), name.into(), kind)
    }

    /// Starts the first step in this process of a request with this `traceparent` header, if the
    /// request is to be traced.
    pub fn start_request(traceparent: Option<&str>, name: impl FnOnce() -> String) -> Self {
        let caller = traceparent.and_then(crate::Traceparent::parse);
        if !tracer::is_sampled(caller) {
            return Self::default();
        }
        let parent = caller.map(|caller| caller.context);
        let context = parent.map_or_else(SpanContext::new_root, SpanContext::new_child);
        Self::new(context, parent, name().into(), SpanKind::Server)
    }

    fn new(
        context: SpanContext,
        parent: Option<SpanContext>,
        name: Cow<'static, str>,
        kind: SpanKind,
    ) -> Self {
        let start = SystemTime::now();
        Self(Some(Box::new(SpanRecord {
            context,
            parent,
            name,
            kind,
            start,
            end: start,
            attributes: Vec::new(),
            links: Vec::new(),
            error: None,
        })))
    }

    /// The context of the span, for what follows from it.
    pub fn context(&self) -> Option<SpanContext> {
        self.0.as_ref().map(|record| record.context)
    }

    /// Whether there is a span, so that attributes are worth computing.
    pub fn is_recorded(&self) -> bool {
        self.0.is_some()
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &'static str, value: impl Into<AttributeValue>) {
        if let Some(record) = &mut self.0 {
            record.attributes.push((name, value.into()));
        }
    }

    /// Moves the beginning of the step back.
    pub(crate) fn backdate(&mut self, took: Duration) {
        if let Some(record) = &mut self.0 {
            record.start = record.start.checked_sub(took).unwrap_or(record.start);
        }
    }

    /// Links to a span of another trace.
    pub fn link(&mut self, other: SpanContext) {
        if let Some(record) = &mut self.0 {
            record.links.push(other);
        }
    }

    /// Ends the step.
    pub fn end(mut self) {
        self.finish(None);
    }

    /// Ends the step, which has failed.
    pub fn fail(mut self, error: &dyn Display) {
        if self.is_recorded() {
            self.finish(Some(error.to_string()));
        }
    }

    /// Ends the step with its result.
    pub fn end_with<T, E: Display>(self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.end(),
            Err(error) => self.fail(error),
        }
    }

    fn finish(&mut self, error: Option<String>) {
        if let Some(mut record) = self.0.take() {
            record.end = SystemTime::now();
            record.error = error;
            tracer::send(*record);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.is_recorded() {
            self.finish(Some("cancelled".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_recorded_while_traces_are_off() {
        let header = SpanContext::new_root().to_string();
        let request = Span::start_request(Some(&header), || unreachable!("needs no name"));
        assert!(!request.is_recorded());
        let parent = SpanContext::new_root();
        let mut step = Span::start_after(parent, "step", SpanKind::Internal);
        step.set("tidings.position", 7);
        step.link(parent);
        assert_eq!(step.context(), None);
        step.end_with::<(), &str>(&Err("it failed"));
        assert_eq!(size_of::<Span>(), size_of::<usize>());
    }
}
