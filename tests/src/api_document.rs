//! The served OpenAPI document, and whether a JSON value is exactly what one of its schemas says.

use serde_json::{Map, Value};

use crate::client::Client;

/// The document.
#[derive(Debug)]
pub struct ApiDocument(Value);

impl ApiDocument {
    /// Fetches it.
    pub async fn fetch(client: &Client) -> Self {
        Self(client.get_ok("/openapi.json").await)
    }

    /// The whole document.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// The values that distinguish the objects of a union.
    pub fn values_of(&self, union: &str) -> Vec<String> {
        let mapping = &self.component(union)["discriminator"]["mapping"];
        let mapping = mapping.as_object().expect("a union");
        mapping.keys().cloned().collect()
    }

    /// A schema by its name.
    pub fn component(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    /// What a reference refers to; any other value itself.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(location) => {
                let target = self.0.pointer(location.trim_start_matches('#'));
                self.resolve(target.expect("a reference that resolves"))
            }
            None => value,
        }
    }

    /// Panics unless a value is what the schema with this name says.
    pub fn check(&self, name: &str, value: &Value) {
        self.check_with(self.component(name), value);
    }

    /// Panics unless a value is what a schema says. Fields that the schema does not name are a
    /// deviation, too, unless it says that there can be others.
    pub fn check_with(&self, schema: &Value, value: &Value) {
        if let Err(reason) = self.find_deviation(schema, value) {
            panic!("{reason} in {value}");
        }
    }

    fn find_deviation(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        for keyword in ["oneOf", "anyOf"] {
            if let Some(items) = schema[keyword].as_array() {
                return self.find_in_union(schema, keyword, items, value);
            }
        }
        let says_nothing = ["type", "properties", "enum"]
            .iter()
            .all(|keyword| schema[keyword].is_null());
        if says_nothing {
            return Ok(());
        }
        check_type(&schema["type"], value)?;
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
        {
            return Err(format!("{value} is none of {values:?}"));
        }
        if let Some(items) = value.as_array() {
            for item in items {
                self.find_deviation(&schema["items"], item)?;
            }
        }
        value
            .as_object()
            .map_or(Ok(()), |fields| self.find_in_object(schema, fields))
    }

    fn find_in_union(
        &self,
        schema: &Value,
        keyword: &str,
        items: &[Value],
        value: &Value,
    ) -> Result<(), String> {
        let discriminator = &schema["discriminator"];
        if let Some(property) = discriminator["propertyName"].as_str() {
            let name = value[property].as_str().unwrap_or_default();
            let location = &discriminator["mapping"][name];
            if location.is_null() {
                return Err(format!("no object of the union has {property} {name:?}"));
            }
            return self.find_deviation(&serde_json::json!({ "$ref": location }), value);
        }
        let matching = items
            .iter()
            .filter(|item| self.find_deviation(item, value).is_ok())
            .count();
        if matching == 0 || (keyword == "oneOf" && matching > 1) {
            return Err(format!("{value} matches {matching} schemas of {schema}"));
        }
        Ok(())
    }

    fn find_in_object(&self, schema: &Value, fields: &Map<String, Value>) -> Result<(), String> {
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Err(format!("the required field {name} is missing"));
            }
        }
        if schema["properties"].is_null() && schema["additionalProperties"].is_null() {
            // An object of the app, with whatever fields it likes.
            return Ok(());
        }
        for (name, value) in fields {
            let others = &schema["additionalProperties"];
            let found = match schema["properties"].get(name) {
                Some(property) => self.find_deviation(property, value),
                None if others.is_object() => self.find_deviation(others, value),
                None if others == true => Ok(()),
                None => Err("the document does not have this field".to_owned()),
            };
            found.map_err(|reason| format!("{name}: {reason}"))?;
        }
        Ok(())
    }
}

fn check_type(types: &Value, value: &Value) -> Result<(), String> {
    let is = |name: &Value| match name.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        _ => false,
    };
    let matches = match types {
        Value::Null => true,
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    };
    if matches {
        Ok(())
    } else {
        Err(format!("{value} is not of type {types}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn deviations_are_found() {
        let document = ApiDocument(json!({ "components": { "schemas": {
            "A": { "type": "object", "required": ["type", "n"], "properties": {
                "type": { "type": "string", "enum": ["a"] },
                "n": { "type": ["integer", "null"] },
            } },
            "U": {
                "oneOf": [{ "$ref": "#/components/schemas/A" }],
                "discriminator": {
                    "propertyName": "type", "mapping": { "a": "#/components/schemas/A" },
                },
            },
        } } }));
        let union = document.component("U");
        for good in [
            json!({ "type": "a", "n": 1 }),
            json!({ "type": "a", "n": null }),
        ] {
            assert_eq!(document.find_deviation(union, &good), Ok(()));
        }
        for bad in [
            json!({ "type": "a" }),
            json!({ "type": "b", "n": 1 }),
            json!({ "type": "a", "n": "1" }),
            json!({ "type": "a", "n": 1, "more": 2 }),
        ] {
            assert!(document.find_deviation(union, &bad).is_err(), "{bad}");
        }
    }
}
