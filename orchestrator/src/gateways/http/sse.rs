//! Server-Sent Events: the parts of the format that our clients meet.

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;

use super::answer;
use crate::gateways::GatewayError;

/// The largest event, in bytes.
const MAX_EVENT: usize = 1 << 20;

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its type.
    pub(super) name: String,
    /// Its data, the lines joined.
    pub(super) data: String,
}

/// The events of a stream. Dropping it closes the request.
pub(super) struct Events {
    body: BodyDataStream,
    buffer: Vec<u8>,
}

impl Events {
    pub(super) fn of(body: Body) -> Self {
        Self { body: body.into_data_stream(), buffer: Vec::new() }
    }

    /// The next event; the end of the stream counts as a lost connection, since the answer is an event.
    pub(super) async fn next(&mut self) -> Result<Event, GatewayError> {
        loop {
            if let Some(event) = self.take_event() {
                return Ok(event);
            }
            match self.body.next().await {
                Some(Ok(chunk)) if self.buffer.len() + chunk.len() <= MAX_EVENT => {
                    self.buffer.extend_from_slice(&chunk);
                }
                Some(Ok(_)) => return Err(answer::lost(&"an event is larger than 1 MiB")),
                Some(Err(error)) => return Err(answer::lost(&error)),
                None => return Err(answer::lost(&"the stream ended before its answer")),
            }
        }
    }

    /// The next event of the buffer, if it contains a whole one with data.
    fn take_event(&mut self) -> Option<Event> {
        loop {
            let (length, separator) = blank_line(&self.buffer)?;
            let block = &self.buffer[..length];
            let event = match std::str::from_utf8(block) {
                Ok(text) => parse(text),
                Err(_) => parse(&String::from_utf8_lossy(block)),
            };
            self.buffer.drain(..length + separator);
            if !event.data.is_empty() {
                return Some(event);
            }
        }
    }
}

/// Where the line before the first blank line ends, and how long the two line ends are.
fn blank_line(buffer: &[u8]) -> Option<(usize, usize)> {
    let mut line_ends = buffer.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    line_ends.find_map(|at| match &buffer[at + 1..] {
        [b'\n', ..] => Some((at, 2)),
        [b'\r', b'\n', ..] => Some((at, 3)),
        _ => None,
    })
}

fn parse(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "data" => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data.push_str(value);
            }
            // Comments (keep-alive), ids and retry times mean nothing here.
            _ => {}
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    async fn read_all(chunks: Vec<&'static [u8]>) -> Vec<(String, String)> {
        let chunks = chunks.into_iter().map(|chunk| Ok::<_, std::io::Error>(Bytes::from_static(chunk)));
        let mut events = Events::of(Body::from_stream(stream::iter(chunks)));
        let mut all = Vec::new();
        while let Ok(event) = events.next().await {
            all.push((event.name, event.data));
        }
        all
    }

    #[tokio::test]
    async fn events_are_read_however_they_are_cut() {
        let text: &[u8] =
            b": hi\n\nevent: progress\ndata: {\"progress\":0}\n\nevent:label\r\nid: 7\r\ndata: a\r\ndata: b\r\n\r\nevent: lost";
        let whole = read_all(vec![text]).await;
        let expected = [("progress", "{\"progress\":0}"), ("label", "a\nb")];
        assert_eq!(whole, expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
        for cut in 0..text.len() {
            assert_eq!(read_all(vec![&text[..cut], &text[cut..]]).await, whole, "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn an_endless_event_is_refused() {
        let chunk: &[u8] = Box::leak(vec![b'x'; MAX_EVENT / 2 + 1].into_boxed_slice());
        assert_eq!(read_all(vec![chunk, chunk]).await, []);
    }
}
