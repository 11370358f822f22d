//! A body of JSON lines. Generators of clients take it as a text.

use std::marker::PhantomData;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Ref, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The schema of a text with one document of type `T` on each line. Use it inline.
pub struct NdjsonText<T>(PhantomData<T>);

impl<T: ToSchema> PartialSchema for NdjsonText<T> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!("One `{}` on each line.", T::name())))
            .content_media_type("application/json")
            .content_schema(Some(Ref::from_schema_name(T::name())));
        text.into()
    }
}

impl<T: ToSchema> ToSchema for NdjsonText<T> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
