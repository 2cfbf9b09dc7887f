//! `sekisho health`, as a container asks it.

use std::net::TcpListener;

use serde_json::json;

use crate::harness::{Ran, Setup, Site, start};

/// Runs it with this listener in the configuration.
fn health(site: &Site, listen: &str, args: &[&str]) -> Ran {
    let mut command =
        Setup::new().production().env("SEKISHO_LISTEN", listen).command(site.folder(), "health");
    command.args(args);
    Ran::of(command, "")
}

#[test]
fn a_server_that_answers_is_ready() {
    let site = start();
    let address = site.address().to_string();
    assert_eq!(health(&site, &address, &[]).ok().stdout, "ready\n");
    // A listener on every address is reached on this machine's own.
    let every = format!("0.0.0.0:{}", site.address().port());
    let ran = health(&site, &every, &["--json"]).ok();
    assert_eq!(ran.json(), json!({"ready": true, "address": address}));
}

#[test]
fn one_that_is_gone_or_has_no_database_is_not() {
    let mut site = start();
    let address = site.address().to_string();
    // A table that is gone is what the server can't read any more.
    site.database().execute("alter table sekisho_migrations rename to gone");
    let ran = health(&site, &address, &[]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(3), 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("answers 503"), "{}", ran.stderr);
    site.database().execute("alter table gone rename to sekisho_migrations");
    health(&site, &address, &[]).ok();
    site.stop();
    let ran = health(&site, &address, &[]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(3), 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("does not answer"), "{}", ran.stderr);
}

#[test]
fn what_is_no_server_is_said_to_be_none() {
    let site = start();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let speaks = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut connection, _) = other.accept().unwrap();
        let _ = connection.read(&mut [0; 512]);
        connection.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").unwrap();
    });
    let ran = health(&site, &address, &[]);
    speaks.join().unwrap();
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("does not speak HTTP"), "{}", ran.stderr);
    let ran = health(&site, "127.0.0.1:0", &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}
