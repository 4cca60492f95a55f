use jiff::Timestamp;
use serde::Serialize;
use shared::ledger::Request;
use utoipa::ToSchema;

use super::Fact;
use crate::audit::Domain;

/// A request as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The domain.
    pub domain: Domain,
    /// The requested operation.
    pub operation: Operation<'a>,
    /// What its end told the client.
    pub ending: Ending,
    /// The record.
    pub request: &'a Request,
}

/// The requested operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation<'a> {
    /// `payment.authorize`
    Authorize,
    /// `payment.capture`
    Capture,
    /// `payment.release`
    ReleasePayment,
    /// `payment.refund`
    Refund,
    /// `inventory.reserve`
    Reserve,
    /// `inventory.release`
    ReleaseStock,
    /// `shipping.create_label`
    CreateLabel,
    /// `shipping.cancel`
    CancelLabel,
    /// `notification.send`
    Send,
    /// `payment.status` and the like
    Status(Domain),
    /// Anything else, which no rule names.
    Other(&'a str),
}

/// What a request's end told its client. (Rule: what an answer means to a client that knows only this
/// answer.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It has not ended.
    Executing,
    /// A readable 2xx.
    Done,
    /// It did not happen and will not.
    Rejected,
    /// It did not happen; a retry may succeed.
    Unavailable,
    /// It may have happened.
    Unknown,
    /// An earlier request under the same key is still executing.
    InProgress,
}

/// What a request asks for: see [`Call::question`].
pub(in crate::audit) type Question<'a> = (Operation<'a>, Option<&'a str>, Option<&'a str>);

impl Ending {
    fn of(request: &Request) -> Self {
        if request.ended_at.is_none() {
            return Self::Executing;
        }
        let Some(status) = request.status.filter(|_| !request.abandoned) else { return Self::Unknown };
        match status {
            200..=299 if !request.garbled => Self::Done,
            409 if request.error.as_deref() == Some("idempotency_in_progress") => Self::InProgress,
            429 | 503 => Self::Unavailable,
            408 => Self::Unknown,
            400..=499 => Self::Rejected,
            _ => Self::Unknown,
        }
    }

    /// Whether the client knows the request's final outcome.
    pub fn is_definite(self) -> bool {
        matches!(self, Self::Done | Self::Rejected)
    }
}

impl<'a> Operation<'a> {
    fn named(name: &'a str) -> Self {
        match name {
            "payment.authorize" => Self::Authorize,
            "payment.capture" => Self::Capture,
            "payment.release" => Self::ReleasePayment,
            "payment.refund" => Self::Refund,
            "payment.status" => Self::Status(Domain::Payment),
            "inventory.reserve" => Self::Reserve,
            "inventory.release" => Self::ReleaseStock,
            "inventory.status" => Self::Status(Domain::Inventory),
            "shipping.create_label" => Self::CreateLabel,
            "shipping.cancel" => Self::CancelLabel,
            "shipping.status" => Self::Status(Domain::Shipping),
            "notification.send" => Self::Send,
            "notification.status" => Self::Status(Domain::Notification),
            other => Self::Other(other),
        }
    }

    /// Whether it changes something, so that it should carry an idempotency key.
    pub fn is_write(self) -> bool {
        !matches!(self, Self::Status(_) | Self::Other(_))
    }

    /// Whether it makes something that may have to be undone.
    pub fn commits(self) -> bool {
        matches!(self, Self::Authorize | Self::Reserve | Self::Capture | Self::CreateLabel)
    }

    /// Whether it undoes something.
    pub fn undoes(self) -> bool {
        matches!(self, Self::ReleasePayment | Self::Refund | Self::ReleaseStock | Self::CancelLabel)
    }
}

impl<'a> Call<'a> {
    /// The request, as one to this domain.
    pub fn new(domain: Domain, request: &'a Request) -> Self {
        let operation = Operation::named(&request.operation);
        Self { domain, operation, ending: Ending::of(request), request }
    }

    /// What it asks for: the operation with its body or, for a read, with its resource. A write whose
    /// body was not read has no question that another request could repeat.
    pub(in crate::audit) fn question(&self) -> Option<Question<'a>> {
        let resource = self.request.resource.as_deref();
        match self.request.fingerprint.as_deref() {
            Some(body) => Some((self.operation, Some(body), None)),
            None => {
                resource.filter(|_| !self.operation.is_write()).map(|id| (self.operation, None, Some(id)))
            }
        }
    }

    /// Whether both ask for the same with the same body; two reads, for the same resource.
    pub fn asks_the_same_as(&self, other: &Self) -> bool {
        self.question().is_some_and(|question| other.question() == Some(question))
    }

    /// Its idempotency key, which belongs to one operation.
    pub fn key(&self) -> Option<(Operation<'a>, &'a str)> {
        self.request.idempotency_key.as_deref().map(|key| (self.operation, key))
    }

    /// Whether both are the same request under the same key.
    pub fn has_key_of(&self, other: &Self) -> bool {
        self.key().is_some_and(|key| other.key() == Some(key))
    }

    /// Whether it is about this resource.
    pub fn names(&self, resource: Option<&str>) -> bool {
        resource.is_some() && self.request.resource.as_deref() == resource
    }

    /// Whether it had ended by `time`.
    pub fn ended_by(&self, time: Timestamp) -> bool {
        self.request.ended_at.is_some_and(|ended_at| ended_at <= time)
    }

    /// Whether it certainly began before something happened. As with two facts, time does not always tell.
    pub fn began_before(&self, fact: &Fact<'_>, one_sequence: bool) -> bool {
        let comparable = one_sequence || self.domain == fact.domain;
        let (began_at, at) = (self.request.started_at, fact.at());
        began_at < at || (began_at == at && comparable && self.request.seq < fact.effect.seq)
    }

    /// Whether it began after `earlier` had ended. Within one millisecond, its answer may tell that it did not.
    pub fn came_after(&self, earlier: &Self) -> bool {
        let began_at = self.request.started_at;
        let overlapped = self.ending == Ending::InProgress
            && self.has_key_of(earlier)
            && earlier.request.ended_at == Some(began_at);
        self.request.seq > earlier.request.seq && earlier.ended_by(began_at) && !overlapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::story::request;

    #[test]
    fn an_answer_means_what_it_tells_a_client_that_knows_nothing_else() {
        use Ending::{Done, Executing, InProgress, Rejected, Unavailable, Unknown};
        for (line, ending) in [
            ("0s payment.authorize -> 201", Done),
            ("0s payment.authorize -> 200 garbled", Unknown),
            ("0s payment.authorize -> 402 insufficient_funds", Rejected),
            ("0s payment.capture -> 409 already_captured", Rejected),
            ("0s payment.authorize -> 409 idempotency_in_progress", InProgress),
            ("0s payment.authorize -> 408 timeout", Unknown),
            ("0s payment.authorize -> 429 rate_limited", Unavailable),
            ("0s payment.authorize -> 503 unavailable", Unavailable),
            ("0s payment.authorize -> 500 internal_error", Unknown),
            ("0s payment.authorize -> 502", Unknown),
            ("0s payment.authorize -> lost", Unknown),
            ("0s payment.authorize -> abandoned", Unknown),
            ("0s payment.authorize -> executing", Executing),
        ] {
            assert_eq!(Ending::of(&request(line)), ending, "{line}");
        }
    }
}
