//! Tests of the server over HTTP, against the real binary, as a stranger would. `routes/` mirrors the URLs, `cli/` the
//! commands, `attacks/` the catalogue of attacks, one test a line and named after it; `contract` replays what the
//! seeds' application answers, `python` runs the seeds' own libraries, `browser` a real one.

mod attacks;
mod beside;
mod browser;
mod cli;
mod contract;
mod deploy;
mod extending;
mod harness;
mod metrics;
mod nodes;
mod python;
mod routes;
mod statements;
