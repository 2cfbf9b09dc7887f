//! The client's address behind trusted proxies: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! Read from the right, because each proxy appends: the first address that is not a trusted proxy's is the
//! client's. What stands left of it was written by the client. Anything that is not plainly an address ends
//! the search at the connection's own address: a limit is then shared too widely, never skipped. Nothing is
//! looked up.

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, header};
use sekisho_core::settings::IpNet;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// How many addresses are read: more than any honest chain of proxies has.
const MOST: usize = 32;

/// The address of the client of a request that came from `peer`.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let common = search(headers, X_FORWARDED_FOR, trusted, bare_address);
    let standard = search(headers, header::FORWARDED.as_str(), trusted, forwarded_for);
    match (common, standard) {
        (None, None) => peer,
        (Some(found), None) | (None, Some(found)) => found.unwrap_or(peer),
        // A proxy that writes one of them passes on what the client put into the other.
        (Some(one), Some(other)) => one.filter(|one| Some(*one) == other).unwrap_or(peer),
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(address))
}

/// `None`: no such header. `Some(None)`: it tells no client.
fn search(
    headers: &HeaderMap,
    name: &str,
    trusted: &[IpNet],
    read: fn(&str) -> Option<IpAddr>,
) -> Option<Option<IpAddr>> {
    let mut lines = headers.get_all(name).iter().rev().peekable();
    lines.peek()?;
    let mut left = MOST;
    for line in lines {
        let Ok(line) = line.to_str() else { return Some(None) };
        for element in line.rsplit(',') {
            left -= 1;
            let Some(address) = read(element.trim_matches([' ', '\t'])) else { return Some(None) };
            if !is_trusted(address, trusted) {
                return Some(Some(address).filter(is_a_clients));
            }
            if left == 0 {
                return Some(None);
            }
        }
    }
    Some(None)
}

/// Whether a client somewhere else may have this address.
fn is_a_clients(address: &IpAddr) -> bool {
    let mapped = matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    !(mapped || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

/// An element of `X-Forwarded-For`: an address and nothing else, no port, no brackets, no zone.
fn bare_address(element: &str) -> Option<IpAddr> {
    element.parse().ok()
}

/// The `for` parameter of an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(';') {
        let (name, value) = pair.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") {
            if found.is_some() {
                return None;
            }
            found = Some(node(value.trim())?);
        }
    }
    found
}

/// A node of RFC 7239 §6: an IPv4 address, or quoted a bracketed IPv6 address, each perhaps with a port
/// when quoted.
fn node(value: &str) -> Option<IpAddr> {
    let Some(quoted) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::V4);
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = quoted.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port_is_fine = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return port_is_fine.then(|| address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)).flatten();
    }
    let address = match quoted.split_once(':') {
        Some((address, port)) => is_port(port).then_some(address)?,
        None => quoted,
    };
    address.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn address(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    fn xff(value: &str) -> String {
        address(PROXY, &[("x-forwarded-for", value)])
    }

    #[test]
    fn the_first_untrusted_address_from_the_right_is_the_client() {
        assert_eq!(xff("203.0.113.9"), "203.0.113.9");
        assert_eq!(xff("1.2.3.4, 203.0.113.9, 10.9.9.9, 127.0.0.1"), "203.0.113.9");
        assert_eq!(xff("2001:db8::7"), "2001:db8::7");
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.0.0.2")];
        assert_eq!(address(PROXY, &lines), "203.0.113.9");
        assert_eq!(xff("10.0.0.2"), PROXY, "a proxy's own request");
    }

    #[test]
    fn h14_headers_of_untrusted_peers_do_not_count() {
        for value in ["203.0.113.9", "10.0.0.1", "unknown"] {
            assert_eq!(address("192.0.2.1", &[("x-forwarded-for", value)]), "192.0.2.1");
            assert_eq!(address("192.0.2.1", &[("forwarded", &format!("for={value}"))]), "192.0.2.1");
        }
    }

    #[test]
    fn h14_garbage_means_the_peer() {
        let long = "203.0.113.9,".repeat(700) + "10.0.0.1";
        let chain = "10.0.0.9,".repeat(40) + "10.0.0.1";
        for value in [
            "a",
            "::gg",
            "unknown",
            "",
            ",",
            "203.0.113.9,",
            "203.0.113.9:80",
            "[2001:db8::7]",
            "::ffff:203.0.113.9",
            "0.0.0.0",
            "::1",
            "0203.0.113.9",
            "2001:db8::7%eth0",
            "1.2.3.4, x, 10.0.0.2",
            &chain,
        ] {
            assert_eq!(xff(value), PROXY, "{value}");
        }
        assert_eq!(xff(&long), "203.0.113.9");
        let none_trusted = client_address(PROXY.parse().unwrap(), &HeaderMap::new(), &[]);
        assert_eq!(none_trusted.to_string(), PROXY);
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_has_it() {
        let forwarded = |value: &str| address(PROXY, &[("forwarded", value)]);
        assert_eq!(forwarded("for=192.0.2.43, for=203.0.113.9;proto=https;by=10.0.0.1"), "203.0.113.9");
        assert_eq!(forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
        assert_eq!(forwarded("for=\"203.0.113.9:47\""), "203.0.113.9");
        for garbage in [
            "for=unknown",
            "for=_hidden",
            "for=203.0.113.9:47",
            "for=[2001:db8::17]",
            "for=1.1.1.1;for=2.2.2.2",
            "proto=https",
            "x",
            "for=\"",
        ] {
            assert_eq!(forwarded(garbage), PROXY, "{garbage}");
        }
    }

    #[test]
    fn two_headers_must_agree() {
        let both = |one, two| address(PROXY, &[("x-forwarded-for", one), ("forwarded", two)]);
        assert_eq!(both("203.0.113.9", "for=203.0.113.9"), "203.0.113.9");
        assert_eq!(both("203.0.113.9", "for=198.51.100.1"), PROXY);
        assert_eq!(both("x", "for=198.51.100.1"), PROXY);
    }
}
