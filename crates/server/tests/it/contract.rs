//! Replays `tests/contract/fastapi.jsonl`, every line of it, in both profiles.

use serde_json::{Map, Value};

use crate::harness::{Mint, Request, Response, Setup, Site, now};
use serde_json::json;

const CONTRACT: &str = include_str!("../contract/fastapi.jsonl");

#[test]
fn development_answers_as_the_contract_says() {
    let site = crate::harness::start();
    with_dora(&site);
    replay(&site);
}

/// Production is stricter about new passwords and shows no documentation; these are the settings that restore the
/// seeds' answers.
#[test]
fn production_answers_as_the_contract_says() {
    let site = Setup::new()
        .production()
        .config("[password]\nmin_length = 6\n[server]\ndocs = true\n[registration]\nmode = \"open\"")
        .start();
    site.cli_with(
        &["user", "add", "tim", "--email", "tim@gmail.com", "--full-name", "Tim Ruscica", "--password-stdin"],
        "tim1234\n",
    )
    .ok();
    site.cli(&["item", "add", "--owner", "tim"]).ok();
    with_dora(&site);
    replay(&site);
}

/// Without those settings production refuses what is short, and has no `/docs`.
#[test]
fn production_alone_is_stricter() {
    let site = Setup::new().production().start();

    let short = site.register("anew", "secret-123");
    assert_eq!(short.status, 422);
    assert_eq!(short.detail()[0]["type"], "string_too_short");
    assert_eq!(short.detail()[0]["loc"], json!(["body", "password"]));
    assert_eq!(short.detail()[0]["ctx"], json!({"min_length": 15}));

    assert_eq!(site.get("/docs").status, 404);
}

fn with_dora(site: &Site) {
    assert_eq!(site.register("dora", "tim1234").status, 200);
    site.cli(&["user", "disable", "dora"]).ok();
}

fn replay(site: &Site) {
    let lines: Vec<Value> =
        CONTRACT.lines().map(|line| serde_json::from_str(line).expect("a recorded exchange")).collect();
    assert!(lines.len() >= 50, "only {} exchanges", lines.len());
    let faults: Vec<String> = lines.iter().filter_map(|line| exchange(site, line).err()).collect();
    assert!(
        faults.is_empty(),
        "{} of {} exchanges differ:\n{}",
        faults.len(),
        lines.len(),
        faults.join("\n")
    );
}

/// Sends one recorded request and says how the answer differs from what was recorded, or from what we decided.
fn exchange(site: &Site, line: &Value) -> Result<(), String> {
    let name = line["name"].as_str().expect("a name");
    let recorded = &line["response"];
    let ours = &line["ours"];
    let response = site.send(&request(&line["request"]));
    let differs = |what: String| {
        Err(format!(
            "{name}: {what}\n    answered {} {:?} {}",
            response.status,
            response.headers,
            response.text()
        ))
    };

    let status = ours.get("status").unwrap_or(&recorded["status"]);
    if *status != response.status {
        return differs(format!("status {status} expected"));
    }
    // Where we answer with another status on purpose, the recorded headers belong to the other answer.
    if ours.get("status").is_none() {
        let headers = recorded["headers"].as_object().expect("headers");
        for (header, value) in headers {
            if response.header(header) != value.as_str() {
                return differs(format!("header {header}: {value} expected"));
            }
        }
    }
    let decided_elsewhere = ours.get("status").is_some() && ours.get("body").is_none();
    if decided_elsewhere {
        return Ok(());
    }
    let mut body = ours.get("body").unwrap_or(&recorded["body"]).clone();
    if let (Some(adds), Value::Object(members)) = (ours.get("adds").and_then(Value::as_object), &mut body) {
        members.extend(adds.clone());
    }
    match same_body(&body, &response) {
        true => Ok(()),
        false => differs(format!("body {body} expected")),
    }
}

fn request(recorded: &Value) -> Request {
    let text = |name: &str| recorded[name].as_str().expect("text").to_owned();
    let mut request = Request::new(&text("method"), &text("path"));
    for (name, value) in recorded["headers"].as_object().expect("headers") {
        request = request.header(name, &with_tokens(value.as_str().expect("text")));
    }
    request.body = recorded["body"].as_str().map(|body| body.as_bytes().to_vec());
    request
}

/// Puts tokens in the place of their names.
fn with_tokens(text: &str) -> String {
    let Some((before, rest)) = text.split_once("{{") else { return text.to_owned() };
    let (name, after) = rest.split_once("}}").expect("a closed placeholder");
    let later = now() + 1800;
    let token = match name {
        "valid" => Mint::of("tim").signed(),
        "zoe" | "dora" => Mint::of(name).signed(),
        "expired" => Mint::claims(&json!({"sub": "tim", "exp": now() - 60})).signed(),
        "wrong_key" => Mint::of("tim").key(b"another key that nobody ever gave to this server").signed(),
        "alg_none" => format!("{}.", Mint::of("tim").header(r#"{"alg":"none","typ":"JWT"}"#).unsigned()),
        "no_sub" => Mint::claims(&json!({"exp": later})).signed(),
        "no_exp" => Mint::claims(&json!({"sub": "tim"})).signed(),
        "unknown_user" => Mint::of("ghost").signed(),
        "exp_string" => Mint::claims(&json!({"sub": "tim", "exp": "9999999999"})).signed(),
        other => panic!("no token is called {other}"),
    };
    format!("{before}{token}{after}")
}

fn same_body(expected: &Value, response: &Response) -> bool {
    if let Value::String(text) = expected {
        return text == "{{html}}" && response.text().contains("<html") || *text == response.text();
    }
    let Ok(actual) = serde_json::from_slice::<Value>(&response.body) else { return false };
    match (expected, &actual) {
        // A client that reads errors by member is not hurt by one more.
        (Value::Object(expected), Value::Object(actual)) if response.status >= 400 => holds(expected, actual),
        _ => same(expected, &actual),
    }
}

fn holds(expected: &Map<String, Value>, actual: &Map<String, Value>) -> bool {
    expected.iter().all(|(name, value)| actual.get(name).is_some_and(|found| same(value, found)))
}

fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(name), _) if name == "{{any}}" => true,
        (Value::String(name), Value::String(token)) if name == "{{jwt}}" => token.split('.').count() == 3,
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len() && holds(expected, actual)
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(one, other)| same(one, other))
        }
        _ => expected == actual,
    }
}
