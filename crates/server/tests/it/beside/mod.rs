//! Beside a living application: the seeds' own, as a FastAPI process on the same database.

mod apart;
mod application;
mod on_postgres;
mod proxies;
mod refused;
mod release;
mod reuse;
mod shapes;
mod trial;
