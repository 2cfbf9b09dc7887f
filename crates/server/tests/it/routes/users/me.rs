//! `GET /users/me`.

use serde_json::json;

use crate::harness::{Mint, Request, Setup, start};

#[test]
fn the_caller() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for path in ["/users/me", "/users/me/"] {
        let response = site.get_as(&token, path);
        assert_eq!(response.status, 200);
        assert_eq!(
            response.text(),
            r#"{"username":"tim","email":"tim@gmail.com","full_name":"Tim Ruscica","disabled":false}"#
        );
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
}

/// `GET /users/me` goes past the router, `GET /users/me/` through it: nobody can tell which.
#[test]
fn past_the_router_and_through_it_the_answers_are_the_same() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for token in [token.as_str(), "garbage"] {
        let [past, through] = ["/users/me", "/users/me/"].map(|path| {
            let request = Request::get(path).bearer(token).header("x-request-id", "the-same");
            let mut answer = site.send(&request);
            answer.headers.retain(|(name, _)| name != "date");
            answer.headers.sort();
            (answer.status, answer.headers.clone(), answer.text())
        });
        assert_eq!(past, through);
    }
    let head = site.send(&Request::new("HEAD", "/users/me").bearer(&token));
    assert_eq!((head.status, head.text().as_str()), (200, ""));
}

#[test]
fn without_a_bearer_token() {
    let site = start();
    for (value, detail) in [
        (None, "Not authenticated"),
        (Some("Basic dGltOnRpbTEyMzQ="), "Not authenticated"),
        (Some("Bearer garbage"), "Could not validate credentials"),
        (Some("bearer garbage"), "Could not validate credentials"),
        (Some("Bearer a.b.c"), "Could not validate credentials"),
    ] {
        let mut request = Request::get("/users/me");
        if let Some(value) = value {
            request = request.header("authorization", value);
        }
        let response = site.send(&request);
        assert_eq!(response.status, 401, "{value:?}");
        assert_eq!(response.json(), json!({"detail": detail}), "{value:?}");
        assert_eq!(response.header("www-authenticate"), Some("Bearer"), "{value:?}");
    }
}

#[test]
fn the_schemes_name_in_any_case_and_any_spaces() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for prefix in ["Bearer ", "bearer ", "BEARER ", "Bearer  ", "Bearer    "] {
        let request = Request::get("/users/me").header("authorization", &format!("{prefix}{token}"));
        assert_eq!(site.send(&request).status, 200, "{prefix:?}");
    }
}

#[test]
fn head_answers_as_get_without_the_body() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let get = site.me(&token);
    let head = site.send(&Request::new("HEAD", "/users/me").bearer(&token));
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), get.header("content-length"));
    assert_eq!(site.send(&Request::new("HEAD", "/users/me")).status, 401);
}

#[test]
fn no_further_method() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for path in ["/users/me", "/users/me/", "/users/me/items"] {
            let response = site.send(&Request::new(method, path).bearer(&token));
            assert_eq!(response.status, 405, "{method} {path}");
            assert_eq!(response.header("allow"), Some("GET"));
            assert_eq!(response.json(), json!({"detail": "Method Not Allowed"}));
        }
    }
}

#[test]
fn a_disabled_user_is_refused_at_once_and_comes_back() {
    let site = start();
    let token = site.token("tim", "tim1234");
    site.cli(&["user", "disable", "tim"]).ok();
    let response = site.me(&token);
    assert_eq!(response.status, 401);
    assert_eq!(response.json(), json!({"detail": "Could not validate credentials"}));
    site.wait_for_log("user_disabled");

    site.cli(&["user", "enable", "tim"]).ok();
    assert_eq!(site.me(&token).status, 200);
}

/// The hot path reads the truth, and reads it once.
#[test]
fn one_statement_a_request() {
    let config = "[log]\necho = true\nformat = \"json\"\ntrace_auth = \"off\"";
    let site = Setup::new().demo().config(config).start();
    let own = site.token("tim", "tim1234");
    let of_the_old_application = Mint::of("tim").signed();
    let statements = || site.settled_log().matches(r#""trace":"sql""#).count();
    for (token, path, most) in [
        (&own, "/users/me", 1),
        // And whether it can be of an adopted application, and meant this user.
        (&of_the_old_application, "/users/me", 3),
        (&own, "/users/me/items", 2),
        (&"x.y.z".to_owned(), "/users/me", 0),
    ] {
        let before = statements();
        site.get_as(token, path);
        assert!(statements() - before <= most, "{path}: {}", site.log());
    }
}
