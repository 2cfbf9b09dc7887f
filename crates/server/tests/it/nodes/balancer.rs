//! HAProxy in front of two nodes, as the example has it: whichever is there answers.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use super::PASSWORD;
use crate::harness::{Connection, Process, Ran, Request, Scratch, Setup, until};

/// Debian keeps it where only root looks.
fn haproxy() -> Command {
    let there = Path::new("/usr/sbin/haproxy");
    Command::new(if there.exists() { there } else { Path::new("haproxy") })
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

/// The example with each of these parts, which must be there, replaced; as a file.
fn example(folder: &Scratch, parts: &[(&str, String)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/haproxy.cfg");
    let mut text = std::fs::read_to_string(path).expect("the example");
    for (part, by) in parts {
        assert!(text.contains(part), "the example has no {part:?}");
        text = text.replace(part, by);
    }
    let file = folder.path().join("haproxy.cfg");
    std::fs::write(&file, text).expect("a file can be written");
    file.to_str().expect("a path").to_owned()
}

#[test]
fn requests_go_on_when_a_node_goes() {
    let setup = Setup::new().production().env("SEKISHO_HTTP_TRUSTED_PROXIES", "127.0.0.1");
    let mut nodes = setup.start_nodes(2);
    let (folder, port) = (Scratch::new(), free_port());
    let parts = [
        (":443 ssl crt /etc/haproxy/certs/", format!("127.0.0.1:{port}")),
        ("10.0.0.11:8000", nodes[0].address().to_string()),
        ("10.0.0.12:8000", nodes[1].address().to_string()),
        ("inter 2s", "inter 200ms".to_owned()),
        ("maxconn 8000", "maxconn 100".to_owned()),
    ];
    let file = example(&folder, &parts);
    let mut check = haproxy();
    check.args(["-c", "-f", &file]);
    let said = Ran::of(check, "").ok();
    assert!(!format!("{}{}", said.stdout, said.stderr).contains("WARNING"), "{}{}", said.stdout, said.stderr);

    let mut command = haproxy();
    command.args(["-db", "-f", &file]);
    let mut proxy = Process::start(command);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let send = |request: &Request| Connection::open(address).and_then(|mut to| to.exchange(request));
    let ready = Request::get("/readyz");
    until("HAProxy and a node", || send(&ready).ok().filter(|answer| answer.status == 200));

    nodes[0].register("tim", PASSWORD);
    let log_in = Request::post("/token").form(&[("username", "tim"), ("password", PASSWORD)]);
    let token =
        send(&log_in).expect("an answer").json()["access_token"].as_str().expect("a token").to_owned();
    let me = Request::get("/users/me").bearer(&token).header("forwarded", "for=8.8.8.8;host=evil.example");
    for _ in 0..10 {
        assert_eq!(send(&me).expect("an answer").status, 200);
    }
    // One is stopped, as in an upgrade, and the other answers meanwhile.
    nodes[0].stop();
    for _ in 0..50 {
        assert_eq!(send(&me).expect("an answer").status, 200, "{}", proxy.log());
    }
    until("the stopped node to be taken out", || {
        proxy.log().contains("Server sekisho/one is DOWN").then_some(())
    });
    assert_eq!(send(&log_in).expect("an answer").status, 200);
    // With no node left it speaks as one would.
    nodes[1].stop();
    let none = until("no node to be left", || send(&me).ok().filter(|answer| answer.status == 503));
    assert_eq!(
        (none.header("content-type"), none.header("retry-after")),
        (Some("application/json"), Some("5"))
    );
    assert_eq!(none.json(), serde_json::json!({"detail": "Unavailable, try again"}));
    proxy.stop();
}
