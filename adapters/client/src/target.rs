//! URLs as this client understands them: scheme, host, port, path.
//!
//! **Invariant.** Nothing in a target can end a line or a word of a request head.

use std::fmt;

/// Whom a client talks to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Whom to talk to.
    pub origin: Origin,
    /// Path and query; begins with `/`.
    pub path: String,
}

impl Target {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// In words for people: another scheme than `http` and `https`, a user or password, a fragment, a bad port,
    /// characters that a URL must escape.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (tls, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            _ => return Err("a URL begins with http:// or https://".to_owned()),
        };
        if let Some(bad) = rest.chars().find(|c| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(*c)) {
            return Err(format!("the character {bad:?} has to be percent-encoded in a URL"));
        }
        if rest.contains('#') {
            return Err("a URL of a service has no fragment (#)".to_owned());
        }
        let split = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(split);
        if authority.contains('@') {
            return Err("a URL holds no user or password; use auth:".to_owned());
        }
        let (host, port) = split_port(authority)?;
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { origin: Origin { tls, host, port }, path })
    }
}

fn split_port(authority: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("an IPv6 address ends with ]")?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| format!("{host:?} is no IPv6 address"))?;
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err("after ] comes a port or the path".to_owned()),
        }
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    if host.is_empty() {
        return Err("a URL names a host".to_owned());
    }
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:~".contains(&b)) {
        return Err(format!("{host:?} is no host name"));
    }
    let port = port.map(|text| match text.parse::<u16>() {
        Ok(port) if port > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(port),
        _ => Err(format!("{text:?} is no port")),
    });
    Ok((host.to_owned(), port.transpose()?))
}

impl Origin {
    /// Returns the value of the `Host` header: the port only if it is not the usual one.
    pub(crate) fn host_header(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.host_header())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Result<(&str, u16, &str), &str>) {
        let found = Target::parse(url);
        match expected {
            Ok((origin, port, path)) => {
                let found = found.expect(url);
                let told = (found.origin.to_string(), found.origin.port, found.path);
                assert_eq!(told, (origin.to_owned(), port, path.to_owned()));
            }
            Err(part) => {
                let message = found.expect_err(url);
                assert!(message.contains(part), "{url}: {message}");
            }
        }
    }

    #[test]
    fn a_url_is_taken_apart_or_refused_with_a_reason() {
        check("http://pms.example/soap?x=1", Ok(("http://pms.example", 80, "/soap?x=1")));
        check("HTTPS://pms.example", Ok(("https://pms.example", 443, "/")));
        check("https://pms.example:8443?wsdl", Ok(("https://pms.example:8443", 8443, "/?wsdl")));
        check("http://[::1]:8080/a", Ok(("http://[::1]:8080", 8080, "/a")));
        check("http://[::1]", Ok(("http://[::1]", 80, "/")));
        check("ftp://x/", Err("http://"));
        check("pms:80", Err("http://"));
        check("http://u:p@host/", Err("no user or password"));
        check("http://host/a#b", Err("fragment"));
        check("http://host/a b", Err("percent-encoded"));
        check("http://host/a\r\nX: 1", Err("percent-encoded"));
        check("http://host:0/", Err("no port"));
        check("http://host:+80/", Err("no port"));
        check("http://host:99999/", Err("no port"));
        check("http:///x", Err("names a host"));
        check("http://[::1/", Err("ends with ]"));
        check("http://[zz]/", Err("no IPv6"));
    }
}
