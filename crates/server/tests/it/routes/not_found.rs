//! Paths that are none.

use serde_json::json;

use crate::harness::{Request, start};

#[test]
fn an_unknown_path() {
    let site = start();
    for method in ["GET", "POST", "PUT", "DELETE"] {
        for path in
            ["/", "/nowhere", "/users/you", "/users/me/items/1", "/token/x", "/docs/none.js", "/static/x"]
        {
            let response = site.send(&Request::new(method, path));
            // A path below `/docs/` knows GET alone.
            if path == "/docs/none.js" && method != "GET" {
                assert_eq!(response.status, 405);
                continue;
            }
            assert_eq!(response.status, 404, "{method} {path}");
            assert_eq!(response.json(), json!({"detail": "Not Found"}));
        }
    }
}

#[test]
fn the_request_id_goes_in_and_out() {
    let site = start();
    let own = site.get("/nowhere").header("x-request-id").unwrap().to_owned();
    assert_eq!(own.len(), 16);
    assert_ne!(site.get("/nowhere").header("x-request-id"), Some(own.as_str()));

    let given = Request::get("/users/me").header("x-request-id", "order-77_b.3");
    assert_eq!(site.send(&given).header("x-request-id"), Some("order-77_b.3"));
    // Beside the reason in the log.
    site.wait_for_log("order-77_b.3");
    let line = site.log().lines().find(|line| line.contains("order-77_b.3")).unwrap().to_owned();
    assert!(line.contains("token_missing"), "{line}");

    for bad in ["a b", "a;b", &"x".repeat(65), ""] {
        let response = site.send(&Request::get("/livez").header("x-request-id", bad));
        assert_ne!(response.header("x-request-id"), Some(bad));
    }
}
