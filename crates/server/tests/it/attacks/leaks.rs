//! L: what must not come out. Every test looks for its own secrets in log, output and database when it ends; here are
//! the lines that need more than that.

use serde_json::{Value, json};

use crate::harness::{Mint, Request, SECRET_KEY, Setup, start};

/// The whole of what exists, at the most talkative level, with canaries everywhere; the harness searches for them.
#[test]
fn l01_canaries() {
    for format in ["human", "json"] {
        let config = format!("[log]\nformat = \"{format}\"\naccess = true\necho = true\ntrace_auth = \"on\"");
        let site = Setup::new()
            .demo()
            .config(&config)
            .env("SECRET_KEY_VERIFY", "canary-verify-key-of-thirty-two-bytes-and-more")
            .start();
        site.secret("canary-verify-key-of-thirty-two-bytes-and-more");
        site.unlogged("$2b$12$2Ss8aodwv5mZjR1Ofee86");
        site.unlogged("$argon2id$v=19");

        let password = "canary-password-Zo\u{eb}-7f3a";
        assert_eq!(site.register("anew", password).status, 200);
        let token = site.token("anew", password);
        site.me(&token);
        site.get_as(&token, "/users/me/items");
        site.send(&Request::get("/users/me").header("authorization", &format!("Basic {token}")));
        site.get(&format!("/users/me?access_token={token}"));
        site.login("anew", "canary-wrong-password-91");
        site.login("canary-no-such-user", "canary-other-password-92");
        site.register("anew", "canary-taken-password-93");
        site.secret("canary-in-malformed-json-94");
        let malformed = r#"{"user": {"username": "x"}, "password": "canary-in-malformed-json-94""#;
        site.send(&Request::post("/users/").body("application/json", malformed));
        let extra = json!({
            "user": {"username": "bnew", "email": "bnew@example.com", "password": "canary-in-malformed-json-94"},
            "password": "canary-in-malformed-json-94",
            "secret": "canary-in-malformed-json-94",
        });
        let answer = site.send(&Request::post("/users/").json(&extra));
        assert!(!answer.text().contains("canary"), "{}", answer.text());
        site.cli_with(&["user", "set-password", "anew", "--password-stdin"], "canary-set-by-hand-95\n").ok();
        site.secret("canary-set-by-hand-95");
        site.token("anew", "canary-set-by-hand-95");
        site.cli(&["user", "show", "anew"]).ok();
        site.cli(&["user", "list", "--json"]).ok();
        site.cli(&["config", "show"]).ok();
        site.cli(&["config", "show", "--json"]).ok();
        let inspected = site.cli_with(&["token", "inspect"], &token);
        assert!(!inspected.stdout.contains(token.rsplit('.').next().unwrap()));
        site.alive();
    }
}

#[test]
fn l02_nothing_in_the_clear_in_the_database() {
    let site = start();
    site.register("anew", "canary-password-7f3a");
    let token = site.token("anew", "canary-password-7f3a");
    site.me(&token);
    let bytes = site.database().bytes();
    for secret in ["canary-password-7f3a", token.as_str(), SECRET_KEY] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(site.data()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.file_name());
    }
}

#[test]
fn l04_members_that_are_shown() {
    let site = start();
    let token = site.token("tim", "tim1234");
    // In alphabetical order.
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&site.me(&token).json()), ["disabled", "email", "full_name", "username"]);
    let item = site.get_as(&token, "/users/me/items").json()[0].clone();
    assert_eq!(keys(&item), ["item_id", "owner"]);
    assert_eq!(keys(&item["owner"]), ["disabled", "email", "full_name", "username"]);

    let operators = [
        "created_at",
        "disabled",
        "disabled_at",
        "email",
        "external_id",
        "full_name",
        "id",
        "updated_at",
        "username",
    ];
    assert_eq!(keys(&site.cli(&["user", "show", "tim", "--json"]).ok().json()), operators);
    assert_eq!(keys(&site.cli(&["user", "list", "--json"]).ok().json()), operators);
}

#[test]
fn l08_nothing_of_the_inside_is_served() {
    let site = start();
    for path in
        ["/metrics", "/debug", "/debug/pprof", "/.env", "/sekisho.toml", "/data/sekisho.db", "/.git/config"]
    {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
}

#[test]
fn l09_no_secret_on_the_command_line() {
    let site = start();
    let help = site.cli(&["serve", "--help"]).ok().stdout.to_lowercase();
    for flag in ["--secret", "--password ", "--secret-key"] {
        assert!(!help.contains(flag), "{flag}");
    }
    let add = site.cli(&["user", "add", "anew", "--email", "anew@example.com", "--password", "secret-123"]);
    assert_eq!(add.code, Some(2));
}

#[test]
fn l11_no_token_in_the_address() {
    let site = start();
    let token = Mint::of("tim").signed();
    for name in ["access_token", "token", "authorization"] {
        let response = site.get(&format!("/users/me?{name}={token}"));
        assert_eq!(response.status, 401);
        assert_eq!(response.json(), json!({"detail": "Not authenticated"}));
    }
    let log_in = site.send(&Request::post("/token?username=tim&password=tim1234"));
    assert!(matches!(log_in.status, 400 | 422), "{}", log_in.text());
}

#[test]
fn l13_no_default_secret() {
    let seeds = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";
    for weak in [seeds, "secret", "changeme", "your-256-bit-secret", "hunter-two"] {
        let ran = Setup::new().production().env("SECRET_KEY", weak).refused();
        assert_eq!(ran.code, Some(2), "{weak}");
        assert!(ran.stderr.contains("SECRET_KEY"), "{}", ran.stderr);
        assert!(weak == "secret" || !ran.stderr.contains(weak), "{}", ran.stderr);
        let ran = Setup::new().production().env("SECRET_KEY_VERIFY", weak).refused();
        assert_eq!(ran.code, Some(2), "{weak} as a key that verifies");
    }
    // Development says so and goes on.
    let site = Setup::new().demo().env("SECRET_KEY", seeds).start();
    site.wait_for_log("SECRET_KEY");
    assert_eq!(site.me(&Mint::of("tim").key(seeds.as_bytes()).signed()).status, 200);

    // Without any, each server makes its own.
    let one = Setup::new().demo().without_env("SECRET_KEY").start();
    let other = Setup::new().demo().without_env("SECRET_KEY").start();
    let token = one.token("tim", "tim1234");
    assert_eq!(one.me(&token).status, 200);
    assert_eq!(other.me(&token).status, 401);
}

#[test]
fn l14_no_line_of_the_log_is_forged() {
    for format in ["human", "json"] {
        let config = format!("[log]\nformat = \"{format}\"\naccess = true\ntrace_auth = \"on\"");
        let site = Setup::new().demo().config(&config).start();
        let forged = "x\r\n2026-01-01T00:00:00Z ERROR forged=1 \u{1b}[31mred\u{1b}[0m \u{9b}31m \u{85}next \u{2028}line";
        site.login(forged, "wrong-password");
        let claims = json!({"sub": forged, "exp": crate::harness::now() + 600});
        site.me(&Mint::claims(&claims).signed());
        let body = json!({"user": {"username": forged, "email": "a@example.com"}, "password": "secret-123"});
        site.send(&Request::post("/users/").json(&body));
        site.send(&Request::get("/users/me").header("user-agent", "\u{1b}[31mred \u{9b}1m forged=1"));
        site.raw(b"GET /%0d%0aforged=1%1b[31m HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
        site.send(&Request::get("/users/me").header("x-request-id", "a\u{1b}[31mforged"));
        let log = site.settled_log();
        for line in log.lines() {
            assert!(!line.starts_with("2026-01-01T00:00:00Z ERROR forged"), "{line}");
            assert!(!line.contains(['\u{1b}', '\u{9b}', '\u{85}', '\u{2028}', '\r']), "{line:?}");
            if format == "json" && line.starts_with('{') {
                serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            }
        }
    }
}
