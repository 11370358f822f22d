//! Which calls are recorded, and as what.

use axum::extract::Query;
use domain::ids::UserId;
use http::{Method, Uri};
use http_edge::Caller;
use percent_encoding::percent_decode_str;

use crate::access_record::{AccessAct, AccessRecord};

/// The maximum length of a target, in code points.
const MAX_TARGET_CHARS: usize = 256;

/// A call, before it is answered.
pub struct RecordedCall<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// The method.
    pub method: &'a Method,
    /// The path with the names of its parameters.
    pub route: &'a str,
    /// The path with their values, and the query.
    pub uri: &'a Uri,
}

impl RecordedCall<'_> {
    /// What to record if the call succeeds; `None` if it is nobody's but the user's own, or leaves
    /// an event.
    pub fn find_access(&self) -> Option<AccessRecord> {
        let is_query = self.method == Method::GET;
        let as_user = self.find_as_user();
        let (act, target) = if is_query && self.caller.actor.is_some() {
            // One record for all users for whom a service reads: it would be one per user and
            // minute.
            (AccessAct::ReadForUser, None)
        } else if is_query && let Some(user) = as_user {
            (AccessAct::ReadAsUser, Some(user))
        } else {
            self.find_act()?
        };
        let target = target.map(|target| shorten(&target));
        Some(AccessRecord {
            actor: UserId::parse(self.caller.token_user()).ok()?,
            act,
            target,
            call: format!("{} {}", self.method, self.route),
        })
    }

    /// The act that the route is.
    fn find_act(&self) -> Option<(AccessAct, Option<String>)> {
        use AccessAct as A;
        let webhook = || self.find_segment("{id}");
        Some(match (self.method.as_str(), self.route) {
            ("GET", "/v1/events") => (A::EventsRead, None),
            (
                "GET",
                "/v1/admin/users" | "/v1/admin/storage/users" | "/v1/admin/storage/orphans",
            ) => (A::UsersRead, None),
            ("GET", "/v1/admin/users/{user}") => (A::UsersRead, self.find_segment("{user}")),
            ("GET", "/v1/admin/unread") => (A::UsersRead, self.find_parameter("user")),
            ("GET", "/v1/admin/conversations" | "/v1/admin/storage/conversations") => {
                (A::ConversationsRead, None)
            }
            ("GET", "/v1/admin/conversations/{id}") => {
                (A::ConversationsRead, self.find_segment("{id}"))
            }
            ("GET", "/v1/admin/conversations/{id}/messages/{seq}/trace") => {
                let (id, seq) = (self.find_segment("{id}")?, self.find_segment("{seq}")?);
                (A::MessageTraced, Some(format!("{id}/{seq}")))
            }
            // Owners and admins read those of their groups without the scope.
            (
                "GET",
                "/v1/conversations/{id}/silences" | "/v1/conversations/{id}/silences/{user}",
            ) if self.caller.is_moderator() => (A::SilencesRead, self.find_segment("{id}")),
            ("GET", "/v1/conversations/{id}/bans" | "/v1/conversations/{id}/bans/{user}")
                if self.caller.is_moderator() =>
            {
                (A::BansRead, self.find_segment("{id}"))
            }
            ("GET", "/v1/admin/holds") => (A::HoldsRead, None),
            ("GET", "/v1/moderation/cases") => (A::CasesRead, None),
            ("GET", "/v1/moderation/cases/{id}") => (A::CasesRead, self.find_segment("{id}")),
            ("POST", "/v1/admin/webhooks") => (A::WebhookAdded, None),
            ("PATCH", "/v1/admin/webhooks/{id}") => (A::WebhookChanged, webhook()),
            ("DELETE", "/v1/admin/webhooks/{id}") => (A::WebhookRemoved, webhook()),
            ("POST", "/v1/admin/webhooks/{id}/replay") => (A::WebhookReplayed, webhook()),
            _ => return None,
        })
    }

    /// The user as whom an administrator queries, unless that is the caller.
    fn find_as_user(&self) -> Option<String> {
        let user = self.find_parameter("as_user")?;
        (user != self.caller.user).then_some(user)
    }

    /// A parameter of the query that is not empty.
    fn find_parameter(&self, name: &str) -> Option<String> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(self.uri).ok()?;
        let mut pairs = pairs.into_iter();
        let (_, value) = pairs.find(|(key, value)| key == name && !value.is_empty())?;
        Some(value)
    }

    /// The value of a parameter of the path.
    fn find_segment(&self, name: &str) -> Option<String> {
        let names = self.route.split('/');
        let mut values = names.zip(self.uri.path().split('/'));
        let (_, value) = values.find(|(found, _)| *found == name)?;
        let decoded = percent_decode_str(value).decode_utf8().ok()?;
        Some(decoded.into_owned())
    }
}

/// Ids are shorter.
fn shorten(target: &str) -> String {
    target.chars().take(MAX_TARGET_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use http_edge::auth::{Actor, Scopes};

    use super::*;

    fn caller(actor: Option<&str>) -> Caller {
        Caller {
            user: "root".into(),
            scopes: Scopes::default(),
            expires_at: 0,
            issued_at_ms: 0,
            actor: actor.map(|user| Actor {
                user: user.into(),
                scopes: Scopes::default(),
            }),
        }
    }

    fn found(actor: Option<&str>, method: &Method, route: &str, uri: &str) -> Option<AccessRecord> {
        let call = RecordedCall {
            caller: &caller(actor),
            method,
            route,
            uri: &uri.parse().unwrap(),
        };
        call.find_access()
    }

    fn act(method: &Method, route: &str, uri: &str) -> Option<(AccessAct, Option<String>)> {
        found(None, method, route, uri).map(|access| (access.act, access.target))
    }

    #[test]
    fn views_with_rights_are_recorded_with_their_target() {
        let get = |route, uri| act(&Method::GET, route, uri);
        let to = |target: &str| Some(target.to_owned());
        assert_eq!(
            get("/v1/events", "/v1/events?as_user="),
            Some((AccessAct::EventsRead, None))
        );
        assert_eq!(
            get("/v1/inbox", "/v1/inbox?limit=1&as_user=zo%C3%AB"),
            Some((AccessAct::ReadAsUser, to("zo\u{eb}")))
        );
        assert_eq!(
            get("/v1/admin/users/{user}", "/v1/admin/users/a%2Fb"),
            Some((AccessAct::UsersRead, to("a/b")))
        );
        let trace = "/v1/admin/conversations/{id}/messages/{seq}/trace";
        assert_eq!(
            get(trace, "/v1/admin/conversations/lunch/messages/3/trace"),
            Some((AccessAct::MessageTraced, to("lunch/3")))
        );
        assert_eq!(get("/v1/inbox", "/v1/inbox"), None);
        assert_eq!(
            get("/v1/inbox", "/v1/inbox?as_user=root"),
            None,
            "the caller"
        );
        assert_eq!(
            act(&Method::PUT, "/v1/admin/users/{user}", "/x"),
            None,
            "an event"
        );
    }

    #[test]
    fn a_service_that_reads_for_users_is_recorded_without_them() {
        let read = |method| found(Some("robot"), &method, "/v1/inbox", "/v1/inbox");
        let access = read(Method::GET).unwrap();
        assert_eq!((access.actor.as_str(), access.target), ("robot", None));
        assert_eq!(access.act, AccessAct::ReadForUser);
        assert_eq!(access.call, "GET /v1/inbox");
        assert_eq!(read(Method::POST), None, "its event names the service");
    }

    #[test]
    fn changes_of_webhooks_are_recorded() {
        let one = "/v1/admin/webhooks/{id}";
        assert_eq!(
            act(&Method::DELETE, one, "/v1/admin/webhooks/7"),
            Some((AccessAct::WebhookRemoved, Some("7".into())))
        );
    }
}
