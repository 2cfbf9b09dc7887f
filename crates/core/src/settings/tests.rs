//! The whole way: layers in, settings, origins, errors and changes out.

use super::registry::find_env;
use super::*;
use crate::secret::SecretBytes;

const STRONG: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const SEEDS: &str = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";

fn toml(text: &str) -> Layer {
    layer_from_toml(text, "sekisho.toml").unwrap()
}

fn env(vars: &[(&str, &str)]) -> Layer {
    layer_from_env(vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))).unwrap()
}

fn resolved(layers: &[Layer]) -> Result<(Settings, Origins), Vec<SettingsError>> {
    resolve(layers, &SecretFiles::default())
}

fn errors(layers: &[Layer]) -> Vec<String> {
    resolved(layers).unwrap_err().iter().map(ToString::to_string).collect()
}

/// Every key stands in the file once: with a default, or commented out where there is none; and so does each of its names.
#[test]
fn the_default_file_is_the_registry() {
    let mut section = "";
    let mut keys = Vec::new();
    let mut comment = String::new();
    for line in DEFAULT_TOML.lines() {
        let optional = line
            .strip_prefix("# ")
            .filter(|l| l.split(" = ").next().is_some_and(|k| !k.contains(' ')) && l.contains(" = "));
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            comment.clear();
        } else if let Some((key, _)) = optional
            .unwrap_or(line)
            .split_once(" = ")
            .filter(|_| optional.is_some() || !line.starts_with('#'))
        {
            let key = format!("{section}.{key}");
            let (_, setting) = find(&key).unwrap_or_else(|| panic!("{key} is in the file only"));
            for name in setting.env {
                assert!(comment.contains(name), "{key}: its comment lacks {name}");
            }
            let section_is_live = section == "throttle";
            assert_eq!(comment.contains("Live.") || section_is_live, setting.live, "{key}: live or not?");
            keys.push(key);
        } else if line.starts_with('#') {
            comment.push_str(line);
            comment.push('\n');
        } else if line.is_empty() {
            comment.clear();
        }
    }
    let registry: Vec<&str> = SETTINGS.iter().map(|s| s.key).collect();
    assert_eq!(keys, registry);
}

#[test]
fn defaults_are_development_on_loopback() {
    let s = Settings::default();
    assert_eq!(s.profile, Profile::Development);
    assert_eq!(s.server.listen.to_string(), "127.0.0.1:8000");
    assert!(s.server.docs && s.warnings.is_empty());
    assert_eq!(s.password.min_length, 6);
    assert_eq!(s.tokens.access_token_lifetime().as_secs(), 1800);
    assert!(matches!(&s.storage.database_url, DatabaseUrl::Sqlite(p) if p.ends_with("data/sekisho.db")));
}

#[test]
fn the_strongest_layer_wins_and_is_named() {
    let layers = [
        toml("[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"\n"),
        layer_from_dotenv("ACCESS_TOKEN_EXPIRE_MINUTES=5\nSEKISHO_LOG=debug\n", ".env", &|_| None).unwrap(),
        env(&[("ACCESS_TOKEN_EXPIRE_MINUTES", "6")]),
        layer_from_flags([("server.listen", "--listen", "127.0.0.1:2".to_owned())]).unwrap(),
    ];
    let (s, origins) = resolved(&layers).unwrap();
    assert_eq!(
        (s.server.listen.port(), s.log.level, s.tokens.access_token_expire_minutes),
        (2, LogLevel::Debug, 6)
    );
    let origin = |key| origins.of(key).to_string();
    assert_eq!(origin("server.listen"), "--listen");
    assert_eq!(origin("log.level"), ".env:2 (SEKISHO_LOG)");
    assert_eq!(origin("tokens.access_token_expire_minutes"), "environment (ACCESS_TOKEN_EXPIRE_MINUTES)");
    assert_eq!(origin("log.echo"), "default");
    assert_eq!(origin("password.min_length"), "default (development)");
    assert_eq!(origin("server.profile"), "default (loopback only)");
}

#[test]
fn host_and_port_replace_their_part_of_the_listener() {
    let flags = |flags: &[(&'static str, &'static str, &str)]| {
        layer_from_flags(flags.iter().map(|(k, f, v)| (*k, *f, (*v).to_owned()))).unwrap()
    };
    let (s, origins) = resolved(&[flags(&[("server.port", "--port", "9000")])]).unwrap();
    assert_eq!(s.server.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(origins.of("server.listen").to_string(), "--port");
    let (s, _) = resolved(&[env(&[("SEKISHO_PORT", "9"), ("SEKISHO_HOST", "0.0.0.0")]), flags(&[])]).unwrap();
    assert_eq!((s.server.listen.to_string().as_str(), s.profile), ("0.0.0.0:9", Profile::Production));
    let weaker = [env(&[("SEKISHO_PORT", "9")]), flags(&[("server.listen", "--listen", "[::1]:1")])];
    assert_eq!(resolved(&weaker).unwrap().0.server.listen.to_string(), "[::1]:1");
    let both = [flags(&[("server.listen", "--listen", "[::1]:1"), ("server.port", "--port", "2")])];
    assert_eq!(errors(&both), ["--port: server.port says the same as server.listen: set one of them"]);
}

#[test]
fn the_profile_follows_from_the_rest() {
    let of = |text| resolved(&[toml(text)]).map(|(s, _)| (s.profile, s.server.docs, s.password.min_length));
    let production = (Profile::Production, false, 15);
    assert_eq!(of("[server]\nlisten = \"[::]:1\"\n"), Ok(production));
    assert_eq!(of("[server]\npublic_url = \"https://a.example/\"\n"), Ok(production));
    assert_eq!(of("[server]\npublic_url = \"http://localhost:8000\"\n").unwrap().0, Profile::Development);
    assert_eq!(
        of("profile = \"production\"\n[server]\ndocs = true\n[password]\nmin_length = 6\n"),
        Ok((Profile::Production, true, 6))
    );
    assert_eq!(
        errors(&[toml("[server]\nprofile = \"development\"\nlisten = \"0.0.0.0:80\"\n")]),
        ["sekisho.toml:2: server.profile can't be development: the listener is not a loopback address"]
    );
}

#[test]
fn weak_keys_warn_in_development_and_stop_production() {
    for (key, what) in [("too-little", "is shorter than 32 bytes"), (SEEDS, "was printed in a tutorial")] {
        let (s, _) = resolved(&[env(&[("SECRET_KEY", key)])]).unwrap();
        assert!(s.warnings.len() == 1 && s.warnings[0].contains(what), "{:?}", s.warnings);
        assert!(!s.warnings[0].contains(key));
        for name in ["SECRET_KEY", "SECRET_KEY_VERIFY"] {
            let found = errors(&[env(&[(name, key), ("SEKISHO_PROFILE", "production")])]);
            assert!(found.len() == 1 && found[0].contains(what) && !found[0].contains(key), "{found:?}");
            assert!(found[0].starts_with(&format!("environment ({name}): ")));
        }
    }
    let (s, _) = resolved(&[env(&[("SECRET_KEY", STRONG), ("SEKISHO_PROFILE", "production")])]).unwrap();
    assert_eq!((s.tokens.secret_key.map(|k| k.expose().len()), s.warnings.len()), (Some(64), 0));
}

#[test]
fn a_key_comes_from_one_place() {
    let file = env(&[("SECRET_KEY_FILE", "/run/key")]);
    let named = secret_files(std::slice::from_ref(&file)).remove(0);
    assert_eq!(
        (named.key, named.path.to_str(), named.origin.to_string().as_str()),
        ("tokens.secret_key_file", Some("/run/key"), "environment (SECRET_KEY_FILE)")
    );
    let content = SecretBytes::new(STRONG.as_bytes().to_vec());
    let files = SecretFiles::default().with(named.key, content.clone());
    let (s, _) = resolve(std::slice::from_ref(&file), &files).unwrap();
    assert_eq!(s.tokens.secret_key, Some(content));
    assert_eq!(errors(std::slice::from_ref(&file)).len(), 1);
    let both = errors(&[toml(&format!("[tokens]\nsecret_key = \"{STRONG}\"\n")), file]);
    assert_eq!(
        both,
        [
            "environment (SECRET_KEY_FILE): tokens.secret_key_file and tokens.secret_key are both set: set one of them"
        ]
    );
}

#[test]
fn further_keys_and_their_end() {
    let vars = [("SECRET_KEY_VERIFY", "one, two"), ("SECRET_KEY_VERIFY_UNTIL", "1970-01-02T00:00:00Z")];
    let (s, _) = resolved(&[env(&vars)]).unwrap();
    let keys: Vec<&[u8]> = s.tokens.secret_key_verify.iter().map(|k| k.expose().as_slice()).collect();
    assert_eq!(keys, [b"one", b"two"]);
    assert_eq!(s.tokens.secret_key_verify_until.map(|t| t.as_seconds()), Some(86_400));
}

#[test]
fn rules_between_settings() {
    for (text, error) in [
        (
            "[password]\nargon2_iterations = 1\n",
            "default: password.argon2_memory_kib = 19456 with password.argon2_iterations = 1 is below the floor; 19456 with 2 is the least, or 47104 with 1, 12288 with 3, 9216 with 4, 7168 with 5",
        ),
        (
            "[password]\nmin_length = 100\nmax_length = 64\n",
            "sekisho.toml:2: password.min_length is greater than password.max_length",
        ),
        (
            "[http]\ncors_allowed_origins = [\"*\"]\ncors_allow_credentials = true\n",
            "sekisho.toml:2: http.cors_allowed_origins can't be \"*\" together with http.cors_allow_credentials",
        ),
        (
            "[http]\ncors_allowed_origins = [\"https://a/b\"]\n",
            "sekisho.toml:2: http.cors_allowed_origins has an entry that must be an origin without a path",
        ),
        (
            "[http]\ntrusted_proxies = [\"10.0.0.0/99\"]\n",
            "sekisho.toml:2: http.trusted_proxies has an entry that has a prefix longer than 32 bits",
        ),
        ("[server]\nroot_path = \"api\"\n", "sekisho.toml:2: server.root_path must look like /api/v1"),
        (
            "[server]\nlisten = \"example.com:80\"\n",
            "sekisho.toml:2: server.listen is not an address with a port, such as 127.0.0.1:8000 or [::1]:8000",
        ),
        (
            "profile = \"production\"\n[server]\ndemo = true\n",
            "sekisho.toml:3: server.demo makes a user whose password is known to everyone: not in production",
        ),
        (
            "[storage]\ndatabase_url = \"sqlite://\"\n",
            "sekisho.toml:2: storage.database_url names a database in memory, which would be lost at each stop; name a file, as in sqlite:///./sekisho.db",
        ),
        (
            "[tokens]\nsecret_key_verify_until = \"soon\"\n",
            "sekisho.toml:2: tokens.secret_key_verify_until must be a time such as 2026-12-31T00:00:00Z, or seconds since 1970",
        ),
    ] {
        assert_eq!(errors(&[toml(text)]), [error]);
    }
    for fits in [
        "argon2_memory_kib = 47104\nargon2_iterations = 1",
        "argon2_memory_kib = 7168\nargon2_iterations = 5",
        "scheme = \"bcrypt\"\nargon2_iterations = 1",
    ] {
        assert!(resolved(&[toml(&format!("[password]\n{fits}\n"))]).is_ok(), "{fits}");
    }
}

#[test]
fn l07_what_is_shown_hides_secrets() {
    let vars = [
        ("SECRET_KEY", STRONG),
        ("SECRET_KEY_VERIFY", "canary"),
        ("DATABASE_URL", "postgresql://app:canary@db/x"),
        ("SEKISHO_ROOT_KEY_FILE", "/run/root.key"),
    ];
    let (s, origins) = resolved(&[env(&vars)]).unwrap();
    let shown = show(&s, &origins);
    assert_eq!(shown.len(), SETTINGS.len());
    let of = |key| shown.iter().find(|s| s.key == key).unwrap().value.as_str();
    assert_eq!(of("tokens.secret_key"), "(hidden)");
    assert_eq!(of("tokens.secret_key_verify"), "(hidden)");
    assert_eq!(of("tokens.secret_key_file"), "(not set)");
    assert_eq!(of("storage.database_url"), "\"postgresql://app:***@db:5432/x?sslmode=require\"");
    assert_eq!(of("server.docs"), "\"true\"");
    assert_eq!(of("password.min_length"), "6");
    assert_eq!(of("http.cors_allowed_headers"), "[\"authorization\", \"content-type\"]");
    for text in [format!("{shown:?}"), format!("{s:?}"), format!("{origins:?}")] {
        assert!(!text.contains("canary") && !text.contains(STRONG), "{text}");
    }
}

#[test]
fn changes_say_what_is_live() {
    let old = resolved(&[env(&[("SECRET_KEY", STRONG)])]).unwrap().0;
    let new = [env(&[
        ("SECRET_KEY", "f0e1d2c3b4a5968778695a4b3c2d1e0f"),
        ("SEKISHO_LOG", "debug"),
        ("SEKISHO_DATA", "/srv"),
    ])];
    let found: Vec<String> = changes(&old, &resolved(&new).unwrap().0)
        .iter()
        .map(|c| format!("{} {} -> {} {}", c.key, c.old, c.new, c.live))
        .collect();
    assert_eq!(
        found,
        [
            "storage.data_dir \"./data\" -> \"/srv\" false",
            "storage.database_url \"sqlite:///./data/sekisho.db\" -> \"sqlite:////srv/sekisho.db\" false",
            "tokens.secret_key (hidden) -> (hidden) true",
            "log.level \"info\" -> \"debug\" true",
        ]
    );
    assert!(changes(&old, &old).is_empty());
}

/// Each fixed key is changed alone; a server that keeps what is fixed behaves, and shows itself, as before.
#[test]
fn what_is_fixed_is_kept() {
    let old = Settings::default();
    for setting in SETTINGS.iter().filter(|s| !s.live && s.key != "server.profile") {
        let other = match (setting.key, setting.kind) {
            ("server.listen" | "metrics.listen", _) => "127.0.0.1:1".to_owned(),
            ("server.host", _) => "::1".to_owned(),
            ("server.public_url", _) => "http://localhost:1".to_owned(),
            ("storage.database_url", _) => "sqlite:///x.db".to_owned(),
            (_, Kind::Bool) => "true".to_owned(),
            (_, Kind::Integer(least, most)) => ((least + most) / 2).to_string(),
            (_, Kind::Choice(words)) => words[2].to_owned(),
            (_, Kind::Text | Kind::List) => "/x".to_owned(),
        };
        let layer = layer_from_flags([(setting.key, "--flag", other)]).unwrap();
        let files = SecretFiles::default()
            .with("storage.database_url_file", SecretBytes::new(b"sqlite:///x.db".to_vec()))
            .with("storage.database_password_file", SecretBytes::new(b"canary".to_vec()));
        let (mut new, _) = resolve(&[layer], &files).unwrap();
        // A warning about what is changed is as true before the restart.
        new.warnings.clear();
        assert!(changes(&old, &new).iter().any(|c| c.key == setting.key && !c.live), "{}", setting.key);
        let kept = keep_what_is_fixed(&old, new);
        assert!(changes(&old, &kept).is_empty(), "{}", setting.key);
        assert_eq!(format!("{kept:?}"), format!("{old:?}"), "{}", setting.key);
    }
}

#[test]
fn every_name_of_the_seeds_is_known() {
    for name in [
        "SECRET_KEY",
        "SECRET_KEY_FILE",
        "SECRET_KEY_VERIFY",
        "SECRET_KEY_VERIFY_UNTIL",
        "ALGORITHM",
        "ACCESS_TOKEN_EXPIRE_MINUTES",
        "DATABASE_URL",
    ] {
        assert!(find_env(name).is_some(), "{name}");
    }
}

#[test]
fn metrics_have_a_listener_of_their_own() {
    let of = |server: &str, metrics: &str| {
        resolved(&[env(&[("SEKISHO_LISTEN", server), ("SEKISHO_METRICS_LISTEN", metrics)])])
    };
    assert_eq!(Settings::default().metrics.listen, None);
    for (server, metrics) in [
        ("127.0.0.1:8000", "127.0.0.1:9464"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("0.0.0.0:8000", "0.0.0.0:9464"),
        ("192.0.2.1:8000", "127.0.0.1:8000"),
    ] {
        let (settings, _) = of(server, metrics).unwrap();
        assert_eq!(settings.metrics.listen, metrics.parse().ok(), "{server} {metrics}");
    }
    for (server, metrics, why) in [
        ("127.0.0.1:8000", "127.0.0.1:8000", "one listener"),
        ("0.0.0.0:8000", "127.0.0.1:8000", "one listener"),
        ("[::]:8000", "0.0.0.0:8000", "one listener"),
        ("127.0.0.1:8000", "0.0.0.0:9464", "loopback address in development"),
        ("127.0.0.1:8000", "9464", "is not an address with a port"),
    ] {
        let errors = of(server, metrics).unwrap_err();
        assert!(errors.iter().any(|error| error.to_string().contains(why)), "{server} {metrics}: {errors:?}");
    }
}
