//! The front door over real sockets, byte by byte, before a router of a few lines.

mod answers;
mod framing;
mod http2;
mod limits;
mod stopping;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Extension;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use sekisho_core::settings::Settings;
use sekisho_core::{Clock, Dice, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Client, Gate, serve};

/// How long a test waits for what must happen. Nothing is expected to take as long.
const SOON: Duration = Duration::from_secs(20);

struct Epoch;

impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(0)
    }
}

struct Sevens;

impl Dice for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A server on a free port.
struct Server {
    address: SocketAddr,
    gate: Arc<Gate>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

fn router() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |body: Bytes| body))
        .route("/page", get(async || Html("<p>page")))
        .route("/big", get(async || vec![b'x'; 64 * 1024 * 1024]))
        .route("/never", get(std::future::pending::<()>))
        .route("/late", get(late))
        .route("/panic", get(async || -> &'static str { panic!("planted") }))
        .route(
            "/client",
            get(async |Extension(client): Extension<Client>| {
                Json([client.request_id.as_str().to_owned(), client.peer.to_string()])
            }),
        )
}

/// Answers after others had their turn.
async fn late() -> &'static str {
    tokio::time::sleep(Duration::from_millis(200)).await;
    "late"
}

/// The settings of a development server, with some of them changed.
fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

async fn start_with(change: impl FnOnce(&mut Settings)) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gate = Arc::new(Gate::new(&settings(change), Arc::new(Epoch), Arc::new(Sevens)));
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let running = tokio::spawn(serve(listener, router(), Arc::clone(&gate), shutdown));
    Server { address, gate, stop, running }
}

async fn start() -> Server {
    start_with(|_| {}).await
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends the bytes and reads until the server closes.
    async fn talk(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut tcp = self.connect().await;
        // The server may close before it has everything.
        let _ = tcp.write_all(bytes.as_ref()).await;
        read_to_end(&mut tcp).await
    }

    /// One GET on a connection of its own, with further header lines.
    async fn get(&self, path: &str, lines: &str) -> String {
        let end = "Connection: close\r\n\r\n";
        self.talk(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}{end}")).await
    }
}

/// All that comes until the other side closes, or resets what it never read.
async fn read_to_end(tcp: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(SOON, tcp.read_to_end(&mut answer)).await.expect("the connection is closed");
    String::from_utf8_lossy(&answer).into_owned()
}

/// What comes until the text is complete.
async fn read_until(tcp: &mut TcpStream, end: &str) -> String {
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).ends_with(end) {
        let mut piece = [0; 4096];
        let read = timeout(SOON, tcp.read(&mut piece)).await.expect("an answer").unwrap();
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or(answer)
}

/// A header line of an answer.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}
