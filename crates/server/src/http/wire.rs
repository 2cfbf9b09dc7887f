//! The socket of one connection: reports what goes over it, and closes it so that the last answer arrives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::framing::Framing;
use super::state::State;

/// How long, and how much, is read after an answer that came before the request had ended. A socket closed
/// with unread bytes in it is reset, and a reset can overtake the answer (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// A socket between hyper and the client.
pub(super) struct Wire {
    tcp: TcpStream,
    state: Arc<State>,
    framing: Framing,
    closing: Option<Closing>,
}

/// A socket whose writing side is shut.
#[derive(Default)]
struct Closing {
    discarded: usize,
    until: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(super) fn new(tcp: TcpStream, state: Arc<State>) -> Wire {
        Wire { tcp, state, framing: Framing::new(), closing: None }
    }

    fn written(&self, outcome: Poll<io::Result<usize>>, offered: usize) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => self.state.write_stalled(),
            Poll::Ready(Ok(bytes)) => self.state.wrote(bytes, bytes == offered),
            Poll::Ready(Err(_)) => {}
        }
        outcome
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        let came = &mut buf.filled_mut()[before..];
        if !came.is_empty() {
            self.framing.scan(came);
            if self.framing.is_http2() {
                self.state.is_http2();
            }
            self.state.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.written(outcome, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.written(outcome, slices.iter().map(|slice| slice.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let closing = match &mut this.closing {
            Some(closing) => closing,
            None => {
                ready!(Pin::new(&mut this.tcp).poll_shutdown(cx))?;
                this.closing.insert(Closing::default())
            }
        };
        let mut scrap = [0; 8 * 1024];
        loop {
            let mut buf = ReadBuf::new(&mut scrap);
            match Pin::new(&mut this.tcp).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    closing.discarded += buf.filled().len();
                    if closing.discarded > LINGER_BYTES {
                        return Poll::Ready(Ok(()));
                    }
                }
                // The client has closed too, or is gone.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending if closing.discarded == 0 && !this.state.is_unread() => {
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => {
                    let until = closing.until.get_or_insert_with(|| Box::pin(sleep(LINGER)));
                    return until.as_mut().poll(cx).map(Ok);
                }
            }
        }
    }
}
