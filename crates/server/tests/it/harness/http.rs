//! HTTP/1.1 over a plain socket: small, and honest about every byte, since some tests send what no client would.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer may take; a test that reaches it has found a hang.
const PATIENCE: Duration = Duration::from_secs(40);

/// One request, written as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Request {
        Request { method: method.into(), target: target.into(), headers: Vec::new(), body: None }
    }

    pub(crate) fn get(target: &str) -> Request {
        Request::new("GET", target)
    }

    pub(crate) fn post(target: &str) -> Request {
        Request::new("POST", target)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Request {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// A form as a browser sends it.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Request {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
        self.body("application/x-www-form-urlencoded", pairs.join("&"))
    }

    pub(crate) fn json(self, body: &Value) -> Request {
        self.body("application/json", body.to_string())
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(held, _)| held.eq_ignore_ascii_case(name))
    }

    /// The bytes on the wire; `Host` and `Content-Length` are added where the request does not say otherwise.
    pub(crate) fn bytes(&self, host: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.has("host") {
            head.push_str(&format!("host: {host}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = self.body.as_deref();
        if let Some(body) = body.filter(|_| !self.has("content-length") && !self.has("transfer-encoding")) {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), body.unwrap_or_default()].concat()
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; fails the test if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }

    /// The `detail` of a refusal.
    pub(crate) fn detail(&self) -> Value {
        self.json()["detail"].clone()
    }
}

/// One connection, kept alive as long as the test wants.
pub(crate) struct Connection {
    stream: TcpStream,
    host: SocketAddr,
    held: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(host: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect_timeout(&host, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, host, held: Vec::new() })
    }

    /// Sends one request and reads its answer.
    pub(crate) fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        // A server that refuses early closes while we still write; its answer is what counts.
        let sent = self.send(&request.bytes(self.host));
        match self.receive(request.method == "HEAD") {
            Ok(response) => Ok(response),
            Err(error) => sent.and(Err(error)),
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads one answer, past any interim ones.
    pub(crate) fn receive(&mut self, head_only: bool) -> io::Result<Response> {
        loop {
            let head = self.until(b"\r\n\r\n")?;
            let (status, headers) = parse_head(&head)?;
            let mut response = Response { status, headers, body: Vec::new() };
            if (100..200).contains(&status) {
                continue;
            }
            if !head_only && status != 204 && status != 304 {
                response.body = self.read_body(&response)?;
            }
            return Ok(response);
        }
    }

    /// Everything until the server closes; an abrupt close counts as one, a connection that stays open does not.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.held);
        let mut chunk = [0; 16 * 1024];
        loop {
            match self.read(&mut chunk) {
                Ok(n @ 1..) => bytes.extend_from_slice(&chunk[..n]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("left open after {}", String::from_utf8_lossy(&bytes))
                }
                Ok(0) | Err(_) => return bytes,
            }
        }
    }

    fn read_body(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        if response.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.read_chunks();
        }
        match response.header("content-length") {
            Some(length) => {
                let length = length.parse().map_err(|_| malformed("content-length"))?;
                self.take(length)
            }
            None => Ok(self.rest()),
        }
    }

    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n")?;
            let size = std::str::from_utf8(&line).map_err(|_| malformed("chunk size"))?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(|_| malformed("chunk size"))?;
            body.extend(self.take(size)?);
            self.until(b"\r\n")?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.held.len() < length {
            self.fill()?;
        }
        let after = self.held.split_off(length);
        Ok(std::mem::replace(&mut self.held, after))
    }

    /// What stands before `mark`; the mark is read and dropped.
    fn until(&mut self, mark: &[u8]) -> io::Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.held[searched..].windows(mark.len()).position(|window| window == mark) {
                let after = self.held.split_off(searched + at + mark.len());
                let mut before = std::mem::replace(&mut self.held, after);
                before.truncate(searched + at);
                return Ok(before);
            }
            searched = self.held.len().saturating_sub(mark.len());
            self.fill()?;
        }
    }

    /// A read with a timeout is cut short when the process is stopped and goes on, or is traced.
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        match self.read(&mut chunk)? {
            0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "closed by the server")),
            n => {
                self.held.extend_from_slice(&chunk[..n]);
                Ok(())
            }
        }
    }
}

fn parse_head(head: &[u8]) -> io::Result<(u16, Vec<(String, String)>)> {
    let text = std::str::from_utf8(head).map_err(|_| malformed("head"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers = lines
        .map(|line| {
            line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect::<Option<_>>();
    Ok((status.ok_or_else(|| malformed("status"))?, headers.ok_or_else(|| malformed("header"))?))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("malformed {what}"))
}

/// Percent-encoded, all but letters and digits.
pub(crate) fn percent(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
