//! What must hold of a server whatever happened to it.

use crate::client;
use crate::database;
use crate::load;
use crate::server::{Program, Server, Start, Stopped};
use std::path::Path;
use std::time::Duration;

/// The longest a start may take.
pub(crate) const START: Duration = Duration::from_secs(5);

/// A server that stopped by itself said why in plain words and with an exit code.
pub(crate) fn clear(stopped: &Stopped) -> Result<(), String> {
    let said = stopped.said.trim();
    match stopped.code {
        None => Err(format!("the start was ended by a signal: {said}")),
        Some(0) => Err("the start stopped with exit code 0".to_owned()),
        Some(_) if said.is_empty() => Err("the start stopped without a word".to_owned()),
        Some(_) if said.contains("panicked") || said.contains("\"panic\"") => {
            Err(format!("the start panicked: {said}"))
        }
        Some(_) => Ok(()),
    }
}

/// The server, when it comes up as it should after a fault is over.
pub(crate) fn comes_up(program: &Program, data: &Path) -> Result<Result<Server, String>, String> {
    Ok(match program.attempt(data)? {
        Start::Up(server) if server.start > START => Err(format!("the start took {:?}", server.start)),
        Start::Up(server) => Ok(server),
        Start::Hangs => Err("the start hangs".to_owned()),
        Start::Stopped(stopped) => Err(format!("the start stopped: {}", stopped.said.trim())),
    })
}

/// After the fault: the server starts, has all that was acknowledged, and takes another user.
pub(crate) fn whole(
    program: &Program,
    data: &Path,
    acknowledged: &[String],
    round: &str,
) -> Result<Vec<String>, String> {
    let server = match comes_up(program, data)? {
        Ok(server) => server,
        Err(finding) => return Ok(vec![format!("{round}: afterwards {finding}")]),
    };
    let next = format!("{}after", round.replace(|c: char| !c.is_ascii_alphanumeric(), ""));
    let mut findings = Vec::new();
    let mut all = acknowledged.to_vec();
    match client::register(&server.address, &next) {
        Ok((200, _)) => all.push(next),
        answer => findings.push(format!("{round}: afterwards nobody can register: {answer:?}")),
    }
    server.kill()?;
    match database::users(data) {
        Ok(present) => findings.extend(load::lost(&all, &present, round)),
        Err(damage) => findings.push(format!("{round}: {damage}")),
    }
    Ok(findings)
}

/// Users log in and read themselves, or are told 503: never that they are unknown.
pub(crate) fn known(address: &str, users: &[String], round: &str) -> (usize, Vec<String>) {
    let mut refused = 0;
    let mut findings = Vec::new();
    for name in users {
        match client::log_in_and_read(address, name) {
            Ok((200, _)) => {}
            Ok((503, _)) => refused += 1,
            answer => findings.push(format!("{round}: {name} was answered {answer:?}")),
        }
    }
    (refused, findings)
}

/// Reading goes on: a user logs in and reads himself.
pub(crate) fn reads_on(program: &Program, address: &str, user: &str, round: &str) -> Option<String> {
    if !program.is_whole() {
        return None;
    }
    match client::log_in_and_read(address, user) {
        Ok((200, _)) => None,
        answer => Some(format!("{round}: reading does not go on: {answer:?}")),
    }
}
