//! A: accounts, as far as there are any yet.

use serde_json::json;

use crate::harness::{Mint, Request, Setup, Site, now, start};

fn kind(site: &Site, username: &str, email: &str) -> (u16, String) {
    let response = site.register_as(username, email, "secret-123");
    let kind = match response.status {
        200 => String::new(),
        _ => response.detail()[0]["type"].as_str().unwrap_or_default().to_owned(),
    };
    (response.status, kind)
}

#[test]
fn a02_spellings_of_an_address() {
    let site = start();
    assert_eq!(kind(&site, "n0", "alice@example.com").0, 200);
    // One canonical form: case, width and the two ways to write a domain do not make another address.
    for (n, email) in
        ["Alice@example.com", "alice@EXAMPLE.com", "ALICE@Example.COM", "ａｌｉｃｅ@example.com"]
            .iter()
            .enumerate()
    {
        let (status, kind) = kind(&site, &format!("m{n}"), email);
        assert!(matches!(status, 409 | 422), "{email}: {status} {kind}");
    }
    assert_eq!(kind(&site, "n1", "bob@b\u{fc}cher.example").0, 200);
    assert_eq!(kind(&site, "m9", "bob@xn--bcher-kva.example").0, 409);
    assert_eq!(site.login("bob@xn--bcher-kva.example", "secret-123").status, 200);
    // Refused, or one canonical form of its own: never a second row for the same mailbox.
    for (n, email) in [
        "al\u{200b}ice@example.com",
        "alice\u{202e}@example.com",
        "alice@example.com.",
        "alice＠example.com",
        " alice@example.com",
        "alice@example.com ",
        "alice@example.com\u{0}",
        "alice@\u{ff45}xample.com",
    ]
    .iter()
    .enumerate()
    {
        let (status, kind) = kind(&site, &format!("z{n}"), email);
        assert!(matches!(status, 409 | 422), "{email:?}: {status} {kind}");
    }
    let rows = site.database().number(
        "select count(*) from sekisho_users where email_key is not null and \
         email_key in (select email_key from sekisho_users group by email_key having count(*) > 1)",
    );
    assert_eq!(rows, 0);
}

#[test]
fn a03_a_name_that_is_an_address_or_an_id() {
    let site = start();
    let uid = site.cli(&["user", "show", "tim", "--json"]).ok().json()["id"].as_str().unwrap().to_owned();
    for name in [
        "tim@gmail.com",
        "TIM@GMAIL.COM",
        "tim＠gmail.com",
        "tim\u{fe6b}gmail.com",
        "@",
        "a@b",
        uid.as_str(),
        &uid.to_uppercase(),
        &uid.replace('-', ""),
        &format!("{{{uid}}}"),
        &format!("urn:uuid:{uid}"),
    ] {
        let (status, kind) = kind(&site, name, "other@example.com");
        assert_eq!((status, kind.as_str()), (422, "value_error"), "{name}");
    }
    for name in
        ["", " ", " tim2", "tim2 ", "t\u{0}im", "t\u{200b}im", "t\u{202e}im", "t\nim", &"x".repeat(65)]
    {
        let (status, _) = kind(&site, name, "other@example.com");
        assert_eq!(status, 422, "{name:?}");
    }
    // The seeds' readers' own names pass.
    for (n, name) in ["q", "田中", "たなか", "Ünal", "o'neil", "j.d-x_1"].iter().enumerate() {
        assert_eq!(kind(&site, name, &format!("ok{n}@example.com")).0, 200, "{name}");
    }
}

#[test]
fn a04_addresses_that_are_more_than_one() {
    let site = start();
    let long = format!("{}@example.com", "x".repeat(250));
    let long_local = format!("{}@example.com", "x".repeat(65));
    site.unchanged(|| {
        for email in [
            "a@example.com\r\nBcc: b@example.com",
            "a@example.com\nb",
            "a%0aBcc:b@example.com\r",
            "a@example.com,b@example.com",
            "a@example.com;b@example.com",
            "a@example.com b@example.com",
            "\"a@evil\"@example.com",
            "\"a b\"@example.com",
            "a(comment)@example.com",
            "(c)a@example.com",
            "A <a@example.com>",
            "<a@example.com>",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "a@127.0.0.1",
            "a@",
            "@example.com",
            "a",
            "",
            "a@@example.com",
            "a@example..com",
            "a@.example.com",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "a@-example.com",
            "a@exa_mple.com",
            "a@example.com/x",
            &long,
            &long_local,
        ] {
            let (status, kind) = kind(&site, "anew", email);
            assert_eq!((status, kind.as_str()), (422, "value_error"), "{email:?}");
        }
    });
}

#[test]
fn a14_members_that_a_stranger_may_not_set() {
    let site = start();
    let ignored = [
        ("id", json!(1)),
        ("disabled", json!(true)),
        ("hashed_password", json!("$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa")),
    ];
    for (n, (member, value)) in ignored.iter().enumerate() {
        let name = format!("new{n}");
        let mut user = json!({"username": name, "email": format!("{name}@example.com")});
        user[member] = value.clone();
        let response =
            site.send(&Request::post("/users/").json(&json!({"user": user, "password": "secret-123"})));
        assert_eq!(response.status, 200, "{member}: {}", response.text());
        assert_eq!(response.json()["disabled"], json!(false));
        assert_eq!(site.login(&name, "secret-123").status, 200);
        assert_eq!(site.login(&name, "tim1234").status, 401);
    }
    site.unchanged(|| {
        for member in [
            "is_admin",
            "is_superuser",
            "role",
            "roles",
            "groups",
            "verified",
            "email_verified",
            "password_hash",
            "sub",
            "created_at",
            "tenant_id",
            "mfa",
            "token_version",
            "external_id",
            "username_key",
            "__proto__",
            "password",
        ] {
            let user = |extra: bool| {
                let mut user = json!({"username": "mass", "email": "mass@example.com"});
                if extra {
                    user[member] = json!(true);
                }
                user
            };
            let inside = json!({"user": user(true), "password": "secret-123"});
            let mut beside = json!({"user": user(false), "password": "secret-123"});
            if member != "password" {
                beside[member] = json!(true);
            } else {
                beside["user"]["password"] = json!("secret-124");
            }
            for (body, place) in
                [(inside, json!(["body", "user", member])), (beside, json!(["body", member]))]
            {
                let response = site.send(&Request::post("/users/").json(&body));
                assert_eq!(response.status, 422, "{member}: {}", response.text());
                assert_eq!(response.detail()[0]["type"], "extra_forbidden", "{member}");
                assert!(
                    response.detail()[0]["loc"] == place || member == "password",
                    "{member}: {}",
                    response.text()
                );
            }
        }
        let form = Request::post("/users/").form(&[
            ("username", "mass"),
            ("password", "secret-123"),
            ("is_admin", "1"),
        ]);
        assert_eq!(site.send(&form).status, 422);
    });
}

#[test]
fn a28_a_deleted_user_is_gone() {
    let site = start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let token = site.token("anew", "secret-123");
    site.cli(&["item", "add", "--owner", "anew"]).ok();
    let before = site.cli(&["user", "show", "anew", "--json"]).ok().json();

    site.cli(&["user", "delete", "anew", "--yes"]).ok();
    assert_eq!(site.me(&token).status, 401);
    assert_eq!(site.login("anew", "secret-123").status, 401);
    assert_eq!(site.login("anew@example.com", "secret-123").status, 401);
    assert_eq!(site.cli(&["user", "show", "anew"]).code, Some(1));
    assert!(!site.cli(&["user", "list"]).ok().stdout.contains("anew"));
    let id = before["id"].as_str().unwrap();
    assert_eq!(site.cli(&["user", "show", id]).code, Some(1));
    assert_eq!(site.database().number("select count(*) from sekisho_credentials"), 1);
    assert_eq!(site.database().number("select count(*) from sekisho_items"), 1);

    // The name stays reserved as long as a token of the old user may live.
    assert_eq!(site.register("anew", "secret-123").status, 409);
    // The address, which no token carries, is free at once, and whoever takes it is somebody else.
    assert_eq!(site.register_as("bnew", "anew@example.com", "secret-123").status, 200);
    let after = site.cli(&["user", "show", "anew@example.com", "--json"]).ok().json();
    assert_ne!(after["id"], before["id"]);
}

#[test]
fn a29_a_name_that_is_given_again() {
    let site = start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let ours = site.token("anew", "secret-123");
    site.cli(&["item", "add", "--owner", "anew"]).ok();
    let before = site.cli(&["user", "show", "anew", "--json"]).ok().json();
    site.cli(&["user", "delete", "anew", "--yes"]).ok();
    // As if the longest lifetime of a token had passed.
    site.database().execute("update sekisho_users set released_at = 1 where released_at is not null");

    assert_eq!(site.register("anew", "another-123").status, 200);
    let after = site.cli(&["user", "show", "anew", "--json"]).ok().json();
    assert_ne!(after["id"], before["id"]);
    assert_eq!(site.me(&ours).status, 401);
    let token = site.token("anew", "another-123");
    assert_eq!(site.get_as(&token, "/users/me/items").json(), json!([]));
    assert_eq!(site.login("anew", "secret-123").status, 401);
}

#[test]
fn a29_a_token_that_names_the_old_id() {
    let site = Setup::new().demo().start();
    let id = site.cli(&["user", "show", "tim", "--json"]).ok().json()["id"].as_str().unwrap().to_owned();
    site.cli(&["user", "delete", "tim", "--yes"]).ok();
    site.database().execute("update sekisho_users set released_at = 1 where released_at > 0");
    assert_eq!(site.register("tim", "another-123").status, 200);
    let old = Mint::claims(&json!({"sub": "tim", "exp": now() + 600, "uid": id, "ver": 0}));
    assert_eq!(site.me(&old.signed()).status, 401);
}
