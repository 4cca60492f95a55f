use jiff::Timestamp;

use super::{Call, Change, Operation, Order};

impl<'o> Order<'o> {
    /// When the client was told what had become of `open`, or of a repeat, which stands for it: by a definite
    /// answer, or because it read or undid the resource by its own id. Its key with another body is no repeat.
    pub fn told_of(&'o self, open: &'o Call<'o>) -> impl Iterator<Item = Timestamp> + 'o {
        let repeats = self.calls.iter().filter(move |call| {
            // Of a body that never arrived nobody knows whether it was another.
            let same_body = open.request.fingerprint.is_none() || call.asks_the_same_as(open);
            call.has_key_of(open) && same_body && call.request.seq > open.request.seq
        });
        let told = move |call: &'o Call<'o>| definite_at(call).into_iter().chain(self.looked_at(call));
        std::iter::once(open).chain(repeats).flat_map(told)
    }

    /// When the resource of `open` was read, or its undo begun, by its own id.
    fn looked_at(&'o self, open: &'o Call<'o>) -> impl Iterator<Item = Timestamp> + 'o {
        let resource = open.request.resource.as_deref();
        let later = self.calls.iter().filter(move |call| {
            call.domain == open.domain && call.names(resource) && call.request.seq > open.request.seq
        });
        later.filter_map(move |call| match call.operation {
            Operation::Status(_) => definite_at(call).filter(|_| self.tells(call, open)),
            operation => operation.undoes().then_some(call.request.started_at),
        })
    }

    /// Whether a read of the resource of `open` shows what became of `open`.
    fn tells(&self, read: &Call<'_>, open: &Call<'_>) -> bool {
        let mut done = self.facts.iter().filter(|fact| {
            fact.domain == open.domain
                && fact.effect.request == Some(open.request.seq)
                && fact.change != Change::Other
        });
        // The server may notice that its client has left only after the client asks on.
        open.request.abandoned
            || read.came_after(open)
            || done.any(|fact| fact.at() <= read.request.started_at)
    }
}

fn definite_at(call: &Call<'_>) -> Option<Timestamp> {
    call.request.ended_at.filter(|_| call.ending.is_definite())
}
