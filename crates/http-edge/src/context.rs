//! The context of a request, and the extractors of what it contains.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;

use crate::auth::caller::bearer_token;
use crate::auth::{Auth, Caller};
use crate::concurrency::ConcurrencyLimiter;
use crate::config::EdgeConfig;
use crate::extract::unknown::UnknownNames;
use crate::origins::OriginGuard;
use crate::problem::Problem;
use crate::rate_limit::RateLimiter;

/// The state that all extractors share.
pub(crate) struct EdgeResources {
    pub(crate) auth: Auth,
    pub(crate) limiter: RateLimiter,
    pub(crate) concurrency: ConcurrencyLimiter,
    pub(crate) origins: Arc<OriginGuard>,
    pub(crate) config: EdgeConfig,
}

/// The context of one request, stored as its only extension.
#[derive(Clone)]
pub(crate) struct RequestContext {
    pub(crate) edge: Arc<EdgeResources>,
    /// The caller, if the request has a valid token.
    pub(crate) caller: Option<Arc<Caller>>,
    /// What happens to names that the request does not have.
    pub(crate) unknown: UnknownNames,
}

impl RequestContext {
    pub(crate) fn from_extensions(extensions: &Extensions) -> Result<&Self, Problem> {
        extensions.get().ok_or_else(|| {
            tracing::error!("a route is served without http_edge::apply_middleware around it");
            Problem::internal()
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let context = RequestContext::from_extensions(&parts.extensions)?;
        if let Some(caller) = &context.caller {
            return Ok(Self::clone(caller));
        }
        let token = bearer_token(&parts.method, &parts.uri, &parts.headers)
            .ok_or_else(Problem::token_missing)?;
        context
            .edge
            .auth
            .verify(&token)
            .map(|caller| Self::clone(&caller))
    }
}

impl<S: Sync> FromRequestParts<S> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        RequestContext::from_extensions(&parts.extensions).map(|context| context.edge.auth.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for UnknownNames {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        RequestContext::from_extensions(&parts.extensions).map(|context| context.unknown.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for RateLimiter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        RequestContext::from_extensions(&parts.extensions)
            .map(|context| context.edge.limiter.clone())
    }
}
