//! The bodies of messages by type, and the union of objects that have a body and its type.
//!
//! No key but `text` of a text is required: messages in an older log that a send would refuse today
//! stay readable.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Ref, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::union::{
    SchemaMap, allow_other_properties, pascal_case, replace_property, split_object,
};
use super::{MessageTypeSchema, schema_values};

/// The body of a text message.
#[derive(ToSchema)]
#[schema(as = TextBody)]
#[expect(dead_code, reason = "describes the OpenAPI schema")]
struct TextBodySchema {
    /// The text, with at least one visible character.
    text: String,
}

/// The body of an image. A new one must have a `file` or a `url`.
#[derive(ToSchema)]
#[schema(as = ImageBody)]
#[expect(dead_code, reason = "describes the OpenAPI schema")]
struct ImageBodySchema {
    /// One of the sender's own files that is stored: see `POST /v1/files`. The server sets the keys
    /// that say what the file is.
    #[schema(required = false, min_length = 36, max_length = 36)]
    file: String,
    /// Where the content is. Tidings does not fetch it.
    #[schema(required = false, max_length = 2048)]
    url: String,
    /// The name, which is previewed and searched.
    #[schema(required = false, max_length = 255)]
    name: String,
    /// The media type, such as `image/png`.
    #[schema(required = false, max_length = 255)]
    mime: String,
    /// The size in bytes.
    #[schema(required = false, minimum = 0)]
    size: i64,
    /// The width in pixels.
    #[schema(required = false, minimum = 1)]
    width: i64,
    /// The height in pixels.
    #[schema(required = false, minimum = 1)]
    height: i64,
    /// Where a small version is, or that version as a `data:` URL.
    #[schema(required = false, max_length = 32768)]
    thumb: String,
    /// A caption, which is searched.
    #[schema(required = false)]
    text: String,
}

/// The body of a file. A new one must have a `file`, a `url` or a `name`.
#[derive(ToSchema)]
#[schema(as = FileBody)]
#[expect(dead_code, reason = "describes the OpenAPI schema")]
struct FileBodySchema {
    /// One of the sender's own files that is stored: see `POST /v1/files`. The server sets the keys
    /// that say what the file is.
    #[schema(required = false, min_length = 36, max_length = 36)]
    file: String,
    /// Where the content is. Tidings does not fetch it.
    #[schema(required = false, max_length = 2048)]
    url: String,
    /// The name, which is previewed and searched.
    #[schema(required = false, max_length = 255)]
    name: String,
    /// The media type, such as `application/pdf`.
    #[schema(required = false, max_length = 255)]
    mime: String,
    /// The size in bytes.
    #[schema(required = false, minimum = 0)]
    size: i64,
    /// Where a small version is, or that version as a `data:` URL.
    #[schema(required = false, max_length = 32768)]
    thumb: String,
    /// A caption, which is searched.
    #[schema(required = false)]
    text: String,
}

/// The body of an audio recording. A new one must have a `file` or a `url`.
#[derive(ToSchema)]
#[schema(as = AudioBody)]
#[expect(dead_code, reason = "describes the OpenAPI schema")]
struct AudioBodySchema {
    /// One of the sender's own files that is stored: see `POST /v1/files`. The server sets the keys
    /// that say what the file is.
    #[schema(required = false, min_length = 36, max_length = 36)]
    file: String,
    /// Where the content is. Tidings does not fetch it.
    #[schema(required = false, max_length = 2048)]
    url: String,
    /// The name, which is previewed and searched.
    #[schema(required = false, max_length = 255)]
    name: String,
    /// The media type, such as `audio/ogg`.
    #[schema(required = false, max_length = 255)]
    mime: String,
    /// The size in bytes.
    #[schema(required = false, minimum = 0)]
    size: i64,
    /// The duration in seconds.
    #[schema(required = false, minimum = 0)]
    duration: f64,
    /// A caption, which is searched.
    #[schema(required = false)]
    text: String,
}

/// The body of a video. A new one must have a `file` or a `url`.
#[derive(ToSchema)]
#[schema(as = VideoBody)]
#[expect(dead_code, reason = "describes the OpenAPI schema")]
struct VideoBodySchema {
    /// One of the sender's own files that is stored: see `POST /v1/files`. The server sets the keys
    /// that say what the file is.
    #[schema(required = false, min_length = 36, max_length = 36)]
    file: String,
    /// Where the content is. Tidings does not fetch it.
    #[schema(required = false, max_length = 2048)]
    url: String,
    /// The name, which is previewed and searched.
    #[schema(required = false, max_length = 255)]
    name: String,
    /// The media type, such as `video/mp4`.
    #[schema(required = false, max_length = 255)]
    mime: String,
    /// The size in bytes.
    #[schema(required = false, minimum = 0)]
    size: i64,
    /// The width in pixels.
    #[schema(required = false, minimum = 1)]
    width: i64,
    /// The height in pixels.
    #[schema(required = false, minimum = 1)]
    height: i64,
    /// Where a small version is, or that version as a `data:` URL.
    #[schema(required = false, max_length = 32768)]
    thumb: String,
    /// The duration in seconds.
    #[schema(required = false, minimum = 0)]
    duration: f64,
    /// A caption, which is searched.
    #[schema(required = false)]
    text: String,
}

/// The body of a location. A new one must have `lat` and `lng`.
#[derive(ToSchema)]
#[schema(as = LocationBody)]
#[expect(dead_code, reason = "describes the OpenAPI schema")]
struct LocationBodySchema {
    /// The latitude in degrees.
    #[schema(required = false, minimum = -90, maximum = 90)]
    lat: f64,
    /// The longitude in degrees.
    #[schema(required = false, minimum = -180, maximum = 180)]
    lng: f64,
    /// The name, which is previewed and searched.
    #[schema(required = false, max_length = 255)]
    name: String,
    /// Where the content is. Tidings does not fetch it.
    #[schema(required = false, max_length = 2048)]
    url: String,
    /// Where a small version is, or that version as a `data:` URL.
    #[schema(required = false, max_length = 32768)]
    thumb: String,
    /// A caption, which is searched.
    #[schema(required = false)]
    text: String,
}

/// The body of a `custom` or `control` message: any JSON object.
#[derive(ToSchema)]
#[schema(as = CustomBody)]
struct CustomBodySchema {}

/// The body of a message of any type. Where the type is known, the schema names the body of that
/// type instead.
pub struct MessageBodySchema;

impl PartialSchema for MessageBodySchema {
    fn schema() -> RefOr<Schema> {
        let description = "The body of a message: a JSON object of at most 64 KiB. The type of the \
                           message determines which keys it has; others are allowed.";
        let any = AnyOfBuilder::new().description(Some(description));
        let bodies = bodies().into_iter();
        // Not `oneOf`: a body can match several of these.
        let any = bodies.fold(any, |any, (name, _)| any.item(Ref::from_schema_name(name)));
        any.into()
    }
}

impl ToSchema for MessageBodySchema {
    fn name() -> Cow<'static, str> {
        "MessageBody".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(bodies().map(|(name, mut schema)| {
            allow_other_properties(&mut schema);
            (name.into_owned(), schema)
        }));
    }
}

fn bodies() -> [(Cow<'static, str>, RefOr<Schema>); 7] {
    fn named<S: ToSchema>() -> (Cow<'static, str>, RefOr<Schema>) {
        (S::name(), S::schema())
    }
    [
        named::<TextBodySchema>(),
        named::<ImageBodySchema>(),
        named::<FileBodySchema>(),
        named::<AudioBodySchema>(),
        named::<VideoBodySchema>(),
        named::<LocationBodySchema>(),
        named::<CustomBodySchema>(),
    ]
}

/// The name of the schema of the bodies of messages of this type.
fn body_name(message_type: &str) -> String {
    match message_type {
        "control" => CustomBodySchema::name().into_owned(),
        other => format!("{}Body", pascal_case(other)),
    }
}

/// Splits the object `name`, which has a `type` and a `body`, into one object for each message
/// type. `name_of` returns the name of the object for a type in Pascal case.
pub fn split_by_message_type(
    schemas: &mut SchemaMap,
    name: &str,
    name_of: impl Fn(String) -> String,
) {
    let types = schema_values::<MessageTypeSchema>();
    split_object(schemas, name, "type", types, |message_type, object| {
        replace_property(object, "body", &body_name(message_type));
        name_of(pascal_case(message_type))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_type_has_a_body() {
        let bodies = bodies().map(|(name, _)| name.into_owned());
        for message_type in schema_values::<MessageTypeSchema>() {
            assert!(bodies.contains(&body_name(&message_type)), "{message_type}");
        }
    }
}
