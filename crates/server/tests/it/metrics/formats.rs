//! Both formats, as Prometheus' own client library reads them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{ask, start};
use crate::harness::{Ran, Request, Site, python};

/// What Prometheus 2 and 3 send.
const PROMETHEUS: &str = "application/openmetrics-text;version=1.0.0;q=0.6,\
                          application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";

fn read(format: &str, text: &str) -> Value {
    let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "python", "figures.py"].iter().collect();
    let mut command = Command::new(python());
    command.arg(script).arg(format);
    Ran::of(command, text).ok().json()
}

fn get(site: &Site, accept: &str) -> (String, String) {
    let answer = ask(site, &Request::get("/metrics").header("accept", accept));
    assert_eq!(answer.status, 200);
    (answer.header("content-type").expect("one").to_owned(), answer.text())
}

#[test]
fn both_formats_say_the_same() {
    let site = start();
    let token = site.token("tim", "tim1234");
    site.me(&token);
    site.login("tim", "wrong-password");
    site.get("/nowhere");

    let (kind, text) = get(&site, "text/plain");
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let (kind, open) = get(&site, PROMETHEUS);
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(open.ends_with("\n# EOF\n") && !text.contains("# EOF"));
    let (text, open) = (read("text", &text), read("openmetrics", &open));
    let (text, open) = (text.as_object().unwrap(), open.as_object().unwrap());
    assert!(text.keys().eq(open.keys()));
    assert!(text.len() > 40, "{} families", text.len());
    for (name, family) in text {
        let other = &open[name];
        assert_eq!((&family["type"], &family["help"]), (&other["type"], &other["help"]), "{name}");
        assert_ne!(family["type"], "unknown", "{name}");
        assert!(family["help"].as_str().unwrap().ends_with('.'), "{name}");
        let names = |family: &Value| -> Vec<Value> {
            let samples = family["samples"].as_array().unwrap().iter();
            samples.map(|sample| Value::from(vec![sample[0].clone(), sample[1].clone()])).collect()
        };
        assert_eq!(names(family), names(other), "{name}");
    }
    let requests = text["sekisho_http_requests"]["samples"].as_array().unwrap();
    assert!(
        requests.contains(&serde_json::json!([
            "sekisho_http_requests_total",
            {"route": "/token", "method": "POST", "status": "401"},
            1
        ])),
        "{requests:?}"
    );
}

#[test]
fn who_says_nothing_reads_text() {
    let site = start();
    for accept in ["*/*", "text/html", "", "application/openmetrics-text;q=0.1, text/plain"] {
        assert!(get(&site, accept).0.starts_with("text/plain"), "{accept}");
    }
    assert!(get(&site, "application/openmetrics-text").0.starts_with("application/openmetrics-text"));
}
