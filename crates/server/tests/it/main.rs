//! Tests of the server over HTTP, against the real binary, as a stranger would. `routes/` mirrors the URLs, `cli/` the
//! commands, `attacks/` the catalogue of attacks, one test a line and named after it; `contract` replays what the
//! seeds' application answers, `python` runs the seeds' own libraries, `browser` a real one.

mod attacks;
mod browser;
mod cli;
mod contract;
mod extending;
mod deploy;
mod harness;
mod python;
mod metrics;
mod routes;
