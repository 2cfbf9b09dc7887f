//! The proxies of the documentation: their own checks accept the examples, and what they send where.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::application::{Application, Folder, free_port, send, setup};
use crate::harness::{Connection, Db, Process, Ran, Request, Scratch, Site, python, until};

/// An example as it stands in the tree.
fn example(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "deploy", name].iter().collect();
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text with each of these parts, which must be there, replaced.
fn with(mut text: String, parts: &[(&str, String)]) -> String {
    for (part, by) in parts {
        assert!(text.contains(part), "the example has no {part:?}");
        text = text.replace(part, by);
    }
    text
}

/// Debian keeps it where only root looks.
fn nginx() -> Command {
    let there = Path::new("/usr/sbin/nginx");
    Command::new(if there.exists() { there } else { Path::new("nginx") })
}

/// A whole configuration around an example that is meant for `conf.d`, in a folder of the test's.
fn nginx_in(folder: &Path, example: &str) -> PathBuf {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {};\n", folder.join(what).display()))
        .concat();
    let whole = format!(
        "daemon off;\npid {};\nerror_log stderr;\nworker_processes 1;\nevents {{ worker_connections 64; }}\nhttp {{\n    \
         access_log off;\n{temporary}{example}\n}}\n",
        folder.join("nginx.pid").display()
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, whole).expect("a file can be written");
    file
}

fn upstreams(site: SocketAddr, application: SocketAddr) -> [(&'static str, String); 2] {
    [("127.0.0.1:8000", site.to_string()), ("127.0.0.1:8001", application.to_string())]
}

#[test]
fn nginx_accepts_the_example() {
    let folder = Scratch::new();
    let mut certificate = Command::new(python());
    let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "python", "certificate.py"].iter().collect();
    certificate.arg(script).arg(folder.path());
    Ran::of(certificate, "").ok();
    let text = with(
        example("nginx.conf"),
        &[
            ("/etc/letsencrypt/live/app.example.com", folder.path().display().to_string()),
            ("listen 443 ssl;", format!("listen 127.0.0.1:{} ssl;", free_port())),
            ("listen 80;", format!("listen 127.0.0.1:{};", free_port())),
        ],
    );
    let mut command = nginx();
    command.arg("-t").arg("-e").arg("stderr").arg("-c").arg(nginx_in(folder.path(), &text));
    let ran = Ran::of(command, "").ok();
    assert!(ran.stderr.contains("test is successful"), "{}", ran.stderr);
}

#[test]
fn the_documents_quote_the_examples() {
    let examples = format!("{}{}", example("nginx.conf"), example("Caddyfile"));
    for name in ["beside-your-application.md", "beside-your-application.ja.md"] {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", name].iter().collect();
        let text = std::fs::read_to_string(path).unwrap();
        let quoted: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
        assert_eq!(quoted.len(), 2, "{name}");
        for line in quoted.iter().flat_map(|part| part.lines().skip(1)) {
            assert!(examples.lines().any(|there| there == line), "{name} quotes {line:?}");
        }
    }
}

#[test]
fn caddy_accepts_the_example() {
    let folder = Scratch::new();
    std::fs::write(folder.path().join("Caddyfile"), example("Caddyfile")).unwrap();
    let ran = Ran::of(caddy(folder.path(), "validate"), "").ok();
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("Valid configuration"), "{}", ran.stderr);
    let mut formatted = Command::new("caddy");
    formatted.arg("fmt").arg(folder.path().join("Caddyfile"));
    assert_eq!(Ran::of(formatted, "").ok().stdout, example("Caddyfile"), "as `caddy fmt` writes it");
}

fn caddy(folder: &Path, what: &str) -> Command {
    let mut command = Command::new("caddy");
    command.arg(what).args(["--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
    command.current_dir(folder).env("HOME", folder);
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        command.env(name, folder);
    }
    command
}

#[test]
fn nginx_sends_log_in_and_users_here_and_the_rest_there() {
    let (folder, application) = adopted();
    let site = serve_behind_a_proxy(&folder);
    let (scratch, port) = (Scratch::new(), free_port());
    let mut parts = vec![
        ("listen 443 ssl;", format!("listen 127.0.0.1:{port};")),
        ("    ssl_certificate     /etc/letsencrypt/live/app.example.com/fullchain.pem;\n", String::new()),
        ("    ssl_certificate_key /etc/letsencrypt/live/app.example.com/privkey.pem;\n", String::new()),
        ("listen 80;", format!("listen 127.0.0.1:{};", free_port())),
    ];
    parts.extend(upstreams(site.address(), application.address));
    let text = with(example("nginx.conf"), &parts);
    let mut command = nginx();
    command.arg("-e").arg("stderr").arg("-c").arg(nginx_in(scratch.path(), &text));
    through(command, port, &site, &application);
}

#[test]
fn caddy_sends_log_in_and_users_here_and_the_rest_there() {
    let (folder, application) = adopted();
    let site = serve_behind_a_proxy(&folder);
    let (scratch, port) = (Scratch::new(), free_port());
    let mut parts = vec![("\napp.example.com {", format!("\nhttp://127.0.0.1:{port} {{"))];
    parts.extend(upstreams(site.address(), application.address));
    let text = format!("{{\n\tadmin off\n}}\n{}", with(example("Caddyfile"), &parts));
    std::fs::write(scratch.path().join("Caddyfile"), text).unwrap();
    through(caddy(scratch.path(), "run"), port, &site, &application);
}

fn adopted() -> (Folder, Application) {
    let folder = Folder::on(Db::Sqlite);
    let application = folder.application();
    application.register("tim", "tim-likes-bread");
    folder.adopt_in_place();
    (folder, application)
}

fn serve_behind_a_proxy(folder: &Folder) -> Site {
    let trusting = setup().production().env("SEKISHO_HTTP_TRUSTED_PROXIES", "127.0.0.1");
    trusting.start_in(folder.share())
}

/// Asks the proxy as a browser's page would, and looks who answered.
fn through(command: Command, port: u16, site: &Site, application: &Application) {
    let mut proxy = Process::start(command);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    until("the proxy to listen", || {
        if let Some(status) = proxy.try_wait() {
            panic!("the proxy ended with {status}:\n{}", proxy.log());
        }
        Connection::open(address).ok()
    });
    let log_in = Request::post("/token").form(&[("username", "tim"), ("password", "tim-likes-bread")]);
    let response = send(address, &log_in);
    assert_eq!(response.status, 200, "{}\n{}", response.text(), proxy.log());
    // Ours alone have an id of their own.
    assert!(response.header("x-request-id").is_some(), "{}", response.text());
    let token = response.json()["access_token"].as_str().expect("a token").to_owned();

    let order = Request::post("/orders").bearer(&token).json(&json!({"what": "bread"}));
    assert_eq!(send(address, &order).json()["what"], "bread");
    let me = send(address, &Request::get("/users/me").bearer(&token));
    assert_eq!((me.json()["username"].clone(), me.header("x-request-id").is_some()), (json!("tim"), true));
    let user = json!({"username": "ann", "email": "ann@example.com"});
    let register = Request::post("/users/").json(&json!({"user": user, "password": "ann-likes-green-salad"}));
    assert_eq!(send(address, &register).status, 200);
    let ann = site.token("ann", "ann-likes-green-salad");
    assert_eq!(application.order(&ann, "salad").len(), 1);
    // Whoever lies about where they come from is not believed, and not taken for somebody wrong either.
    let lying = Request::get("/users/me").bearer(&token).header("forwarded", "for=8.8.8.8;host=evil.example");
    assert_eq!(send(address, &lying).status, 200);
    assert_eq!(send(address, &Request::get("/docs")).header("x-request-id"), None);
    proxy.stop();
}
