//! Spans as OTLP protobuf.

use std::time::SystemTime;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind as ProtoKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use crate::span_context::SpanContext;
use crate::span_record::{AttributeValue, SpanKind, SpanRecord};

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` is not set: a collector sees from the resource which
/// process a parent belongs to. The flag of W3C says that the trace is sampled.
const SAMPLED: u32 = 1;

/// Encodes a request with these spans of the process that `resource` describes.
pub(crate) fn encode_request(resource: &Resource, spans: Vec<SpanRecord>) -> Vec<u8> {
    let scope = InstrumentationScope {
        name: "tidings".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: spans.into_iter().map(to_span).collect(),
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    };
    request.encode_to_vec()
}

/// Describes a process.
pub(crate) fn build_resource(attributes: &[(&'static str, String)]) -> Resource {
    let attributes = attributes.iter();
    Resource {
        attributes: attributes
            .map(|(name, value)| to_attribute(name, value.clone().into()))
            .collect(),
        ..Resource::default()
    }
}

fn to_span(record: SpanRecord) -> Span {
    let attributes = record.attributes.into_iter();
    Span {
        trace_id: trace_bytes(record.context),
        span_id: span_bytes(record.context),
        parent_span_id: record.parent.map(span_bytes).unwrap_or_default(),
        flags: SAMPLED,
        name: record.name.into_owned(),
        kind: to_proto_kind(record.kind).into(),
        start_time_unix_nano: to_nanos(record.start),
        end_time_unix_nano: to_nanos(record.end.max(record.start)),
        attributes: attributes
            .map(|(name, value)| to_attribute(name, value))
            .collect(),
        links: record.links.into_iter().map(to_link).collect(),
        status: record.error.map(|message| Status {
            message,
            code: StatusCode::Error.into(),
        }),
        ..Span::default()
    }
}

fn to_link(context: SpanContext) -> Link {
    Link {
        trace_id: trace_bytes(context),
        span_id: span_bytes(context),
        flags: SAMPLED,
        ..Link::default()
    }
}

fn trace_bytes(context: SpanContext) -> Vec<u8> {
    context.trace_id().to_be_bytes().to_vec()
}

fn span_bytes(context: SpanContext) -> Vec<u8> {
    context.span_id().to_be_bytes().to_vec()
}

fn to_proto_kind(kind: SpanKind) -> ProtoKind {
    match kind {
        SpanKind::Internal => ProtoKind::Internal,
        SpanKind::Server => ProtoKind::Server,
        SpanKind::Client => ProtoKind::Client,
        SpanKind::Producer => ProtoKind::Producer,
        SpanKind::Consumer => ProtoKind::Consumer,
    }
}

fn to_attribute(name: &str, value: AttributeValue) -> KeyValue {
    let value = match value {
        AttributeValue::Text(text) => Value::StringValue(text.into_owned()),
        AttributeValue::Number(number) => Value::IntValue(number),
    };
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn to_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}
