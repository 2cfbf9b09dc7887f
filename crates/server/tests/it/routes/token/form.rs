//! `POST /token`: the form, as FastAPI and RFC 6749 read it.

use serde_json::{Value, json};

use crate::harness::{Request, start};

const FORM: &str = "application/x-www-form-urlencoded";

fn missing(field: &str) -> Value {
    json!({"type": "missing", "loc": ["body", field], "msg": "Field required", "input": null})
}

#[test]
fn fields_that_are_not_there() {
    let site = start();
    let both = json!([missing("username"), missing("password")]);
    for (request, detail) in [
        (Request::post("/token"), both.clone()),
        (Request::post("/token").body(FORM, ""), both.clone()),
        (Request::post("/token").body(FORM, "username=tim"), json!([missing("password")])),
        (Request::post("/token").body(FORM, "password=tim1234"), json!([missing("username")])),
        (Request::post("/token").body("application/json", r#"{"username":"tim"}"#), both.clone()),
        (Request::post("/token").body("text/plain", "username=tim&password=tim1234"), both.clone()),
    ] {
        let response = site.send(&request);
        assert_eq!(response.status, 422, "{request:?}");
        assert_eq!(response.json(), json!({"detail": detail}), "{request:?}");
    }
}

#[test]
fn grants() {
    let site = start();
    for (grant, status, error) in [
        ("password", 200, Value::Null),
        ("", 200, Value::Null),
        ("foo", 400, json!("unsupported_grant_type")),
        ("refresh_token", 400, json!("unsupported_grant_type")),
        ("Password", 400, json!("unsupported_grant_type")),
        ("password ", 400, json!("unsupported_grant_type")),
    ] {
        let fields = [("grant_type", grant), ("username", "tim"), ("password", "tim1234")];
        let response = site.send(&Request::post("/token").form(&fields));
        assert_eq!(response.status, status, "{grant:?}");
        assert_eq!(response.json()["error"], error, "{grant:?}");
    }
}

#[test]
fn a_parameter_is_sent_once() {
    let site = start();
    for body in [
        "username=tim&username=tim&password=tim1234",
        "username=tim&password=tim1234&password=tim1234",
        "grant_type=password&grant_type=password&username=tim&password=tim1234",
        "username=tim&password=tim1234&scope=a&scope=b",
    ] {
        let response = site.send(&Request::post("/token").body(FORM, body));
        assert_eq!(response.status, 400, "{body}");
        assert_eq!(response.json()["error"], "invalid_request");
    }
}

#[test]
fn a_browsers_form_data() {
    let site = start();
    let part = |name: &str, value: &str| {
        format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = part("username", "tim") + &part("password", "tim1234") + "--xyz--\r\n";
    let request = Request::post("/token").body("multipart/form-data; boundary=xyz", body);
    assert_eq!(site.send(&request).status, 200);
}

/// Malformed ones are refused in FastAPI's words.
#[test]
fn form_data_that_is_none() {
    let site = start();
    let nameless = "--xyz\r\nContent-Disposition: form-data\r\n\r\ntim\r\n--xyz--\r\n";
    for (content_type, body, detail) in [
        ("multipart/form-data", "--xyz--\r\n", "Missing boundary in multipart."),
        ("multipart/form-data; boundary=xyz", "username=tim&password=tim1234", "Invalid multipart data."),
        ("multipart/form-data; boundary=xyz", "--abc\r\n", "Invalid multipart data."),
        (
            "multipart/form-data; boundary=xyz",
            nameless,
            "The Content-Disposition header field \"name\" must be provided.",
        ),
    ] {
        let response = site.send(&Request::post("/token").body(content_type, body));
        assert_eq!(response.status, 400, "{body}");
        assert_eq!(response.detail(), detail);
        assert_eq!(response.json()["error"], "invalid_request");
    }
}

#[test]
fn other_methods() {
    let site = start();
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let response = site.send(&Request::new(method, "/token"));
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(response.header("allow"), Some("POST"));
        if method != "HEAD" {
            assert_eq!(response.json(), json!({"detail": "Method Not Allowed"}));
        }
    }
}
