//! The files of the documentation pages: vendored bundles, packed, and our own small scripts.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, StatusCode};

struct Asset {
    name: &'static str,
    content_type: &'static str,
    /// As it lies in the binary.
    bytes: &'static [u8],
    packed: bool,
    /// Of `bytes`; a changed file gets another tag.
    tag: OnceLock<String>,
    /// For a client that takes no gzip; made when the first such client asks.
    unpacked: OnceLock<Bytes>,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

static ASSETS: [Asset; 8] = [
    packed("swagger-ui-bundle.js", SCRIPT, include_bytes!("../../assets/docs/swagger-ui-bundle.js.gz")),
    packed("swagger-ui.css", STYLE, include_bytes!("../../assets/docs/swagger-ui.css.gz")),
    plain("swagger-init.js", SCRIPT, include_bytes!("../../assets/docs/swagger-init.js")),
    packed("oauth2-redirect.js", SCRIPT, include_bytes!("../../assets/docs/oauth2-redirect.js.gz")),
    packed("redoc.standalone.js", SCRIPT, include_bytes!("../../assets/docs/redoc.standalone.js.gz")),
    plain("redoc-init.js", SCRIPT, include_bytes!("../../assets/docs/redoc-init.js")),
    plain("pages.css", STYLE, include_bytes!("../../assets/docs/pages.css")),
    plain("favicon-32x32.png", "image/png", include_bytes!("../../assets/docs/favicon-32x32.png")),
];

const fn plain(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, content_type, bytes, packed: false, tag: OnceLock::new(), unpacked: OnceLock::new() }
}

const fn packed(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    let mut asset = plain(name, content_type, bytes);
    asset.packed = true;
    asset
}

/// The file called `name` that a documentation page asks for, or `None` if there is none.
///
/// Answers 304 to a client that holds the same file (RFC 9110 section 13.1.2), and sends the packed form to whoever
/// takes gzip.
pub(super) fn asset(name: &str, request: &HeaderMap) -> Option<Response> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    let packed = asset.packed && takes_gzip(request);
    // Two representations need two tags (RFC 9110 section 8.8.3).
    let tag = asset.tag.get_or_init(|| tag_of(asset.bytes));
    let tag = if packed { format!("\"{tag}-gzip\"") } else { format!("\"{tag}\"") };
    let mut response = Response::builder()
        .header(ETAG, &tag)
        .header(CACHE_CONTROL, "no-cache")
        .header(VARY, "accept-encoding");
    if holds(request, &tag) {
        return Some(response.status(StatusCode::NOT_MODIFIED).body(Body::empty()).expect("valid headers"));
    }
    response = response.header(CONTENT_TYPE, asset.content_type);
    if packed {
        response = response.header(CONTENT_ENCODING, "gzip");
    }
    let body = match asset.packed && !packed {
        true => asset.unpacked.get_or_init(|| unpack(asset.bytes)).clone(),
        false => Bytes::from_static(asset.bytes),
    };
    Some(response.body(Body::from(body)).expect("valid headers"))
}

/// Whether `Accept-Encoding` allows gzip (RFC 9110 section 12.5.3); a client that does not say is sent the plain file.
fn takes_gzip(request: &HeaderMap) -> bool {
    let mut any = false;
    for value in request.get_all(ACCEPT_ENCODING) {
        for coding in value.to_str().unwrap_or("").split(',') {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or("");
            let refused = parts.any(|part| {
                part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|weight| weight == 0.0))
            });
            if name.eq_ignore_ascii_case("gzip") {
                return !refused;
            }
            any |= name == "*" && !refused;
        }
    }
    any
}

fn holds(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}

fn tag_of(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn unpack(bytes: &'static [u8]) -> Bytes {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).expect("a test unpacks every vendored file");
    Bytes::from(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn gzip_is_sent_only_to_those_who_take_it() {
        for (value, takes) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&asking("accept-encoding", value)), takes, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn every_packed_file_unpacks() {
        for asset in ASSETS.iter().filter(|asset| asset.packed) {
            assert!(unpack(asset.bytes).len() > asset.bytes.len(), "{}", asset.name);
        }
    }

    #[test]
    fn a_held_file_is_not_sent_again() {
        let first = asset("pages.css", &HeaderMap::new()).unwrap();
        let tag = first.headers()[ETAG].clone();
        let again = asset("pages.css", &HeaderMap::from_iter([(IF_NONE_MATCH, tag)])).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(asset("../mod.rs", &HeaderMap::new()).is_none());
    }
}
