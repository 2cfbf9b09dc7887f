//! `/docs` and `/redoc` as a person uses them.

use super::webdriver::Browser;
use crate::harness::{Setup, Site, start};

const ME: &str = "#operations-default-read_users_me_users_me_get";
const ITEMS: &str = "#operations-default-read_own_items_users_me_items_get";

/// Opens an operation and presses its buttons.
fn execute(browser: &Browser, operation: &str) {
    if browser.run(&format!("return !document.querySelector('{operation} .execute')")) == true {
        browser.click(&format!("{operation} .opblock-summary-control"));
        browser.click(&format!("{operation} .try-out__btn"));
    }
    browser.click(&format!("{operation} .execute"));
}

fn answer(browser: &Browser, operation: &str, status: &str, part: &str) {
    let live = format!("{operation} .live-responses-table .response");
    browser.wait_for_text(&format!("{live} .response-col_status"), status);
    browser.wait_for_text(&format!("{live} .response-col_description"), part);
}

fn authorize(browser: &Browser, username: &str, password: &str) {
    browser.fill("#oauth_username", username);
    browser.fill("#oauth_password", password);
    browser.click(".modal-ux .auth-btn-wrapper .authorize");
}

/// Whatever the page loaded came from its own server; `kept_out` is what its policy refused to load.
fn kept_to_itself(browser: &Browser, site: &Site, kept_out: &[&str]) {
    let refusals: Vec<String> =
        browser.console().into_iter().filter(|line| line.contains("Content Security Policy")).collect();
    for line in &refusals {
        assert!(kept_out.iter().any(|name| line.contains(name)), "{line}");
    }
    let asked = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)");
    for name in asked.as_array().unwrap() {
        let name = name.as_str().unwrap();
        let own = name.starts_with(&site.url("/")) || name.starts_with("data:") || name.starts_with("blob:");
        let refused = kept_out.contains(&name) && refusals.iter().any(|line| line.contains(name));
        assert!(own || refused, "the page loaded {name}");
    }
}

#[test]
fn a_person_tries_the_api() {
    let site = start();
    let browser = Browser::open();
    browser.go(&site.url("/docs"));
    browser.find(ME);
    assert_eq!(browser.run("return document.title"), "Sekisho - Swagger UI");
    browser.screenshot("docs");

    // Without a token.
    execute(&browser, ME);
    answer(&browser, ME, "401", "Not authenticated");

    // A wrong password shows its error, the right one lets in.
    browser.click(".scheme-container .authorize, .auth-wrapper .authorize");
    authorize(&browser, "tim", "wrong-password");
    browser.wait_for_text(".modal-ux .errors", "Incorrect username or password");
    browser.screenshot("docs-wrong-password");
    authorize(&browser, "tim", "tim1234");
    browser.wait_for_text(".modal-ux .auth-container", "Authorized");
    browser.screenshot("docs-authorized");
    browser.click(".modal-ux .btn-done");

    execute(&browser, ME);
    answer(&browser, ME, "200", "tim@gmail.com");
    // The seeds' curl line.
    browser.wait_for_text(&format!("{ME} .curl-command"), "-H 'accept: application/json'");
    // Small enough to show the button, the call and its answer at once.
    browser.run("document.body.style.zoom = 0.75");
    browser.screenshot("docs-me");
    browser.run("document.body.style.zoom = 1");
    execute(&browser, ITEMS);
    answer(&browser, ITEMS, "200", "item_id");

    // Logged out, the same call is refused again.
    browser.click(".scheme-container .authorize, .auth-wrapper .authorize");
    browser.click(".modal-ux .auth-btn-wrapper button:not(.btn-done)");
    browser.find("#oauth_username");
    browser.click(".modal-ux .btn-done");
    execute(&browser, ME);
    answer(&browser, ME, "401", "Not authenticated");

    kept_to_itself(&browser, &site, &[]);
}

#[test]
fn below_a_prefix_the_page_names_it() {
    // The page asks below the prefix, which the proxy in front would strip and the server takes as well.
    let site = Setup::new().demo().arg("--root-path").arg("/api/v1").start();
    let browser = Browser::open();
    browser.go(&site.url("/api/v1/docs"));
    browser.click(".scheme-container .authorize, .auth-wrapper .authorize");
    authorize(&browser, "tim", "tim1234");
    browser.wait_for_text(".modal-ux .auth-container", "Authorized");
    browser.click(".modal-ux .btn-done");
    execute(&browser, ME);
    answer(&browser, ME, "200", "tim@gmail.com");
    kept_to_itself(&browser, &site, &[]);
}

#[test]
fn a_person_reads_the_reference() {
    let site = start();
    let browser = Browser::open();
    browser.go(&site.url("/redoc"));
    browser.wait_for_text("#redoc", "Read Users Me");
    browser.screenshot("redoc");
    // The picture in ReDoc's footer.
    kept_to_itself(&browser, &site, &["https://cdn.redoc.ly/redoc/logo-mini.svg"]);
}
