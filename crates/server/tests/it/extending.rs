//! `examples/orders.rs`: an application with a route and a table of its own, in one binary with the server.

use std::path::Path;

use serde_json::json;

use crate::harness::{Request, Setup};

#[test]
fn an_application_adds_a_protected_route_and_a_table() {
    let orders = Path::new(env!("CARGO_BIN_EXE_sekisho")).with_file_name("examples").join("orders");
    assert!(orders.exists(), "build the example first: cargo build --examples, in the profile of this test");
    // The shell puts the example in the place of the server's own binary, which is its `$0`.
    let instead = format!("exec '{}' \"$@\"", orders.display());
    let site = Setup::new().demo().under(&["sh", "-c", &instead]).start();

    let order = Request::post("/orders").body("text/plain", "tea");
    assert_eq!(site.send(&order).status, 401);
    assert_eq!(site.get("/orders").json(), json!({"detail": "Not authenticated"}));

    let token = site.token("tim", "tim1234");
    assert_eq!(site.send(&order.bearer(&token)).json(), json!("tea"));
    assert_eq!(site.get_as(&token, "/orders").json(), json!(["tea"]));
    assert_eq!(site.me(&token).status, 200, "the server's own routes are all there");

    site.register("anew", "secret-123");
    let other = site.token("anew", "secret-123");
    assert_eq!(site.get_as(&other, "/orders").json(), json!([]));
}
