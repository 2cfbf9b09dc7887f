//! Who the server is measured against.

pub(crate) mod bare_axum;
pub(crate) mod fastapi;
pub(crate) mod tokio_postgres;
