//! The addresses that deliveries may connect to. A configured address must not reach services that
//! only this machine or network can reach: cloud metadata, a database, an admin page (server-side
//! request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use reqwest::Url;

/// Networks that deliveries may connect to although they are not public.
#[derive(Debug, Clone, Default)]
pub struct AllowedNetworks(Vec<IpNet>);

/// The reason why an address is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The scheme is neither `https` nor, for an allowed network, `http`.
    #[error("{0}: expected an https address; http is for allowed networks only")]
    Scheme(String),
    /// The address contains a user or a password, which would be sent to the receiver.
    #[error("the address must not contain a user or a password; the signature proves the sender")]
    Credentials,
    /// The host is, or resolves to, an address of this machine or network.
    #[error("{0} is not a public address; to permit it, add its network with --webhook-allow")]
    NotPublic(IpAddr),
    /// The address has no host.
    #[error("the address has no host")]
    MissingHost,
}

impl AllowedNetworks {
    /// Allows these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether deliveries may connect to an address. `is_plain` means without TLS, which is
    /// permitted for allowed networks only.
    pub fn permits(&self, address: IpAddr, is_plain: bool) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address)) || (!is_plain && is_public(address))
    }

    /// Checks a URL as far as its text allows. Host names are checked later, when they are
    /// resolved.
    pub fn check_url(&self, url: &Url) -> Result<(), AddressError> {
        let is_plain = match url.scheme() {
            "https" => false,
            "http" => true,
            other => return Err(AddressError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        let host = url.host_str().ok_or(AddressError::MissingHost)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        match literal.parse::<IpAddr>() {
            Ok(address) if !self.permits(address, false) => Err(AddressError::NotPublic(address)),
            Ok(address) if is_plain && !self.permits(address, true) => {
                Err(AddressError::Scheme("http".to_owned()))
            }
            // Without TLS, a host name can only be valid if some network is allowed.
            Err(_) if is_plain && self.0.is_empty() => Err(AddressError::Scheme("http".to_owned())),
            _ => Ok(()),
        }
    }
}

/// Whether an address is on the public internet, according to IANA's registries of special-purpose
/// addresses.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && b & 0xc0 == 64) // shared by providers
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && b & 0xfe == 18) // benchmarks
        || a >= 224) // multicast, reserved, broadcast
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        // These are translated to IPv4 on the way (NAT64, 6to4).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_public_v4(embedded(high, low))
        }
        // Tunnels, documentation, benchmarks, other special purposes.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, ..] => false,
        // Of the rest, only global unicast is public.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, allowed: &[&str]) -> Result<(), AddressError> {
        let networks = allowed.iter().map(|net| net.parse().unwrap()).collect();
        AllowedNetworks::new(networks).check_url(&Url::parse(url).unwrap())
    }

    #[test]
    fn rejects_private_addresses_in_every_notation() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "017700000001",
            "0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a00:1]",
            "[fe80::1]",
            "[fc00::1]",
            "[ff02::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "[2001::1]",
            "[::7f00:1]",
        ] {
            let outcome = check(&format!("https://{host}/hook"), &[]);
            assert!(
                matches!(outcome, Err(AddressError::NotPublic(_))),
                "{host}: {outcome:?}"
            );
        }
        for host in [
            "8.8.8.8",
            "100.128.0.1",
            "172.32.0.1",
            "[2606:4700::1111]",
            "example.com",
        ] {
            assert_eq!(
                check(&format!("https://{host}/hook"), &[]),
                Ok(()),
                "{host}"
            );
        }
    }

    #[test]
    fn allowed_networks_can_be_reached_without_tls() {
        let allowed = ["127.0.0.0/8", "fd00::/8"];
        for url in [
            "http://127.0.0.1:9000/",
            "https://127.9.9.9/",
            "http://[fd00::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://inside/",
        ] {
            assert_eq!(check(url, &allowed), Ok(()), "{url}");
        }
        assert!(matches!(
            check("http://10.0.0.1/", &allowed),
            Err(AddressError::NotPublic(_))
        ));
        assert!(matches!(
            check("http://8.8.8.8/", &allowed),
            Err(AddressError::Scheme(_))
        ));
        assert!(matches!(
            check("http://example.com/", &[]),
            Err(AddressError::Scheme(_))
        ));
    }

    #[test]
    fn rejects_other_schemes_and_credentials() {
        for url in [
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
        ] {
            assert!(
                matches!(check(url, &[]), Err(AddressError::Scheme(_))),
                "{url}"
            );
        }
        assert_eq!(
            check("https://u:p@example.com/", &[]),
            Err(AddressError::Credentials)
        );
    }
}
