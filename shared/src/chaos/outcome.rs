use std::fmt;
use std::time::Duration;

/// One thing that may happen to a request, by the name that tables and scripts use.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Such as `timeout_after`.
    pub name: &'static str,
    /// When it strikes, which decides whether the operation happens.
    pub moment: Moment,
    /// What the client gets to see.
    pub surface: Surface,
    /// The delay if neither a table nor a script sets one with `@`, nor the operation's own table.
    pub delay: Duration,
    /// A sentence for humans.
    pub summary: &'static str,
}

/// When an outcome strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the operation, which then does not happen. Nothing is kept under the key, so a
    /// retry is a new attempt.
    Before,
    /// In place of an operation that would succeed now: a refusal that the domain itself decides
    /// and keeps under the key. If the operation would not succeed, the real answer is given.
    Instead,
    /// After the operation, whatever its result, which is kept under the key.
    After,
    /// After the operation, if it succeeded; otherwise the real answer is given.
    AfterSuccess,
}

/// What a client sees.
#[derive(Clone, Copy, Debug)]
pub enum Surface {
    /// The operation's own answer.
    Answer,
    /// This error.
    Problem(&'static ProblemKind),
    /// Nothing, for at most five minutes.
    Silence,
    /// The connection is cut.
    Severed(Severed),
    /// 200, with JSON that is cut short.
    Garbled,
}

/// How a connection is cut. Put into a response's extensions, it cuts the response's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severed {
    /// A TCP RST.
    Reset,
    /// A close without an answer.
    Empty,
}

impl fmt::Display for Severed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reset => "connection reset by chaos",
            Self::Empty => "connection closed by chaos",
        })
    }
}

impl std::error::Error for Severed {}

/// A kind of error answer: everything about it that does not change from request to request.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemKind {
    /// The HTTP status.
    pub status: u16,
    /// The stable name that clients match on, in the members `error` and `type`.
    pub code: &'static str,
    /// A short phrase for people.
    pub title: &'static str,
    /// How long a client should wait, before `TIME_SCALE`; `None` if the answer does not say.
    pub retry_after: Option<Duration>,
}

impl ProblemKind {
    /// A kind that does not say when to retry.
    pub const fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, retry_after: None }
    }

    /// A kind that asks clients to wait for that many seconds.
    pub const fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(Duration::from_secs(seconds)), ..self }
    }
}

impl Outcome {
    /// The error that a client sees, if it sees one.
    pub fn problem(&self) -> Option<&'static ProblemKind> {
        match self.surface {
            Surface::Problem(kind) => Some(kind),
            _ => None,
        }
    }

    /// An error before the operation: nothing happened, and a retry may succeed.
    pub const fn failure(problem: &'static ProblemKind, summary: &'static str) -> Self {
        Self {
            name: problem.code,
            moment: Moment::Before,
            surface: Surface::Problem(problem),
            delay: Duration::ZERO,
            summary,
        }
    }

    /// A business refusal in place of an operation that would succeed.
    pub const fn refusal(problem: &'static ProblemKind, summary: &'static str) -> Self {
        Self { moment: Moment::Instead, ..Self::failure(problem, summary) }
    }

    /// A refusal sent after the effect was applied, as if an earlier attempt had succeeded.
    pub const fn misreport(problem: &'static ProblemKind, summary: &'static str) -> Self {
        Self { moment: Moment::AfterSuccess, ..Self::failure(problem, summary) }
    }

    /// The same outcome with another delay.
    #[must_use]
    pub const fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}
