//! `/docs` and `/redoc`: whole from the binary. What a browser makes of them is tested in `browser`.

use sha2::{Digest, Sha256};

use crate::harness::{Request, Setup, Site, start};

const README: &str = include_str!("../../../assets/README.md");

/// Every address that a page names in an attribute.
fn addresses(page: &str) -> Vec<String> {
    ["src=\"", "href=\"", "data-openapi=\"", "data-oauth2-redirect=\""]
        .iter()
        .flat_map(|mark| page.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()))
        .collect()
}

fn page(site: &Site, path: &str) -> String {
    let response = site.get(path);
    assert_eq!(response.status, 200, "{path}");
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = response.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
    assert_eq!(scripts.trim(), "script-src 'self'");
    response.text()
}

#[test]
fn pages_name_nothing_but_the_own_server() {
    let site = start();
    for path in ["/docs", "/docs/", "/redoc", "/redoc/", "/docs/oauth2-redirect"] {
        let page = page(&site, path);
        let addresses = addresses(&page);
        assert!(!addresses.is_empty());
        for address in addresses {
            assert!(address.starts_with('/') && !address.starts_with("//"), "{path} names {address}");
            assert_eq!(site.get(&address).status, 200, "{path} names {address}");
        }
        // No script in the page itself.
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" src=") && script.contains("></script>"), "{script}");
        }
    }
    assert!(page(&site, "/docs").contains("<title>Sekisho - Swagger UI</title>"));
    assert!(page(&site, "/redoc").contains("<title>Sekisho - ReDoc</title>"));
}

#[test]
fn pages_below_a_prefix() {
    let site = Setup::new().demo().arg("--root-path").arg("/api/v1").start();
    for path in ["/docs", "/redoc", "/docs/oauth2-redirect"] {
        for address in addresses(&page(&site, path)) {
            assert!(address.starts_with("/api/v1/"), "{path} names {address}");
        }
    }
}

#[test]
fn the_vendored_files_are_those_that_the_readme_names() {
    let site = start();
    let mut checked = 0;
    for line in README.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let name = cells[1].strip_suffix(".gz").unwrap_or(cells[1]);
        let response = site.get(&format!("/docs/{name}"));
        assert_eq!(response.status, 200, "{name}");
        assert_eq!(response.header("content-encoding"), None);
        let sum: String = Sha256::digest(&response.body).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sum, cells[5], "{name}");
        checked += 1;
    }
    assert_eq!(checked, 5);
}

#[test]
fn files_are_packed_for_those_who_take_it_and_not_sent_twice() {
    let site = start();
    let path = "/docs/swagger-ui.css";
    let packed = site.send(&Request::get(path).header("accept-encoding", "gzip, br"));
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
    assert_eq!(packed.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));

    let tag = packed.header("etag").unwrap();
    let again = Request::get(path).header("accept-encoding", "gzip").header("if-none-match", tag);
    let again = site.send(&again);
    assert_eq!(again.status, 304);
    assert!(again.body.is_empty());
    assert_eq!(again.header("etag"), Some(tag));

    let plain = site.get(path);
    assert_eq!(plain.header("content-encoding"), None);
    assert_ne!(plain.header("etag"), Some(tag));
}

#[test]
fn a_setting_switches_them_off() {
    let site = Setup::new().demo().config("[server]\ndocs = false").start();
    for path in ["/docs", "/redoc", "/docs/oauth2-redirect", "/docs/swagger-ui.css"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.get("/users/me").status, 401);
}

#[test]
fn other_methods() {
    let site = start();
    for path in
        ["/docs", "/redoc", "/docs/oauth2-redirect", "/docs/pages.css", "/openapi.json", "/openapi.json/"]
    {
        assert_eq!(site.send(&Request::new("HEAD", path)).status, 200, "{path}");
        let response = site.send(&Request::post(path));
        assert_eq!((response.status, response.header("allow")), (405, Some("GET, HEAD")), "{path}");
    }
}
