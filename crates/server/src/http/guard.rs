//! Which requests are refused before the router, by their header block alone.

use http::{HeaderValue, Method, Request, Version};
use sekisho_core::Refusal;

use super::head::Head;
use super::policy::Policy;

/// The longest target (path and query) that is read; RFC 9112 §3 asks for 8,000 at least.
const URI_LIMIT: usize = 8_000;

/// The first rule that the request breaks.
pub(super) fn broken_rule<B>(request: &Request<B>, head: &Head<'_>, policy: &Policy) -> Option<Refusal> {
    let rules = [
        host_is_told_once(request, head),
        length_is_told_once(head),
        target_is_short(request),
        method_has_a_path(request.method()),
        development_is_alone(request, head, policy),
        body_is_not_encoded(head),
        body_fits(head, policy),
    ];
    rules.into_iter().flatten().next()
}

/// RFC 9112 §3.2, RFC 9113 §8.3.1: one `Host` that can be one, also beside a whole URI in the request line, and over
/// HTTP/2 none that contradicts `:authority`.
fn host_is_told_once<B>(request: &Request<B>, head: &Head<'_>) -> Option<Refusal> {
    let authority = request.uri().authority();
    let well_formed = head.host.is_none_or(|host| is_host(host.as_bytes()))
        && authority.is_none_or(|authority| is_host(authority.as_str().as_bytes()));
    let told = match (head.host, authority, request.version()) {
        _ if !well_formed => false,
        (None, None, Version::HTTP_10) => true,
        (None, None, _) | (None, Some(_), Version::HTTP_11) => false,
        (Some(host), Some(authority), Version::HTTP_2) => {
            host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes())
        }
        _ => true,
    };
    (!told || head.second_host).then_some(Refusal::HostDuplicated)
}

/// `host [":" port]` by its characters (RFC 3986 §3.2.2): no user, no list, nothing that needs quoting.
fn is_host(host: &[u8]) -> bool {
    host.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte))
}

/// RFC 9112 §6.1: the only transfer coding is `chunked`, once.
fn length_is_told_once(head: &Head<'_>) -> Option<Refusal> {
    let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let told = !head.second_length && head.transfer_encoding.is_none_or(chunked);
    (!told).then_some(Refusal::InvalidRequest)
}

fn target_is_short<B>(request: &Request<B>) -> Option<Refusal> {
    let length = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    (length > URI_LIMIT).then_some(Refusal::UriTooLong)
}

/// `CONNECT` asks for a tunnel and names no path.
fn method_has_a_path(method: &Method) -> Option<Refusal> {
    (method == Method::CONNECT).then_some(Refusal::MethodNotAllowed)
}

/// In development the server thinks that it is alone on this machine. Forwarding headers say that a proxy
/// shows it to others; another host's name says the same, or that a web page had its name point here (DNS
/// rebinding).
fn development_is_alone<B>(request: &Request<B>, head: &Head<'_>, policy: &Policy) -> Option<Refusal> {
    if !policy.development {
        return None;
    }
    if head.forwarded {
        return Some(Refusal::ProxyInDevelopment);
    }
    let loopback = |host: &[u8]| std::str::from_utf8(host).is_ok_and(is_loopback);
    let host = head.host.is_none_or(|host| loopback(host.as_bytes()));
    let authority = request.uri().authority().is_none_or(|authority| is_loopback(authority.as_str()));
    (!(host && authority)).then_some(Refusal::HostInDevelopment)
}

fn body_is_not_encoded(head: &Head<'_>) -> Option<Refusal> {
    head.encoded.then_some(Refusal::ContentEncodingUnsupported)
}

/// A body whose announced length is too much is not read at all.
fn body_fits(head: &Head<'_>, policy: &Policy) -> Option<Refusal> {
    let length = head.content_length?.to_str().ok().and_then(|length| length.parse::<u64>().ok());
    (length.is_none_or(|length| length > policy.body_limit as u64)).then_some(Refusal::BodyTooLarge)
}

/// Whether `host` or `host:port` is this machine's own name: `localhost` (and below it, RFC 6761 §6.3) or a
/// loopback address.
fn is_loopback(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[') {
        return v6.split_once(']').is_some_and(|(address, port)| {
            address.parse().is_ok_and(|address: std::net::Ipv6Addr| address.is_loopback())
                && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        });
    }
    let name = match host.split_once(':') {
        Some((name, port)) if is_port(port) => name,
        Some(_) => return false,
        None => host,
    };
    let below = |name: &str| {
        name.len() > ".localhost".len()
            && name.as_bytes()[name.len() - ".localhost".len()..].eq_ignore_ascii_case(b".localhost")
    };
    name.parse().is_ok_and(|address: std::net::Ipv4Addr| address.is_loopback())
        || name.eq_ignore_ascii_case("localhost")
        || below(name)
}

fn is_port(port: &str) -> bool {
    port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_a_port() {
        for host in ["", "example.com", "example.com:8000", "[::1]:8000", "xn--bcher-kva.example", "a_b"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["a b", "a, b", "a@b", "a/b?c", "a\t", "bücher.example", "a\\b"] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn loopback_names() {
        for host in [
            "127.0.0.1:8000",
            "127.9.9.9",
            "localhost",
            "LOCALHOST:1",
            "[::1]:8000",
            "[::1]",
            "app.localhost",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "127.0.0.1:80:80",
            "127.0.0.1@evil.example",
            "evil.example:127",
            "[::2]",
            "[::1",
            "[::1].evil",
            "0.0.0.0",
            "",
            "x",
            ".localhost",
            "évillocalhost",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
