//! The address that a request comes from: that of the connection, or the one that a trusted proxy
//! names.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;

use crate::context::RequestContext;
use crate::problem::Problem;

/// The header in which proxies append the address of their client.
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The address at the other end of the connection, as an extension of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// The address of the client. Limits can be counted by it; it proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let context = RequestContext::from_extensions(&parts.extensions)?;
        let peer = parts.extensions.get::<PeerAddress>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let trusted = &context.edge.config.trusted_proxies;
        Ok(Self(find_client(peer, &parts.headers, trusted)))
    }
}

/// The last address that no trusted proxy has. Those before it are what the client claims.
fn find_client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let values = headers.get_all(X_FORWARDED_FOR).iter();
    let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    for hop in values.iter().flat_map(|value| value.split(',')).rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn find(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let headers = forwarded.iter().map(|value| {
            let name = http::HeaderName::from_static(X_FORWARDED_FOR);
            (name, HeaderValue::from_static(value))
        });
        let headers: HeaderMap = headers.collect();
        find_client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(find("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(find("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(find("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(find("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_claims_is_not_believed() {
        let claimed = find("10.0.0.1", &["203.0.113.9, 198.51.100.7, fd00::2"]);
        assert_eq!(claimed, "198.51.100.7");
        assert_eq!(
            find("10.0.0.1", &["203.0.113.9", "198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(find("10.0.0.1", &["203.0.113.9, unknown"]), "10.0.0.1");
    }
}
