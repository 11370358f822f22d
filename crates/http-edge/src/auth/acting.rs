//! The header `Tidings-Act-For`: a service makes a call as another user.

use std::sync::Arc;

use http::HeaderMap;

use super::caller::Caller;
use super::claims::is_user_id;
use crate::problem::Problem;

/// Names the user as whom the call is made.
pub(crate) const TIDINGS_ACT_FOR: &str = "tidings-act-for";

/// The caller as whom the request is made: the caller of the token, or the user whom the header
/// names. The result has no scopes then: the call is that user's.
pub(crate) fn find_caller(
    caller: Arc<Caller>,
    headers: &HeaderMap,
) -> Result<Arc<Caller>, Problem> {
    let mut values = headers.get_all(TIDINGS_ACT_FOR).iter();
    let Some(value) = values.next() else {
        return Ok(caller);
    };
    if !caller.scopes.service && !caller.scopes.admin {
        return Err(Problem::forbidden_with_code(
            "forbidden",
            "Only a token with the scope service or admin may act for a user.",
        ));
    }
    let user = std::str::from_utf8(value.as_bytes()).ok();
    let Some(user) = user.filter(|user| values.next().is_none() && is_user_id(user)) else {
        return Err(Problem::malformed(
            "Tidings-Act-For",
            "expected one user id, in UTF-8",
        ));
    };
    if user == caller.user {
        return Ok(caller);
    }
    Ok(Arc::new(Caller::clone(&caller).acting_for(user)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::auth::Scopes;

    fn caller(scopes: Scopes) -> Arc<Caller> {
        Arc::new(Caller {
            user: "robot".into(),
            scopes,
            expires_at: 9,
            issued_at_ms: 5,
            actor: None,
        })
    }

    fn act(scopes: Scopes, values: &[&str]) -> Result<Arc<Caller>, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(TIDINGS_ACT_FOR, value);
        }
        find_caller(caller(scopes), &headers).map_err(|problem| problem.code())
    }

    const SERVICE: Scopes = Scopes {
        admin: false,
        moderator: false,
        service: true,
    };

    #[test]
    fn a_service_acts_for_a_user_without_its_own_scopes() {
        let acting = act(SERVICE, &["zo\u{eb}"]).unwrap();
        assert_eq!(
            (acting.user.as_str(), acting.scopes),
            ("zo\u{eb}", Scopes::default())
        );
        let actor = acting.actor.as_ref().unwrap();
        assert_eq!((actor.user.as_str(), actor.scopes), ("robot", SERVICE));
        let admin = Scopes {
            admin: true,
            ..Scopes::default()
        };
        assert_eq!(act(admin, &["ann"]).unwrap().user, "ann");
        assert_eq!(act(SERVICE, &["robot"]).unwrap().actor, None);
    }

    #[test]
    fn others_act_for_nobody_and_the_header_names_one_user() {
        assert_eq!(act(Scopes::default(), &["ann"]), Err("forbidden"));
        let moderator = Scopes {
            moderator: true,
            ..Scopes::default()
        };
        assert_eq!(act(moderator, &["ann"]), Err("forbidden"));
        assert_eq!(act(SERVICE, &["ann", "bob"]), Err("malformed"));
        assert_eq!(act(SERVICE, &[""]), Err("malformed"));
        assert_eq!(act(Scopes::default(), &[]).unwrap().user, "robot");
    }
}
