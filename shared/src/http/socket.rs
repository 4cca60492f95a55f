use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::opening::Opening;
use crate::chaos::Severed;

/// A response extension: an error of this response's body cuts the connection in this way.
#[derive(Clone, Copy, Debug)]
pub struct SeversAtEnd(pub Severed);

/// A body whose error cuts the connection, once all that came before it is on its way.
#[derive(Debug)]
pub(super) struct SeveringBody {
    body: Body,
    shears: Shears,
    how: Severed,
    error: Option<axum::Error>,
}

impl SeveringBody {
    pub(super) fn new(body: Body, shears: Shears, how: Severed) -> Self {
        Self { body, shears, how, error: None }
    }
}

impl HttpBody for SeveringBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(error) = self.error.take() {
            self.shears.cut(self.how);
            return Poll::Ready(Some(Err(error)));
        }
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Err(error)) => {
                // The server sends what it has when a body has nothing more for now.
                self.error = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            frame => Poll::Ready(frame),
        }
    }
}

/// The handle by which a response cuts the connection it was to be written to.
#[derive(Clone, Debug, Default)]
pub(super) struct Shears(Arc<AtomicU8>);

impl Shears {
    const OPEN: u8 = 0;
    const RESET: u8 = 1;
    const EMPTY: u8 = 2;

    /// From now on nothing is written; the connection ends like this.
    pub(super) fn cut(&self, how: Severed) {
        let how = match how {
            Severed::Reset => Self::RESET,
            Severed::Empty => Self::EMPTY,
        };
        self.0.store(how, Ordering::Release);
    }
}

/// A TCP stream that can be cut, which an HTTP server otherwise gives no handler the means for, and
/// on which a client that does not begin is not waited for.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    shears: Shears,
    opening: Option<Opening>,
}

impl Socket {
    /// A socket whose client must have said by `deadline` which HTTP it speaks.
    pub(super) fn new(stream: TcpStream, deadline: Instant) -> (Self, Shears) {
        let shears = Shears::default();
        (Self { stream, shears: shears.clone(), opening: Some(Opening::until(deadline)) }, shears)
    }

    fn check(&self) -> io::Result<()> {
        match self.shears.0.load(Ordering::Acquire) {
            Shears::OPEN => Ok(()),
            how => {
                if how == Shears::RESET {
                    // Closing a socket that must not linger sends RST in place of FIN.
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
            if !opening.goes_on_after(&buffer.filled()[before..]) {
                self.opening = None;
            }
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
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
