//! Beside a living application: the seeds' own, as a FastAPI process on the same file.

mod apart;
mod application;
mod proxies;
mod refused;
mod release;
mod reuse;
mod shapes;
mod trial;
