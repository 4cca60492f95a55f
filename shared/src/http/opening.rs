use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

/// The bytes with which an HTTP/2 connection begins (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The beginning of a connection, while it may still become HTTP/2 or HTTP/1: the server itself waits
/// without a limit for the bytes that tell them apart.
#[derive(Debug)]
pub(super) struct Opening {
    /// How much of the preface was read.
    read: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Opening {
    /// An opening that may take until `deadline`.
    pub(super) fn until(deadline: Instant) -> Self {
        Self { read: 0, deadline: Box::pin(tokio::time::sleep_until(deadline)) }
    }

    /// Whether `bytes` continue an HTTP/2 preface that they do not complete yet.
    pub(super) fn is_still_preface(&mut self, bytes: &[u8]) -> bool {
        let rest = &PREFACE[self.read..];
        self.read += bytes.len();
        bytes.len() < rest.len() && rest.starts_with(bytes)
    }

    /// Waits for the deadline.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.deadline.as_mut().poll(cx)
    }
}
