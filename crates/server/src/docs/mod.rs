//! The two documentation pages, `/docs` (Swagger UI) and `/redoc` (ReDoc), served whole from the binary.
//!
//! Nothing here asks another host for anything: the bundles are vendored under `assets/docs`, and each page's
//! content security policy allows its own origin only.

pub mod api;
mod assets;
mod pages;
