//! `POST /token`: many failed log-ins are slowed down.

use crate::harness::Setup;

#[test]
fn after_many_failures_the_answer_is_later() {
    let config = "[throttle]\nper_account_and_address_burst = 3\nper_account_and_address_refill_seconds = 60";
    let site = Setup::new().demo().config(config).start();
    for _ in 0..3 {
        assert_eq!(site.login("tim", "wrong-password").status, 401);
    }
    let response = site.login("tim", "wrong-password");
    assert_eq!(response.status, 429);
    let seconds: u64 = response.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    site.wait_for_log("log_ins_throttled");

    // Other accounts go on, and so do tokens.
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let token = site.token("anew", "secret-123");
    assert_eq!(site.me(&token).status, 200);
}
