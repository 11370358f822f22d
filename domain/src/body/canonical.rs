//! Canonical JSON: equal values have equal text. The keys are already sorted; what remains are
//! integral numbers in another notation (`100.0`, `1e2`, `-0.0`). Postgres rewrites those when it
//! reads the log as jsonb, so they are stored as integers, which it leaves unchanged.

use std::borrow::Cow;

use serde_json::{Number, Value};

/// Rewrites every integral float as an integer. Clones the value only if it contains one.
pub(super) fn canonicalize(value: &Value) -> Cow<'_, Value> {
    if !has_integral_float(value) {
        return Cow::Borrowed(value);
    }
    let mut value = value.clone();
    normalize_integers(&mut value);
    Cow::Owned(value)
}

fn has_integral_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => to_integer(number).is_some(),
        Value::Array(items) => items.iter().any(has_integral_float),
        Value::Object(fields) => fields.values().any(has_integral_float),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn normalize_integers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(integer) = to_integer(number) {
                *number = integer;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize_integers),
        Value::Object(fields) => fields.values_mut().for_each(normalize_integers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Converts a float to an integer if it is integral and fits. Returns `None` otherwise.
fn to_integer(number: &Number) -> Option<Number> {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    let float = number
        .as_f64()
        .filter(|float| number.is_f64() && float.fract() == 0.0)?;
    if (0.0..2.0 * TWO_63).contains(&float) {
        Some((float as u64).into())
    } else if (-TWO_63..0.0).contains(&float) {
        Some((float as i64).into())
    } else {
        None
    }
}
