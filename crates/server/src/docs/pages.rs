//! The HTML of the documentation pages.
//!
//! No script stands in a page: addresses are handed over as data attributes, so that the policy can refuse
//! all inline script.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

/// Both bundles write style elements; the rest is the own origin. `data:` are Swagger UI's icons.
const SWAGGER_UI_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// As for Swagger UI; ReDoc searches in a worker that it makes from a blob.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; child-src blob:; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const REDIRECT_POLICY: &str =
    "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Swagger UI for the description at `root_path`/openapi.json, with the settings of FastAPI's page.
///
/// `root_path` is the prefix that clients see (`server.root_path`: empty, or starting and not ending with a slash).
pub(super) fn swagger_ui(root_path: &str) -> Response {
    let root = escape(root_path);
    let html = format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sekisho - Swagger UI</title>
<link rel="icon" type="image/png" href="{root}/docs/favicon-32x32.png">
<link rel="stylesheet" href="{root}/docs/swagger-ui.css">
<link rel="stylesheet" href="{root}/docs/pages.css">
</head>
<body>
<div id="swagger-ui" data-openapi="{root}/openapi.json" data-oauth2-redirect="{root}/docs/oauth2-redirect"></div>
<noscript>This page needs JavaScript. The description itself is at <a href="{root}/openapi.json">openapi.json</a>.</noscript>
<script src="{root}/docs/swagger-ui-bundle.js"></script>
<script src="{root}/docs/swagger-init.js"></script>
</body>
</html>
"##
    );
    page(html, SWAGGER_UI_POLICY)
}

/// ReDoc for the description at `root_path`/openapi.json.
pub(super) fn redoc(root_path: &str) -> Response {
    let root = escape(root_path);
    let html = format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sekisho - ReDoc</title>
<link rel="icon" type="image/png" href="{root}/docs/favicon-32x32.png">
<link rel="stylesheet" href="{root}/docs/pages.css">
</head>
<body>
<div id="redoc" data-openapi="{root}/openapi.json"></div>
<noscript>This page needs JavaScript. The description itself is at <a href="{root}/openapi.json">openapi.json</a>.</noscript>
<script src="{root}/docs/redoc.standalone.js"></script>
<script src="{root}/docs/redoc-init.js"></script>
</body>
</html>
"##
    );
    page(html, REDOC_POLICY)
}

/// The page to which an authorization server sends Swagger UI's pop-up back.
pub(super) fn oauth2_redirect(root_path: &str) -> Response {
    let root = escape(root_path);
    let html = format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Sekisho - OAuth 2 redirect</title>
</head>
<body>
<script src="{root}/docs/oauth2-redirect.js"></script>
</body>
</html>
"##
    );
    page(html, REDIRECT_POLICY)
}

fn page(html: String, policy: &'static str) -> Response {
    Response::builder()
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CONTENT_SECURITY_POLICY, policy)
        .header(CACHE_CONTROL, "no-cache")
        .body(Body::from(html))
        .expect("static headers are valid")
}

/// The prefix comes from configuration, not from a request; it is escaped all the same.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_cannot_leave_its_attribute() {
        assert_eq!(escape(r#"/a"><script>'&"#), "/a&quot;&gt;&lt;script&gt;&#39;&amp;");
    }

    #[test]
    fn no_page_holds_inline_script() {
        for response in [swagger_ui("/api"), redoc("/api"), oauth2_redirect("/api")] {
            let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
            let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
            assert_eq!(scripts.trim(), "script-src 'self'");
        }
    }
}
