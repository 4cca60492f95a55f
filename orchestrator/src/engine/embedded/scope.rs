use std::cell::RefCell;
use std::rc::Rc;

use crate::workflow::Cancelled;

/// A cancellation scope. It knows its parent but not its children, so that nothing must be removed
/// from a list when a scope is dropped.
#[derive(Default)]
pub(super) struct Scope {
    parent: Option<Rc<Scope>>,
    cancelled: RefCell<Option<Cancelled>>,
}

impl Scope {
    pub(super) fn child_of(parent: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self { parent: Some(Rc::clone(parent)), cancelled: RefCell::default() })
    }

    /// Why this scope, or the nearest enclosing one, was cancelled.
    pub(super) fn cancellation(&self) -> Option<Cancelled> {
        self.cancelled.borrow().clone().or_else(|| self.parent.as_ref()?.cancellation())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.borrow().is_some() || self.parent.as_ref().is_some_and(|parent| parent.is_cancelled())
    }

    /// Whether it was this call that cancelled it.
    pub(super) fn cancel(&self, reason: &str) -> bool {
        if self.is_cancelled() {
            return false;
        }
        *self.cancelled.borrow_mut() = Some(Cancelled { reason: reason.to_owned() });
        true
    }
}
