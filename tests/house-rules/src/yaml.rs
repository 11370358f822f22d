//! YAML documents as JSON values, with anchors and merge keys resolved.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value};

/// The key whose mapping is merged into the one that has it.
const MERGE_KEY: &str = "<<";

/// Parses the documents of a file. The error says where it is not valid YAML; a duplicate key is
/// not valid either.
pub fn parse(text: &str) -> Result<Vec<Value>, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    documents.iter().map(to_json).collect()
}

fn to_json(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => (*value).into(),
            Scalar::Integer(value) => (*value).into(),
            Scalar::FloatingPoint(value) => value.into_inner().into(),
            Scalar::String(value) => value.as_ref().into(),
        },
        Yaml::Sequence(items) => Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            let mut merged = Map::new();
            for (key, value) in entries {
                let Value::String(key) = to_json(key)? else {
                    return Err("a key is not a string".to_owned());
                };
                match to_json(value)? {
                    Value::Object(parent) if key == MERGE_KEY => merged = parent,
                    value => drop(object.insert(key, value)),
                }
            }
            merged.extend(object);
            Value::Object(merged)
        }
        other => return Err(format!("{other:?} is not supported")),
    })
}
