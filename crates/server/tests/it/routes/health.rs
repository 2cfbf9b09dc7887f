//! `GET /livez` and `GET /readyz`.

use serde_json::json;

use crate::harness::{Request, start};

#[test]
fn alive_and_ready() {
    let site = start();
    for path in ["/livez", "/readyz"] {
        let response = site.get(path);
        assert_eq!(response.status, 200);
        assert_eq!(response.json(), json!({"status": "ok"}));
        let head = site.send(&Request::new("HEAD", path));
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(site.send(&Request::post(path)).status, 405);
    }
}

/// Load balancers of old ask like this.
#[test]
fn an_http_1_0_client() {
    let site = start();
    let answer = site.raw(b"GET /livez HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
}

/// Alive as long as it answers; ready only while the database does.
#[test]
fn not_ready_without_its_table() {
    let site = start();
    site.database().execute("alter table sekisho_migrations rename to sekisho_hidden");
    let response = site.get("/readyz");
    assert_eq!(response.status, 503);
    assert_eq!(response.json()["error"], "storage_unavailable");
    assert_eq!(site.get("/livez").status, 200);
    site.database().execute("alter table sekisho_hidden rename to sekisho_migrations");
    assert_eq!(site.get("/readyz").status, 200);
}
