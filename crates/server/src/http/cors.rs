//! Which pages of other origins may read the answers (CORS, the Fetch standard §3.2). Off by default.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use sekisho_core::settings;

/// The origins that may, and what their pages may send.
pub(super) struct Cors {
    /// Empty: any origin, without credentials.
    origins: Vec<HeaderValue>,
    credentials: bool,
    allowed_headers: HeaderValue,
    max_age: HeaderValue,
}

/// What an answer says to the page that asked.
#[derive(Default)]
pub(super) struct Permission {
    /// The origin that may read it, or `*`.
    origin: Option<HeaderValue>,
    credentials: bool,
    /// Caches must tell origins apart.
    vary: bool,
}

impl Cors {
    /// `None`: no origin is allowed.
    pub(super) fn of(settings: &settings::Cors) -> Option<Cors> {
        let value = |text: &str| HeaderValue::from_str(text).ok();
        let origins = &settings.allowed_origins;
        if origins.is_empty() {
            return None;
        }
        let any = origins.iter().any(|origin| origin == "*");
        Some(Cors {
            origins: if any {
                Vec::new()
            } else {
                origins.iter().filter_map(|origin| value(origin)).collect()
            },
            credentials: settings.allow_credentials && !any,
            allowed_headers: value(&settings.allowed_headers.join(", "))
                .unwrap_or(HeaderValue::from_static("authorization, content-type")),
            max_age: settings.max_age.as_secs().into(),
        })
    }

    /// What a request of this origin is permitted: exactly the origins configured, byte for byte.
    pub(super) fn permission(&self, origin: Option<&HeaderValue>) -> Permission {
        if self.origins.is_empty() {
            let origin = origin.map(|_| HeaderValue::from_static("*"));
            return Permission { origin, credentials: false, vary: false };
        }
        let origin = origin.filter(|origin| self.origins.contains(origin)).cloned();
        Permission { credentials: self.credentials && origin.is_some(), origin, vary: true }
    }

    /// The answer to a browser that asks first; `None`: no such question, or not of a permitted origin.
    pub(super) fn preflight<B>(&self, request: &Request<B>, permission: &Permission) -> Option<Response> {
        let asked = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asked || permission.origin.is_none() {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, self.allowed_headers.clone());
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        Some(response)
    }
}

impl Permission {
    /// Writes the permission into the answer.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        if self.vary {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        let Some(origin) = self.origin else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("x-request-id, retry-after, www-authenticate");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if self.credentials {
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
    }
}
