use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::scope::Scope;

/// The operations of one kind that a workflow has begun and that have not ended, by id. They stay here
/// when their future is dropped: only their scope cancels them.
pub(super) struct Operations<K, T>(BTreeMap<K, Operation<T>>);

struct Operation<T> {
    scope: Rc<Scope>,
    result: Rc<Cell<Option<T>>>,
    cancelling: bool,
}

impl<K, T> Default for Operations<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone, T> Operations<K, T> {
    pub(super) fn contains(&self, id: &K) -> bool {
        self.0.contains_key(id)
    }

    pub(super) fn begin(&mut self, id: K, scope: &Rc<Scope>) -> Outcome<T> {
        let result = Rc::new(Cell::new(None));
        let operation = Operation { scope: Rc::clone(scope), result: Rc::clone(&result), cancelling: false };
        self.0.insert(id, operation);
        Outcome(result)
    }

    /// Whether there was such an operation.
    pub(super) fn end(&mut self, id: &K, result: T) -> bool {
        let ended = self.0.remove(id);
        ended.is_some_and(|operation| {
            operation.result.set(Some(result));
            true
        })
    }

    /// The operations whose scope is cancelled, in order, each reported once.
    pub(super) fn newly_cancelled(&mut self) -> Vec<(K, Rc<Scope>)> {
        let hit = self
            .0
            .iter_mut()
            .filter(|(_, operation)| !operation.cancelling && operation.scope.is_cancelled());
        hit.map(|(id, operation)| {
            operation.cancelling = true;
            (id.clone(), Rc::clone(&operation.scope))
        })
        .collect()
    }
}

/// Waits for an operation's result. Without a waker: a workflow is polled as a whole.
pub(super) struct Outcome<T>(Rc<Cell<Option<T>>>);

impl<T> Future for Outcome<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}
