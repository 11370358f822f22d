//! Resolves host names for connections that must not reach this machine or network.
//!
//! Addresses are checked when they are resolved for the connection, so a DNS server cannot give the
//! check another answer than the connection (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::{AddressError, AllowedNetworks};

/// A DNS resolver that returns only allowed addresses.
pub struct AllowlistResolver {
    allowed: AllowedNetworks,
    is_plain: bool,
}

impl AllowlistResolver {
    /// A resolver for connections with TLS, or without it if `is_plain`.
    pub fn new(allowed: AllowedNetworks, is_plain: bool) -> Self {
        Self { allowed, is_plain }
    }
}

impl Resolve for AllowlistResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, is_plain) = (self.allowed.clone(), self.is_plain);
        Box::pin(async move {
            let resolved: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<SocketAddr> = resolved
                .iter()
                .copied()
                .filter(|address| allowed.permits(address.ip(), is_plain))
                .collect();
            match resolved.first().map(SocketAddr::ip) {
                Some(refused) if permitted.is_empty() => {
                    Err(address_error(refused, &allowed).into())
                }
                _ => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}

fn address_error(address: IpAddr, allowed: &AllowedNetworks) -> AddressError {
    if allowed.permits(address, false) {
        AddressError::Scheme("http".to_owned())
    } else {
        AddressError::NotPublic(address)
    }
}
