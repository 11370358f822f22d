//! Pages of things that are ordered by their names.

use std::collections::BTreeMap;
use std::ops::Bound;

use domain::ids::RuleName;
use http_edge::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::params::{self, PageLimit};

/// The number of items per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NamePageParams {
    /// The maximum number of items.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "a")]
    after: Option<String>,
}

/// Named items of a page, and the name after which the next page starts.
type NamedItems<'a, T> = (Vec<(&'a RuleName, &'a T)>, Option<String>);

impl NamePageParams {
    /// The items of the page, and the name after which the next page starts.
    pub fn cut<'a, T>(
        &self,
        items: &'a BTreeMap<RuleName, T>,
    ) -> Result<NamedItems<'a, T>, Problem> {
        let limit = usize::try_from(PAGE_LIMIT.parse(self.limit.as_deref())?).unwrap_or_default();
        let after = params::non_empty(self.after.as_deref()).map(|name| {
            RuleName::parse(name)
                .map_err(|_| Problem::malformed("after", "expected the `next` of a page"))
        });
        let start = match after.transpose()? {
            Some(name) => Bound::Excluded(name),
            None => Bound::Unbounded,
        };
        let mut rest = items.range((start, Bound::Unbounded));
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let last = page.last().map(|(name, _)| name.as_str().to_owned());
        let next = last.filter(|_| rest.next().is_some());
        Ok((page, next))
    }
}
