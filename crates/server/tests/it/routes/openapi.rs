//! `GET /openapi.json`.

use serde_json::{Value, json};

use crate::harness::{Setup, start};

#[test]
fn the_names_that_generated_clients_depend_on() {
    let site = start();
    let response = site.get("/openapi.json");
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let document = response.json();
    assert_eq!(site.get("/openapi.json/").json(), document);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));

    for (path, method, id) in [
        ("/token", "post", "login_for_access_token_token_post"),
        ("/users/me", "get", "read_users_me_users_me_get"),
        ("/users/me/items", "get", "read_own_items_users_me_items_get"),
        ("/users/", "post", "create_user_users__post"),
    ] {
        assert_eq!(document["paths"][path][method]["operationId"], id);
        assert!(document["paths"][path][method].get("tags").is_none());
    }
    let schemas = &document["components"]["schemas"];
    for name in [
        "Body_login_for_access_token_token_post",
        "Body_create_user_users__post",
        "User",
        "HTTPValidationError",
        "ValidationError",
    ] {
        assert!(schemas[name].is_object(), "{name}");
    }
    assert_eq!(
        document["components"]["securitySchemes"]["OAuth2PasswordBearer"],
        json!({"type": "oauth2", "flows": {"password": {"tokenUrl": "token", "scopes": {}}}})
    );
    for path in ["/users/me", "/users/me/items"] {
        assert_eq!(document["paths"][path]["get"]["security"], json!([{"OAuth2PasswordBearer": []}]));
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let site = start();
    let document = site.get("/openapi.json").json();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[test]
fn every_status_has_its_body() {
    let site = start();
    let document = site.get("/openapi.json").json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("200"), "{method} {path}");
            for (status, response) in responses {
                assert!(
                    response["content"]["application/json"]["schema"].is_object(),
                    "{method} {path} {status}"
                );
            }
        }
    }
    for (path, method, statuses) in [
        ("/token", "post", ["400", "401", "413", "415", "422", "429", "503"].as_slice()),
        ("/users/", "post", &["403", "409", "413", "415", "422", "503"]),
        ("/users/me", "get", &["401", "503"]),
    ] {
        for status in statuses {
            assert!(document["paths"][path][method]["responses"][status].is_object(), "{path} {status}");
        }
    }
}

#[test]
fn the_prefix_is_the_server() {
    let site = Setup::new().demo().arg("--root-path").arg("/api/v1").start();
    let document = site.get("/openapi.json").json();
    assert_eq!(document["servers"][0]["url"], "/api/v1");
    // With or without the prefix, as FastAPI's root path.
    assert_eq!(site.get("/api/v1/users/me").status, 401);
    assert_eq!(site.get("/users/me").status, 401);
}

#[test]
fn the_committed_document_is_the_served_one() {
    let site = start();
    let served = site.get("/openapi.json").json();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    if std::env::var_os("SEKISHO_WRITE_OPENAPI").is_some() {
        let text = serde_json::to_string_pretty(&served).unwrap() + "\n";
        std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).expect("docs/openapi.json");
    let committed: Value = serde_json::from_str(&committed).expect("JSON");
    assert!(
        committed == served,
        "docs/openapi.json is out of date: SEKISHO_WRITE_OPENAPI=1 cargo test -p sekisho openapi, and look at the difference"
    );
}
