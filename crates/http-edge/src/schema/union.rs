//! Unions with a discriminator, in the form that generators of clients take: a `oneOf` of
//! references to objects, each of which has the one value of the discriminating property, and no
//! `allOf`.
//!
//! The objects are derived from the code first; these functions rearrange the result.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AdditionalProperties, Discriminator, Object, OneOfBuilder, Schema};
use utoipa::openapi::{ObjectBuilder, OpenApi, Ref, RefOr, Type};

/// The schemas of a document by name.
pub type SchemaMap = BTreeMap<String, RefOr<Schema>>;

/// One of the objects of a union.
pub struct UnionVariant {
    /// The value of the discriminating property.
    pub value: String,
    /// The name of the object among the schemas.
    pub name: String,
    /// The object, without the discriminating property.
    pub object: Object,
}

/// The schemas of a document.
pub fn schemas_of(api: &mut OpenApi) -> &mut SchemaMap {
    &mut api.components.get_or_insert_default().schemas
}

/// `message_sent` as `MessageSent`.
pub fn pascal_case(text: &str) -> String {
    let words = text.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}

/// Adds the variants to the schemas, and their union under `name`.
pub fn add_union(
    schemas: &mut SchemaMap,
    name: &str,
    tag: &str,
    description: Option<String>,
    variants: Vec<UnionVariant>,
) {
    let mut discriminator = Discriminator::new(tag);
    let mut union = OneOfBuilder::new().description(description);
    for UnionVariant {
        value,
        name,
        object,
    } in variants
    {
        let reference = Ref::from_schema_name(&name);
        let location = reference.ref_location.clone();
        union = union.item(reference);
        discriminator.mapping.insert(value.clone(), location);
        schemas.insert(name, with_tag(object, tag, value).into());
    }
    let union = union.discriminator(Some(discriminator)).build();
    schemas.insert(name.to_owned(), Schema::OneOf(union).into());
}

/// The object with the property `tag`, which has this value.
fn with_tag(mut object: Object, tag: &str, value: String) -> Object {
    let only = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([value]));
    object.properties.insert(tag.to_owned(), only.into());
    if !object.required.iter().any(|name| name == tag) {
        object.required.insert(0, tag.to_owned());
    }
    object
}

/// Replaces the object `name` by the union of one object for each value of its property `tag`.
/// `variant` returns the name of the object for a value, and changes the object. Does nothing if
/// there is no such object.
pub fn split_object(
    schemas: &mut SchemaMap,
    name: &str,
    tag: &str,
    values: impl IntoIterator<Item = String>,
    variant: impl Fn(&str, &mut Object) -> String,
) {
    let Some(RefOr::T(Schema::Object(whole))) = schemas.get(name).cloned() else {
        return;
    };
    let variants = values.into_iter().map(|value| {
        let mut object = whole.clone();
        object.description = Some(format!("`{name}` whose `{tag}` is `{value}`."));
        UnionVariant {
            name: variant(&value, &mut object),
            value,
            object,
        }
    });
    let variants = variants.collect();
    add_union(schemas, name, tag, whole.description, variants);
}

/// Replaces every `allOf` of objects among the schemas by one object with all their properties.
pub fn merge_all_of(schemas: &mut SchemaMap) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        if let Some(RefOr::T(schema @ Schema::AllOf(_))) = schemas.get(&name)
            && let Some(merged) = merge(schemas, schema)
        {
            schemas.insert(name, merged.into());
        }
    }
}

/// Names the items of the union `name`, which are objects with the property `tag`, and gives it a
/// discriminator. `name_of` returns the name of the object with this value.
pub fn name_items(
    schemas: &mut SchemaMap,
    name: &str,
    tag: &str,
    name_of: impl Fn(&str) -> String,
) {
    let Some(RefOr::T(Schema::OneOf(union))) = schemas.get(name).cloned() else {
        return;
    };
    let variants = union.items.iter().filter_map(|item| {
        let object = merge_item(schemas, item)?;
        let value = tag_value(&object, tag)?;
        let name = name_of(&value);
        Some(UnionVariant {
            value,
            name,
            object,
        })
    });
    let variants = variants.collect();
    add_union(schemas, name, tag, union.description, variants);
}

/// The only value of a property.
fn tag_value(object: &Object, tag: &str) -> Option<String> {
    let Some(RefOr::T(Schema::Object(property))) = object.properties.get(tag) else {
        return None;
    };
    let value = property.enum_values.as_ref()?.first()?;
    value.as_str().map(str::to_owned)
}

fn merge(schemas: &SchemaMap, schema: &Schema) -> Option<Object> {
    match schema {
        Schema::Object(object) => Some(object.clone()),
        Schema::AllOf(all) => {
            let mut merged = Object::with_type(Type::Object);
            for item in &all.items {
                let object = merge_item(schemas, item)?;
                merged.properties.extend(object.properties);
                merged.required.extend(object.required);
                merged.description = merged.description.or(object.description);
            }
            merged.description = all.description.clone().or(merged.description);
            Some(merged)
        }
        _ => None,
    }
}

fn merge_item(schemas: &SchemaMap, item: &RefOr<Schema>) -> Option<Object> {
    match item {
        RefOr::T(schema) => merge(schemas, schema),
        RefOr::Ref(reference) => {
            let (_, name) = reference.ref_location.rsplit_once('/')?;
            merge_item(schemas, schemas.get(name)?)
        }
    }
}

/// Replaces the schema of a property. Its description and whether it can be null stay.
pub fn replace_property(object: &mut Object, name: &str, schema_name: &str) {
    let Some(property) = object.properties.get_mut(name) else {
        return;
    };
    let mut reference = Ref::from_schema_name(schema_name);
    *property = match property {
        RefOr::T(Schema::OneOf(nullable)) => {
            let null = ObjectBuilder::new().schema_type(Type::Null);
            // A derived optional reference has its description inside.
            let described = nullable.items.iter().find_map(|item| match item {
                RefOr::Ref(inner) => Some(inner.description.clone()),
                RefOr::T(_) => None,
            });
            let union = OneOfBuilder::new()
                .description(nullable.description.clone().or(described))
                .item(null)
                .item(reference);
            union.into()
        }
        RefOr::T(Schema::Object(object)) => {
            reference.description = object.description.clone().unwrap_or_default();
            RefOr::Ref(reference)
        }
        RefOr::Ref(earlier) => {
            reference.description.clone_from(&earlier.description);
            RefOr::Ref(reference)
        }
        RefOr::T(_) => RefOr::Ref(reference),
    };
}

/// Lets an object have properties that its schema does not name.
pub fn allow_other_properties(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn schemas(json: Value) -> SchemaMap {
        serde_json::from_value(json).unwrap()
    }

    fn to_json(schemas: &SchemaMap) -> Value {
        serde_json::to_value(schemas).unwrap()
    }

    #[test]
    fn an_object_is_split_by_a_property() {
        let mut all = schemas(json!({"Sign": {
            "type": "object", "description": "A sign.", "required": ["type", "body"],
            "properties": {
                "type": {"type": "string"},
                "body": {"oneOf": [{"type": "null"}, {"type": "object"}], "description": "What it says."},
            },
        }}));
        split_object(
            &mut all,
            "Sign",
            "type",
            ["big_one".to_owned()],
            |value, object| {
                replace_property(object, "body", "BigBody");
                format!("{}Sign", pascal_case(value))
            },
        );
        assert_eq!(
            to_json(&all),
            json!({
                "Sign": {
                    "description": "A sign.",
                    "oneOf": [{"$ref": "#/components/schemas/BigOneSign"}],
                    "discriminator": {
                        "propertyName": "type",
                        "mapping": {"big_one": "#/components/schemas/BigOneSign"},
                    },
                },
                "BigOneSign": {
                    "type": "object", "description": "`Sign` whose `type` is `big_one`.",
                    "required": ["type", "body"],
                    "properties": {
                        "type": {"type": "string", "enum": ["big_one"]},
                        "body": {
                            "description": "What it says.",
                            "oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/BigBody"}],
                        },
                    },
                },
            })
        );
    }

    #[test]
    fn an_all_of_becomes_one_object() {
        let mut all = schemas(json!({
            "Part": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
            "Whole": {"description": "Both.", "allOf": [
                {"$ref": "#/components/schemas/Part"},
                {"type": "object", "properties": {"b": {"type": "string"}}},
            ]},
            "Line": {"oneOf": [{"allOf": [
                {"$ref": "#/components/schemas/Whole"},
                {"type": "object", "required": ["op"],
                 "properties": {"op": {"type": "string", "enum": ["join"]}}},
            ]}]},
        }));
        merge_all_of(&mut all);
        name_items(&mut all, "Line", "op", |op| {
            format!("{}Line", pascal_case(op))
        });
        let json = to_json(&all);
        let properties = json!({"a": {"type": "string"}, "b": {"type": "string"}});
        assert_eq!(json["Whole"]["properties"], properties);
        assert_eq!(json["Whole"]["required"], json!(["a"]));
        assert_eq!(json["JoinLine"]["required"], json!(["a", "op"]));
        assert_eq!(
            json["Line"]["oneOf"],
            json!([{"$ref": "#/components/schemas/JoinLine"}])
        );
        assert!(!json.to_string().contains("allOf"), "{json}");
    }
}
