//! A bare axum server: one route, the same bytes as the server under test, nothing verified or read.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use axum::{Router, routing::get};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::net::TcpListener;

use crate::{
    bench::Bench,
    process::{Server, ask, free_address},
    requests::Drawn,
};

/// Records the answer of `original` to `request` and starts a rival that gives it.
///
/// # Errors
/// When the rival does not start, or answers another length than the original.
pub(crate) fn start(bench: &Bench, original: &Server, request: &Drawn) -> Result<Server> {
    let answer = ask(original.address, request.get(0)).context("the server under test does not answer")?;
    let file = bench.file("answer");
    fs::write(&file, &answer)?;
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare-axum").arg(address.to_string()).arg(&file);
    let server = bench.start(&mut command, address, request.get(0), "bare-axum.log")?;
    let copy = ask(address, request.get(0)).context("bare axum does not answer")?;
    if copy.len() != answer.len() {
        bail!(
            "the answers differ:\n{}\n{}",
            String::from_utf8_lossy(&answer),
            String::from_utf8_lossy(&copy)
        );
    }
    Ok(server)
}

/// Serves the recorded answer; what the rival's process runs.
///
/// # Errors
/// When the file is not an answer or the address is taken.
pub(crate) fn serve(address: SocketAddr, answer: &Path) -> Result<()> {
    let (headers, body) = parse(&fs::read(answer)?).context("not a recorded answer")?;
    let handler = move || std::future::ready((headers.clone(), body.clone()));
    let router = Router::new().route("/users/me", get(handler));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        axum::serve(listener, router).await
    })?;
    Ok(())
}

/// The headers that hyper does not write by itself, and the body.
fn parse(answer: &[u8]) -> Option<(HeaderMap, Bytes)> {
    let end = memchr::memmem::find(answer, b"\r\n\r\n")?;
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(&answer[..end]).ok()?.split("\r\n").skip(1) {
        let (name, value) = line.split_once(": ")?;
        if !matches!(name, "date" | "content-length" | "connection") {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
        }
    }
    Some((headers, Bytes::copy_from_slice(&answer[end + 4..])))
}
