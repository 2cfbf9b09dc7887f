//! `POST /users/`.

use serde_json::{Value, json};

use crate::harness::{Request, Setup, Site, start};

fn create(site: &Site, body: &Value) -> (u16, Value) {
    let response = site.send(&Request::post("/users/").json(body));
    (response.status, response.json())
}

#[test]
fn a_new_user_can_log_in() {
    let site = start();
    let body = json!({
        "user": {"username": "Anew", "email": "Anew@Example.COM", "full_name": "Ann Ew"},
        "password": "secret-123",
    });
    let shown =
        json!({"username": "Anew", "email": "Anew@Example.COM", "full_name": "Ann Ew", "disabled": false});
    assert_eq!(create(&site, &body), (200, shown.clone()));

    let token = site.token("anew", "secret-123");
    assert_eq!(site.me(&token).json(), shown);
}

#[test]
fn a_name_or_an_address_belongs_to_one() {
    let site = start();
    site.register("anew", "secret-123");
    let taken = |name: &str, email: &str| {
        let response = site.register_as(name, email, "secret-123");
        (response.status, response.detail())
    };
    for name in ["anew", "Anew", "ANEW", "ａｎｅｗ"] {
        assert_eq!(taken(name, "other@example.com"), (409, json!("Username already registered")), "{name}");
    }
    for email in ["anew@example.com", "Anew@Example.COM", "anew@EXAMPLE.com"] {
        assert_eq!(taken("znew", email), (409, json!("E-mail already registered")), "{email}");
    }
}

#[test]
fn bodies_that_are_none() {
    let site = start();
    let missing = |loc: Value| json!({"type": "missing", "loc": loc, "msg": "Field required", "input": null});
    let both = json!([missing(json!(["body", "user"])), missing(json!(["body", "password"]))]);
    for request in [
        Request::post("/users/"),
        Request::post("/users/").body("application/json", "{}"),
        Request::post("/users/").body("application/json", "[]"),
    ] {
        let response = site.send(&request);
        assert_eq!((response.status, response.detail()), (422, both.clone()), "{request:?}");
    }
    for body in ["{", "{\"user\":", "nope", "{} trailing", "\u{feff}{}", "NaN", "{\"password\": 1e}"] {
        let response = site.send(&Request::post("/users/").body("application/json", body));
        assert_eq!(response.status, 422, "{body}");
        assert_eq!(response.detail()[0]["type"], "json_invalid", "{body}");
    }
}

#[test]
fn fields_that_are_wrong() {
    let site = start();
    let user = |name: &str, email: &str| json!({"username": name, "email": email});
    let cases = [
        (json!({"user": null, "password": "secret-123"}), json!(["body", "user"]), "model_attributes_type"),
        (json!({"user": "anew", "password": "secret-123"}), json!(["body", "user"]), "model_attributes_type"),
        (
            json!({"user": user("anew", "anew@example.com"), "password": 5}),
            json!(["body", "password"]),
            "string_type",
        ),
        (
            json!({"user": {"username": 5, "email": "a@example.com"}, "password": "secret-123"}),
            json!(["body", "user", "username"]),
            "string_type",
        ),
        (
            json!({"user": {"username": "anew", "email": true}, "password": "secret-123"}),
            json!(["body", "user", "email"]),
            "string_type",
        ),
        (
            json!({"user": user("anew", "not an address"), "password": "secret-123"}),
            json!(["body", "user", "email"]),
            "value_error",
        ),
        (
            json!({"user": user("a@b", "anew@example.com"), "password": "secret-123"}),
            json!(["body", "user", "username"]),
            "value_error",
        ),
        (
            json!({"user": user("anew", "anew@example.com"), "password": "short"}),
            json!(["body", "password"]),
            "string_too_short",
        ),
        (
            json!({"user": user("anew", "anew@example.com"), "password": "secret-123", "role": "admin"}),
            json!(["body", "role"]),
            "extra_forbidden",
        ),
    ];
    site.unchanged(|| {
        for (body, loc, kind) in cases {
            let (status, answer) = create(&site, &body);
            assert_eq!(status, 422, "{body}: {answer}");
            assert_eq!(answer["detail"][0]["loc"], loc, "{body}: {answer}");
            assert_eq!(answer["detail"][0]["type"], kind, "{body}: {answer}");
            assert!(answer.get("error").is_none());
        }
    });
}

#[test]
fn a_password_is_never_echoed() {
    let site = Setup::new().start();
    for password in ["tiny-", "anewanew1@example.com", "password", &"x".repeat(1025)] {
        let body = json!({
            "user": {"username": "anewanew1", "email": "anewanew1@example.com"},
            "password": password,
        });
        let response = site.send(&Request::post("/users/").json(&body));
        assert_eq!(response.status, 422);
        let text = response.text();
        let input = &response.detail()[0]["input"];
        assert_ne!(*input, json!(password), "{text}");
        assert!(password == "password" || !text.contains(password), "{text}");
    }
}

#[test]
fn registration_can_be_closed() {
    let site = Setup::new().config("[registration]\nmode = \"closed\"").start();
    let refused = site.unchanged(|| site.register("anew", "secret-123"));
    assert_eq!(refused.status, 403);

    let add = ["user", "add", "anew", "--email", "anew@example.com", "--password-stdin"];
    site.cli_with(&add, "secret-123\n").ok();
    site.token("anew", "secret-123");
}

#[test]
fn other_methods() {
    let site = start();
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for path in ["/users", "/users/"] {
            let response = site.send(&Request::new(method, path));
            assert_eq!(response.status, 405, "{method} {path}");
            assert_eq!(response.header("allow"), Some("POST"));
        }
    }
}
