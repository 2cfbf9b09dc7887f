//! The seeds' own software on the other side: its libraries read our tokens, its tokens and hashes count here, a client
//! that a public generator makes of `openapi.json` works, and an API fuzzer finds nothing.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Ran, SECRET_KEY, Scratch, Setup, python, start};

fn script(name: &str) -> Command {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "python", name].iter().collect();
    let mut command = Command::new(python());
    command.arg(path);
    command
}

/// A program that the environment installed beside its python, and that may call the others there.
fn program(name: &str) -> Command {
    let program = PathBuf::from(python()).with_file_name(name);
    let mut folders = vec![program.parent().expect("a folder").to_owned()];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(program);
    command.env("PATH", std::env::join_paths(folders).expect("folders without colons"));
    command
}

#[test]
fn our_tokens_pass_the_seeds_decode() {
    for algorithm in ["HS256", "HS384", "HS512"] {
        let site = Setup::new().demo().env("ALGORITHM", algorithm).start();
        let token = site.token("tim", "tim1234");
        let asked = json!({"token": token, "key": SECRET_KEY, "algorithm": algorithm});
        let ran = Ran::of(script("decode.py"), &asked.to_string()).ok();
        let payloads: Vec<Value> =
            ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(payloads.len(), 2);
        for payload in payloads {
            assert_eq!(payload["sub"], "tim");
            assert!(payload["exp"].is_i64());
        }
    }
}

#[test]
fn tokens_of_the_seeds_libraries_count() {
    for algorithm in ["HS256", "HS384", "HS512"] {
        let site = Setup::new().demo().env("ALGORITHM", algorithm).start();
        let asked = json!({"sub": "tim", "key": SECRET_KEY, "algorithm": algorithm});
        let ran = Ran::of(script("encode.py"), &asked.to_string()).ok();
        let tokens: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(tokens.len(), 2);
        for token in tokens {
            assert_eq!(site.me(token).json()["username"], "tim");
        }
    }
}

#[test]
fn hashes_of_the_seeds_library_count() {
    let site = start();
    let passwords =
        ["secret-123", "合言葉は山と川です", &"0123456789".repeat(8), "with spaces and \u{1F511}"];
    let ran = Ran::of(script("hashes.py"), &json!(passwords).to_string()).ok();
    let hashes: Vec<String> = serde_json::from_str(&ran.stdout).unwrap();
    for (n, (password, hash)) in passwords.iter().zip(&hashes).enumerate() {
        let name = format!("user{n}");
        assert_eq!(site.register(&name, "before-import").status, 200);
        site.database().plant_hash(&name, "bcrypt", "5", hash);
        assert_eq!(site.login(&name, "before-import").status, 401);
        // The first time by the old hash, the second by the one that replaced it.
        for _ in 0..2 {
            assert_eq!(site.login(&name, password).status, 200, "{password}");
        }
    }
}

#[test]
fn a_generated_client_makes_the_seeds_calls() {
    let site = start();
    let folder = Scratch::new();
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, site.get("/openapi.json").body).unwrap();
    let mut generate = program("openapi-python-client");
    generate.current_dir(folder.path()).arg("generate").arg("--path").arg(&document);
    generate.args(["--meta", "none", "--output-path", "sekisho_client", "--fail-on-warning"]);
    Ran::of(generate, "").ok();

    let mut calls = script("generated_client.py");
    calls.arg(site.url("")).arg(folder.path());
    assert_eq!(Ran::of(calls, "").ok().stdout, "ok\n");
}

#[test]
fn an_api_fuzzer_finds_nothing() {
    let site =
        Setup::new().demo().env("SEKISHO_LOG_LEVEL", "warn").config("[throttle]\nenabled = false").start();
    let token = site.token("tim", "tim1234");
    let folder = Scratch::new();
    let mut fuzzer = program("schemathesis");
    fuzzer.current_dir(folder.path()).arg("run").arg(site.url("/openapi.json"));
    fuzzer.args([
        "--checks",
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
    ]);
    fuzzer.args(["--max-examples", "60", "--seed", "20240314", "--workers", "2", "--no-color"]);
    fuzzer.args(["--header", &format!("Authorization: Bearer {token}")]);
    let ran = Ran::of(fuzzer, "");
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
}
