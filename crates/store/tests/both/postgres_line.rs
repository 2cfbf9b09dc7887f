//! Who is spoken to over which line: TLS in every mode, passwords, certificates, several servers.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, OpenOptions, ServerFacts, Store};
use sekisho_throwaway::Postgres;

use crate::world::{Folder, NOW, insert_tim};

/// An authority and what it signs, made by the program `openssl`.
struct Authority(Folder);

impl Authority {
    fn new(name: &str) -> Authority {
        let new = Authority(Folder::new());
        let text = "[req]\ndistinguished_name=dn\n[dn]\n\
                    [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n\
                    [localhost]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost\n\
                    [sekisho]\nbasicConstraints=critical,CA:FALSE\n";
        std::fs::write(new.0.path("conf"), text).unwrap();
        new.make("ca", &["-extensions", "ca", "-subj", &format!("/CN={name}")]);
        new
    }

    /// A certificate for the name, with its extensions; key and certificate as PEM.
    fn sign(&self, name: &str) -> (String, String) {
        let (ca, key) = (self.0.path("ca.pem"), self.0.path("ca.key"));
        let by = ["-CA", ca.to_str().unwrap(), "-CAkey", key.to_str().unwrap()];
        let subject = format!("/CN={name}");
        self.make(name, &[&by[..], &["-extensions", name, "-subj", &subject]].concat());
        let read = |end: &str| std::fs::read_to_string(self.0.path(&format!("{name}.{end}"))).unwrap();
        (read("key"), read("pem"))
    }

    /// The authority's own certificate.
    fn root(&self) -> String {
        self.0.path("ca.pem").display().to_string()
    }

    fn make(&self, name: &str, args: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-nodes", "-days", "3650", "-newkey", "ec", "-pkeyopt"]);
        openssl.args(["ec_paramgen_curve:prime256v1", "-config"]).arg(self.0.path("conf"));
        openssl.arg("-keyout").arg(self.0.path(&format!("{name}.key")));
        openssl.arg("-out").arg(self.0.path(&format!("{name}.pem"))).args(args);
        let done = openssl.output().expect("openssl is installed");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// A server that speaks TLS as `localhost`, whose authority is known, and asks some roles for a password or a certificate.
struct Guarded {
    server: Postgres,
    authority: Authority,
    stranger: Authority,
}

fn guarded() -> &'static Guarded {
    static GUARDED: OnceLock<Guarded> = OnceLock::new();
    GUARDED.get_or_init(|| {
        let (authority, stranger) = (Authority::new("authority"), Authority::new("stranger"));
        let server = Postgres::start();
        let (key, certificate) = authority.sign("localhost");
        let key = server.write("server.key", &key);
        let certificate = server.write("server.pem", &certificate);
        let root = server.write("root.pem", &std::fs::read_to_string(authority.root()).unwrap());
        let all = server.url("postgres");
        let set = |name: &str, value: &Path| {
            server.psql(&all, &format!("alter system set {name} = '{}'", value.display()));
        };
        set("ssl_key_file", &key);
        set("ssl_cert_file", &certificate);
        set("ssl_ca_file", &root);
        set("ssl", Path::new("on"));
        server.psql(&all, "create role tim login superuser password 'p@ss/w:rd'");
        server.psql(&all, "create role certified login superuser");
        server.write(
            "pg_hba.conf",
            "host all tim all scram-sha-256\nhostssl all certified all cert map=names\n\
             hostnossl all certified all reject\nhost all sekisho all trust\n",
        );
        server.write("pg_ident.conf", "names sekisho certified\n");
        server.reload();
        Guarded { server, authority, stranger }
    })
}

impl Guarded {
    /// An address at this host, of a fresh database.
    fn url(&self, user: &str, host: &str, options: &str) -> String {
        let database = self.server.create_database();
        let name = database.rsplit('/').next().unwrap();
        format!("postgresql://{user}@{host}:{}/{name}{options}", self.server.port())
    }
}

/// Opens the database, writes to it, and says whether the line is encrypted.
async fn spoken(url: &str) -> Result<bool, Error> {
    let DatabaseUrl::Postgres(address) = DatabaseUrl::parse(url).unwrap() else { panic!("{url}") };
    let facts = ServerFacts::of(&address, OpenOptions::new(NOW)).await?;
    let store = Store::open(&DatabaseUrl::Postgres(address), OpenOptions::new(NOW)).await?;
    insert_tim(&store).await;
    Ok(facts.is_encrypted)
}

/// What is said when it is refused.
async fn refused(url: &str) -> String {
    match spoken(url).await {
        Ok(encrypted) => panic!("{url}: spoken to, encrypted: {encrypted}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn each_mode_asks_for_as_much_as_it_says() {
    let guarded = guarded();
    let (root, other) = (guarded.authority.root(), guarded.stranger.root());
    let full = format!("?sslmode=verify-full&sslrootcert={root}");
    for (host, options, encrypted) in [
        ("localhost", "", false),
        ("localhost", "?sslmode=disable", false),
        // Its name is another one and nobody vouches for it, and nobody asked.
        ("127.0.0.1", "?sslmode=require", true),
        ("127.0.0.1", &format!("?sslmode=verify-ca&sslrootcert={root}"), true),
        ("localhost", &full, true),
    ] {
        let url = guarded.url("sekisho", host, options);
        assert_eq!(spoken(&url).await.unwrap(), encrypted, "{url}");
    }
    for (host, options, says) in [
        ("127.0.0.1", full.as_str(), "not valid for"),
        ("localhost", &format!("?sslmode=verify-full&sslrootcert={other}"), "UnknownIssuer"),
        ("127.0.0.1", &format!("?sslmode=verify-ca&sslrootcert={other}"), "UnknownIssuer"),
        // As libpq: a root that is named is asked.
        ("127.0.0.1", &format!("?sslmode=require&sslrootcert={other}"), "UnknownIssuer"),
        ("localhost", "?sslrootcert=/nowhere.pem", "sslrootcert: /nowhere.pem"),
    ] {
        let said = refused(&guarded.url("sekisho", host, options)).await;
        assert!(said.contains(says), "{host} {options}: {said}");
    }
    // Nobody the system trusts vouches for it.
    refused(&guarded.url("sekisho", "localhost", "?sslmode=verify-full")).await;
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_where_tls_was_asked_for() {
    let server = Postgres::shared();
    let url = format!("{}?sslmode=require", server.create_database());
    let said = refused(&url).await;
    assert!(said.contains("the server has no TLS: add ?sslmode=disable"), "{said}");
}

#[tokio::test]
async fn a_password_is_taken_by_scram_and_tied_to_the_line() {
    let guarded = guarded();
    let right = "tim:p%40ss%2Fw%3Ard";
    for (options, encrypted) in [("", false), ("?sslmode=require&channel_binding=require", true)] {
        let url = guarded.url(right, "localhost", options);
        assert_eq!(spoken(&url).await.unwrap(), encrypted, "{options}");
    }
    let said = refused(&guarded.url("tim:canary", "localhost", "")).await;
    assert!(said.contains("password authentication failed for user \"tim\""), "{said}");
    assert!(!said.contains("canary"), "{said}");
    let said = refused(&guarded.url("tim", "localhost", "")).await;
    assert!(said.contains("password"), "{said}");
    // There is no line that it could be tied to.
    refused(&guarded.url(right, "localhost", "?channel_binding=require")).await;
}

#[tokio::test]
async fn a_certificate_stands_for_a_password() {
    let guarded = guarded();
    let (key, certificate) = guarded.authority.sign("sekisho");
    let own = Folder::new();
    std::fs::write(own.path("key"), key).unwrap();
    std::fs::write(own.path("pem"), certificate).unwrap();
    let with = format!(
        "?sslmode=require&sslcert={}&sslkey={}",
        own.path("pem").display(),
        own.path("key").display()
    );
    assert!(spoken(&guarded.url("certified", "127.0.0.1", &with)).await.unwrap());
    let said = refused(&guarded.url("certified", "127.0.0.1", "?sslmode=require")).await;
    assert!(said.contains("certificate"), "{said}");
}

/// The standby stands first in the list, a host where nobody listens before it.
#[tokio::test]
async fn of_several_servers_the_one_that_takes_writes_is_found() {
    let primary = Postgres::start();
    let standby = primary.standby(&[]);
    let database = primary.create_database();
    let name = database.rsplit('/').next().unwrap();
    let (first, second) = (standby.port(), primary.port());
    let list = format!("127.0.0.1:1,127.0.0.1:{first},127.0.0.1:{second}");
    assert!(!spoken(&format!("postgresql://sekisho@{list}/{name}")).await.unwrap());

    // Looked at alone, it says what it is.
    let alone = format!("postgresql://sekisho@127.0.0.1:{first}/postgres");
    let DatabaseUrl::Postgres(address) = DatabaseUrl::parse(&alone).unwrap() else { panic!() };
    let facts = ServerFacts::of(&address, OpenOptions::new(NOW)).await.unwrap();
    assert!(facts.is_standby && facts.version_number >= 130_000, "{facts:?}");
    let error = Store::open(&DatabaseUrl::Postgres(address), OpenOptions::new(NOW)).await.unwrap_err();
    assert!(error.to_string().contains(&format!("127.0.0.1:{first}: ")), "{error}");

    // And a promotion is followed: the other one is gone.
    primary.kill();
    standby.psql(&alone, "select pg_promote()");
    let all = DatabaseUrl::parse(&format!("postgresql://sekisho@{list}/postgres")).unwrap();
    insert_tim(&Store::open(&all, OpenOptions::new(NOW)).await.unwrap()).await;
}
