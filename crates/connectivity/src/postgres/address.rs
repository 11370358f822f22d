//! The address of a database: a URL as libpq reads it, with one host or several.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

/// How many hosts an address may have. Each is tried whenever the primary is looked for.
const MAX_HOSTS: usize = 16;

/// The parameter that says which hosts may be used.
const TARGET: &str = "target_session_attrs";

/// Where a database is. Every host has the same user, database and settings.
#[derive(Debug, Clone)]
pub struct DatabaseAddress {
    hosts: Vec<PgConnectOptions>,
    must_be_writable: bool,
}

/// Why an address cannot be used. Does not contain the address, which may have a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database address is invalid: {0}")]
pub struct DatabaseAddressError(String);

impl DatabaseAddress {
    /// Parses `postgres://user:password@host:port,host:port/database?target_session_attrs=primary`.
    /// The hosts may also be in the parameters `host` and `port`, separated by commas.
    pub fn parse(url: &str) -> Result<Self, DatabaseAddressError> {
        let invalid = |reason: &str| DatabaseAddressError(reason.to_owned());
        let expected = || {
            invalid(
                "expected postgres://user:password@host/database, or several host:port before the database, separated by commas",
            )
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(expected)?;
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err(expected());
        }
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(authority_end);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let query = UrlQuery::parse(query)?;
        let hosts: Vec<&str> = hosts.split(',').collect();
        let places = query.places(&hosts)?;
        if places.len() > MAX_HOSTS {
            let reason = format!(
                "it has {} hosts; at most {MAX_HOSTS} are allowed",
                places.len()
            );
            return Err(DatabaseAddressError(reason));
        }
        let hosts: Result<Vec<_>, _> = places
            .iter()
            .map(|(host, parameters)| {
                let url = format!("postgres://{user}{host}{path}{parameters}");
                // The error from sqlx may contain the password, so it is replaced.
                PgConnectOptions::from_str(&url).map_err(|_| expected())
            })
            .collect();
        Ok(Self {
            hosts: hosts?,
            must_be_writable: query.must_be_writable,
        })
    }

    /// The options for each host, in the order of the address. There is at least one.
    pub fn hosts(&self) -> &[PgConnectOptions] {
        &self.hosts
    }

    /// Whether a server must accept writes by default: `target_session_attrs=read-write`. A server
    /// that is no standby may refuse them too, by its setting `default_transaction_read_only`.
    pub(super) fn must_be_writable(&self) -> bool {
        self.must_be_writable
    }

    /// The same hosts with other options.
    #[must_use]
    pub fn map_options(&self, change: impl Fn(PgConnectOptions) -> PgConnectOptions) -> Self {
        Self {
            hosts: self.hosts.iter().cloned().map(change).collect(),
            must_be_writable: self.must_be_writable,
        }
    }
}

/// The parameters of an address, as they are written in it.
struct UrlQuery<'a> {
    hosts: Vec<&'a str>,
    ports: Vec<&'a str>,
    rest: Vec<&'a str>,
    must_be_writable: bool,
}

impl<'a> UrlQuery<'a> {
    fn parse(query: &'a str) -> Result<Self, DatabaseAddressError> {
        let mut parsed = Self {
            hosts: Vec::new(),
            ports: Vec::new(),
            rest: Vec::new(),
            must_be_writable: false,
        };
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "host" | "hostaddr" => parsed.hosts = split_list(value),
                "port" => parsed.ports = split_list(value),
                TARGET => parsed.must_be_writable = must_be_writable(value)?,
                _ => parsed.rest.push(parameter),
            }
        }
        Ok(parsed)
    }

    /// The host part and the parameters of an address for each host.
    fn places(&self, hosts: &[&str]) -> Result<Vec<(String, String)>, DatabaseAddressError> {
        let invalid = |reason: String| Err(DatabaseAddressError(reason));
        if hosts.len() > 1 && hosts.iter().any(|host| host.is_empty()) {
            return invalid("a host is missing between two commas".into());
        }
        if self.hosts.is_empty() && self.ports.len() <= 1 {
            let parameters = self.parameters(None, self.ports.first().copied());
            let place = |host: &&str| ((*host).to_owned(), parameters.clone());
            return Ok(hosts.iter().map(place).collect());
        }
        if hosts.len() > 1 {
            return invalid("the hosts are both before the database and in a parameter".into());
        }
        if self.ports.len() > 1 && self.ports.len() != self.hosts.len() {
            let (ports, hosts) = (self.ports.len(), self.hosts.len());
            return invalid(format!(
                "it has {ports} ports for {hosts} hosts; give one port, or one for each host"
            ));
        }
        let place = |(nth, host): (usize, &&str)| {
            let port = self.ports.get(nth).or(self.ports.first()).copied();
            (hosts[0].to_owned(), self.parameters(Some(host), port))
        };
        Ok(self.hosts.iter().enumerate().map(place).collect())
    }

    fn parameters(&self, host: Option<&str>, port: Option<&str>) -> String {
        let place = [("host", host), ("port", port)];
        let place = place
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        let rest = self.rest.iter().map(|parameter| (*parameter).to_owned());
        let all: Vec<String> = place.chain(rest).collect();
        if all.is_empty() {
            String::new()
        } else {
            format!("?{}", all.join("&"))
        }
    }
}

/// Splits at commas, which may be escaped.
fn split_list(value: &str) -> Vec<&str> {
    value
        .split(',')
        .flat_map(|part| part.split("%2C"))
        .flat_map(|part| part.split("%2c"))
        .collect()
}

fn must_be_writable(target: &str) -> Result<bool, DatabaseAddressError> {
    match target {
        "read-write" => Ok(true),
        // The system writes, so it can use a standby in no case.
        "any" | "primary" => Ok(false),
        other => Err(DatabaseAddressError(format!(
            "{TARGET}={other} is not possible, because Tidings writes; expected read-write, primary or any"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::describe_host;

    fn hosts(url: &str) -> Vec<String> {
        let address = DatabaseAddress::parse(url).expect(url);
        address.hosts().iter().map(describe_host).collect()
    }

    #[test]
    fn hosts_are_read_as_libpq_reads_them() {
        assert_eq!(hosts("postgres://u@h/d"), ["h:5432"]);
        assert_eq!(
            hosts("postgresql://u:p@h1:1,h2,h3:3/d?target_session_attrs=read-write&sslmode=prefer"),
            ["h1:1", "h2:5432", "h3:3"]
        );
        assert_eq!(
            hosts("postgres:///d?host=h1,h2%2Ch3&port=7&user=u"),
            ["h1:7", "h2:7", "h3:7"]
        );
        assert_eq!(
            hosts("postgres://u@localhost/d?host=%2Ftmp%2Frun,h2&port=1,2"),
            ["/tmp/run", "h2:2"]
        );
        let address = DatabaseAddress::parse("postgres://u:p@h1,h2/d?options=-cjit%3Doff");
        let address = address.expect("valid");
        for host in address.hosts() {
            assert_eq!((host.get_username(), host.get_database()), ("u", Some("d")));
            assert_eq!(host.get_options(), Some("-cjit=off"));
        }
    }

    #[test]
    fn the_target_decides_which_servers_may_be_used() {
        let writable = |query: &str| {
            let url = format!("postgres://h/d?target_session_attrs={query}");
            DatabaseAddress::parse(&url).map(|address| address.must_be_writable())
        };
        assert_eq!(writable("read-write"), Ok(true));
        assert_eq!(writable("primary"), Ok(false));
        assert_eq!(writable("any"), Ok(false));
        for wrong in ["standby", "prefer-standby", "read-only", "", "READ-WRITE"] {
            let error = writable(wrong).expect_err(wrong).to_string();
            assert!(
                error.contains("expected read-write, primary or any"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_invalid_address_says_why_and_keeps_the_password() {
        let many = vec!["h"; MAX_HOSTS + 1].join(",");
        for (url, reason) in [
            ("s3cret", "expected postgres://"),
            ("mysql://u:s3cret@h/d", "expected postgres://"),
            ("postgres://u:s3cret@h:port/d", "expected postgres://"),
            ("postgres://u:s3cret@h1,,h2/d", "a host is missing"),
            ("postgres://u:s3cret@h1,h2/d?host=h3", "both before"),
            (
                "postgres://u:s3cret@/d?host=h1,h2,h3&port=1,2",
                "2 ports for 3 hosts",
            ),
            (&format!("postgres://u:s3cret@{many}/d"), "at most 16"),
        ] {
            let error = DatabaseAddress::parse(url).expect_err(url).to_string();
            assert!(error.contains(reason), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
