//! `GET /livez` and `GET /readyz`.

use serde_json::json;

use crate::harness::{Db, start};

#[test]
fn alive_and_ready() {
    let site = start(Db::Sqlite, 1);
    for path in ["/livez", "/readyz"] {
        let response = site.get(path);
        assert_eq!(response.status, 200);
        assert_eq!(response.json(), json!({"status": "ok"}));
    }
}
