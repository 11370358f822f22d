//! The query parameters that each operation has, according to the API document.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::MatchedPath;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{OpenApi, PathItem, RefOr};

/// The query parameters of each operation. Cheap to clone. Routes that are not in the document take
/// any.
#[derive(Debug, Clone, Default)]
pub struct KnownParameters(Arc<HashMap<String, HashMap<Method, Vec<String>>>>);

impl KnownParameters {
    /// Those of this document.
    pub fn from_document(api: &OpenApi) -> Self {
        let paths = api.paths.paths.iter();
        let known = paths.map(|(path, item)| (path.clone(), parameters_of(item)));
        Self(Arc::new(known.collect()))
    }

    /// The parameters of the operation, and those of the request that it does not have.
    pub(crate) fn find_unknown(
        &self,
        route: &MatchedPath,
        method: &Method,
        uri: &Uri,
    ) -> Option<(Vec<&str>, Vec<String>)> {
        let query = uri.query().filter(|query| !query.is_empty())?;
        let known = self.0.get(route.as_str())?.get(method)?;
        let names = query.split('&').filter(|pair| !pair.is_empty());
        let unknown: Vec<String> = names
            .map(|pair| decode(pair.split('=').next().unwrap_or(pair)))
            .filter(|name| !known.contains(name))
            .collect();
        if unknown.is_empty() {
            return None;
        }
        Some((known.iter().map(String::as_str).collect(), unknown))
    }
}

/// Decodes the name of a parameter. What cannot be decoded is refused later, with its reason.
fn decode(name: &str) -> String {
    let name = name.replace('+', " ");
    percent_decode_str(&name).decode_utf8_lossy().into_owned()
}

fn parameters_of(item: &PathItem) -> HashMap<Method, Vec<String>> {
    let operations = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    let with_names = operations.into_iter().filter_map(|(method, operation)| {
        let parameters = operation.as_ref()?.parameters.iter().flatten();
        let parameters = parameters.filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        });
        let names = parameters
            .filter(|parameter| parameter.parameter_in == ParameterIn::Query)
            .map(|parameter| parameter.name.clone());
        Some((method, names.collect()))
    });
    with_names.collect()
}
