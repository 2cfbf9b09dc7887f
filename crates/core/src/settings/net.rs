//! Addresses in settings: listeners, networks, origins.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// A network, or one address: `10.0.0.0/8`, `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNet {
    addr: IpAddr,
    prefix: u8,
}

impl IpNet {
    /// Whether the address lies in this network; an IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        fn same(a: &[u8], b: &[u8], bits: u8) -> bool {
            let whole = usize::from(bits / 8);
            let rest = bits % 8;
            a[..whole] == b[..whole] && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0)
        }
        match (self.addr, ip.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(&a.octets(), &b.octets(), self.prefix),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(&a.octets(), &b.octets(), self.prefix),
            _ => false,
        }
    }
}

impl FromStr for IpNet {
    type Err = String;

    fn from_str(text: &str) -> Result<IpNet, String> {
        let wrong = || "is not an IP address or a network such as 10.0.0.0/8".to_owned();
        let (addr, prefix) = match text.split_once('/') {
            Some((addr, prefix)) => (addr, Some(prefix)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().map_err(|_| wrong())?;
        let widest = if addr.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => widest,
            Some(p) if !p.is_empty() && p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit()) => {
                p.parse().map_err(|_| wrong())?
            }
            Some(_) => return Err(wrong()),
        };
        if prefix > widest {
            return Err(format!("has a prefix longer than {widest} bits"));
        }
        Ok(IpNet { addr, prefix })
    }
}

impl fmt::Display for IpNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

/// Reads `127.0.0.1:8000`, `[::1]:8000` or `localhost:8000`; other names are refused, since nothing is looked up.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(addr) = text.parse() {
        return Ok(addr);
    }
    if let Some(port) = text.strip_prefix("localhost:")
        && let Ok(port) = port.parse()
    {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    Err("is not an address with a port, such as 127.0.0.1:8000 or [::1]:8000".to_owned())
}

/// Reads an address without a port, as `--host` has it.
pub(super) fn parse_host(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    if bare == "localhost" {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    bare.parse().map_err(|_| "is not an IP address such as 127.0.0.1".to_owned())
}

/// Whether only this machine can reach the address.
pub(super) fn is_loopback(addr: SocketAddr) -> bool {
    addr.ip().to_canonical().is_loopback()
}

/// Reads an origin, `https://auth.example.com`, into its one spelling: lower case, punycode, no default port (RFC 6454 §6.2).
///
/// A single `/` behind it is dropped; a path, query, fragment or user is an error.
pub(super) fn parse_origin(text: &str) -> Result<String, String> {
    let wrong = "is not an origin such as https://auth.example.com";
    let (scheme, rest) = text.split_once("://").ok_or(wrong)?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return Err("must begin with https:// or http://".to_owned()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '\\']) {
        return Err("must be an origin without a path".to_owned());
    }
    if rest.contains('@') {
        return Err("must not name a user".to_owned());
    }
    let (host, port) = split_port(rest).ok_or(wrong)?;
    let host = match host.strip_prefix('[') {
        Some(v6) => {
            let v6 = v6.strip_suffix(']').ok_or(wrong)?;
            format!("[{}]", v6.parse::<std::net::Ipv6Addr>().map_err(|_| wrong)?)
        }
        None => idna::domain_to_ascii_strict(host).map_err(|_| wrong)?,
    };
    if host.is_empty() {
        return Err(wrong.to_owned());
    }
    Ok(match port {
        Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

/// Splits `host:port`; the outer `None` means that the port is no port.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let after_v6 = text.rfind(']').map_or(0, |i| i + 1);
    match text[after_v6..].rfind(':') {
        None => Some((text, None)),
        Some(colon) => {
            let (host, port) = (&text[..after_v6 + colon], &text[after_v6 + colon + 1..]);
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let port = digits.then(|| port.parse().ok()).flatten().filter(|p| *p != 0)?;
            Some((host, Some(port)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        let net: IpNet = "10.0.0.0/9".parse().unwrap();
        assert!(net.contains("10.127.0.1".parse().unwrap()));
        assert!(!net.contains("10.128.0.1".parse().unwrap()));
        assert!(net.contains("::ffff:10.1.1.1".parse().unwrap()));
        let one: IpNet = "::1".parse().unwrap();
        assert!(one.contains("::1".parse().unwrap()) && !one.contains("::2".parse().unwrap()));
        let all: IpNet = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
        for wrong in ["10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "x", "", "::/129"] {
            assert!(wrong.parse::<IpNet>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn listeners() {
        assert_eq!(parse_listen("127.0.0.1:0").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(parse_listen("localhost:8000").unwrap().to_string(), "127.0.0.1:8000");
        assert_eq!(parse_listen("[::1]:80").unwrap().to_string(), "[::1]:80");
        for wrong in ["8000", ":8000", "example.com:80", "127.0.0.1", "127.0.0.1:65536", ""] {
            assert!(parse_listen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn origins_have_one_spelling() {
        for (text, origin) in [
            ("https://Auth.Example.com/", "https://auth.example.com"),
            ("HTTPS://auth.example.com:443", "https://auth.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(parse_origin(text).unwrap(), origin);
            assert_eq!(parse_origin(origin).unwrap(), origin);
        }
        for wrong in [
            "auth.example.com",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://u@a",
            "https://a:b",
            "https://a:0",
            "https://a b",
            "https://[::1",
            "null",
        ] {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
    }
}
