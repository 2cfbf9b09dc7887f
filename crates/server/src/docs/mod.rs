//! The two documentation pages, `/docs` (Swagger UI) and `/redoc` (ReDoc), served whole from the binary.
//!
//! Nothing here asks another host for anything: the bundles are vendored under `assets/docs`, and each page's
//! content security policy allows its own origin only. Whether the pages are served at all (`server.docs`) is
//! the router's business.

mod assets;
mod pages;

pub use assets::asset;
pub use pages::{oauth2_redirect, redoc, swagger_ui};
