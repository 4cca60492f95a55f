use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::opening::Opening;
use super::stall::Stall;
use crate::chaos::Severed;

/// How long a body's data may take to be sent before the body's error follows. Over HTTP/2 a separate
/// task writes, and an error overtakes the data that waits for it.
const ON_ITS_WAY: Duration = Duration::from_millis(5);

/// A response extension: an error of this response's body cuts the connection in this way; over
/// HTTP/2, the response's stream.
#[derive(Clone, Copy, Debug)]
pub struct SeversAtEnd(pub Severed);

/// A body whose error comes after all data before it was sent, and then cuts the connection, if it holds a
/// [`ConnectionCutter`].
#[derive(Debug)]
pub(super) struct SeveringBody {
    body: Body,
    cutter: Option<ConnectionCutter>,
    how: Severed,
    error: Option<(axum::Error, Pin<Box<Sleep>>)>,
}

impl SeveringBody {
    pub(super) fn new(body: Body, cutter: Option<ConnectionCutter>, how: Severed) -> Self {
        Self { body, cutter, how, error: None }
    }
}

impl HttpBody for SeveringBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.error.is_none() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                // The server flushes when a body has nothing more for now.
                Some(Err(error)) => self.error = Some((error, Box::pin(sleep(ON_ITS_WAY)))),
                frame => return Poll::Ready(frame),
            }
        }
        if let Some((_, wait)) = &mut self.error {
            ready!(wait.as_mut().poll(cx));
        }
        if let Some(cutter) = &self.cutter {
            cutter.cut(self.how);
        }
        Poll::Ready(self.error.take().map(|(error, _)| Err(error)))
    }
}

/// The handle by which a response cuts the connection it was to be written to.
#[derive(Clone, Debug, Default)]
pub(super) struct ConnectionCutter(Arc<AtomicU8>);

impl ConnectionCutter {
    const OPEN: u8 = 0;
    const RESET: u8 = 1;
    const EMPTY: u8 = 2;

    /// From now on nothing is written; the connection ends in this way.
    pub(super) fn cut(&self, how: Severed) {
        let how = match how {
            Severed::Reset => Self::RESET,
            Severed::Empty => Self::EMPTY,
        };
        self.0.store(how, Ordering::Release);
    }
}

/// A TCP stream that a handler can cut, which an HTTP server does not offer otherwise, and that does not
/// wait for a client that sends nothing, or that accepts nothing.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    cutter: ConnectionCutter,
    opening: Option<Opening>,
    stall: Stall,
}

impl Socket {
    /// A socket whose client must show by `deadline` which HTTP version it speaks, and accept some of what
    /// is written within every `stall`.
    pub(super) fn new(stream: TcpStream, deadline: Instant, stall: Duration) -> (Self, ConnectionCutter) {
        let cutter = ConnectionCutter::default();
        let (opening, stall) = (Some(Opening::until(deadline)), Stall::limited_to(stall));
        (Self { stream, cutter: cutter.clone(), opening, stall }, cutter)
    }

    fn check(&self) -> io::Result<()> {
        match self.cutter.0.load(Ordering::Acquire) {
            ConnectionCutter::OPEN => Ok(()),
            how => {
                if how == ConnectionCutter::RESET {
                    // Closing a socket that does not linger sends RST instead of FIN.
                    self.stream.set_zero_linger()?;
                }
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut by chaos"))
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // An error of the response's body ends the connection without another write.
        let _ = self.check();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Some(opening) = &mut self.opening {
            if read.is_pending() {
                ready!(opening.poll_over(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            if !opening.is_still_preface(&buffer.filled()[before..]) {
                self.opening = None;
            }
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.stall.limit(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.stall.limit(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
