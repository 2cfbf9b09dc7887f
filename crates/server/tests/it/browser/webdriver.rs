//! WebDriver (W3C) over the harness's own HTTP: the few commands that the tests need.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Connection, Process, Request, Scratch, until};

/// The member under which the protocol hands out an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window, closed when it is dropped.
pub(super) struct Browser {
    driver: Process,
    address: SocketAddr,
    session: String,
    _profile: Scratch,
}

/// A thing on the page.
pub(super) struct Element(String);

impl Browser {
    /// Starts Debian's Chromium through its driver.
    pub(super) fn open() -> Browser {
        let profile = Scratch::new();
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--allowed-ips=127.0.0.1"]).env("HOME", profile.path());
        let driver = Process::start(command);
        let port: u16 = until("chromedriver (`cargo xtask test` installs it)", || {
            let log = driver.log();
            let (_, rest) = log.split_once("started successfully on port ")?;
            rest.split('.').next()?.trim().parse().ok()
        });
        let folder = format!("--user-data-dir={}", profile.path().join("profile").display());
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--window-size=1280,1400", folder,
            ]},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut browser = Browser { driver, address, session: String::new(), _profile: profile };
        let session = browser.command("POST", "/session", &capabilities).expect("a session");
        browser.session = session["sessionId"].as_str().expect("a session id").to_owned();
        browser
    }

    pub(super) fn go(&self, url: &str) {
        self.post("/url", &json!({"url": url})).expect("a page");
    }

    /// The first element that is there and shown; waits for it.
    pub(super) fn find(&self, css: &str) -> Element {
        until(&format!("{css:?} on the page"), || {
            let found = self.post("/element", &json!({"using": "css selector", "value": css})).ok()?;
            let element = Element(found[ELEMENT].as_str()?.to_owned());
            self.get(&format!("/element/{}/displayed", element.0)).ok()?.as_bool()?.then_some(element)
        })
    }

    /// Clicks what `css` finds, as soon as nothing lies over it.
    pub(super) fn click(&self, css: &str) {
        until(&format!("a click on {css:?}"), || {
            let element = self.find(css);
            self.post(&format!("/element/{}/click", element.0), &json!({})).ok()
        });
    }

    pub(super) fn fill(&self, css: &str, text: &str) {
        let element = self.find(css);
        // A field that React holds is emptied by keys alone: to its end, then back over all of it.
        let keys = format!("\u{e010}{}{text}", "\u{e003}".repeat(40));
        self.post(&format!("/element/{}/value", element.0), &json!({"text": keys})).expect("a field");
    }

    /// Waits until the text of what `css` finds holds `part`.
    pub(super) fn wait_for_text(&self, css: &str, part: &str) {
        until(&format!("{part:?} in {css:?}"), || {
            let element = self.find(css);
            let text = self.get(&format!("/element/{}/text", element.0)).ok()?;
            text.as_str()?.contains(part).then_some(())
        });
    }

    /// What a script in the page returns.
    pub(super) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []})).expect("a script that runs")
    }

    /// What the page wrote to its console, policy violations and failed loads included.
    pub(super) fn console(&self) -> Vec<String> {
        let lines = self.post("/se/log", &json!({"type": "browser"})).expect("the console");
        let lines = lines.as_array().expect("lines");
        lines.iter().map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Saves the window as `target/screenshots/NAME.png`.
    pub(super) fn screenshot(&self, name: &str) {
        use base64::Engine;
        let picture = self.get("/screenshot").expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap()).unwrap();
        let folder: PathBuf = [env!("CARGO_TARGET_TMPDIR"), "..", "screenshots"].iter().collect();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    fn get(&self, path: &str) -> Result<Value, Value> {
        self.command("GET", &format!("/session/{}{path}", self.session), &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Value> {
        self.command("POST", &format!("/session/{}{path}", self.session), body)
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let mut request = Request::new(method, path);
        if method == "POST" {
            request = request.json(body);
        }
        let mut connection = Connection::open(self.address).expect("the driver takes connections");
        let response = connection.exchange(&request).expect("the driver answers");
        let value = response.json()["value"].clone();
        if response.status == 200 { Ok(value) } else { Err(value) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.screenshot_of_failure();
        }
        let _ = self.command("DELETE", &format!("/session/{}", self.session), &Value::Null);
        self.driver.stop();
    }
}

impl Browser {
    /// What the page looked like when the test failed, where the driver still tells.
    fn screenshot_of_failure(&self) {
        if self.get("/screenshot").is_ok() {
            self.screenshot("failure");
        }
    }
}
