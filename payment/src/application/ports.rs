//! The driven port of payment.

#[cfg(test)]
pub(crate) mod contract;

use std::fmt::Debug;

use jiff::Timestamp;

use crate::domain::{AuthId, Authorization, Error};

/// Stores authorizations.
///
/// Every call is one atomic step, in which nothing else happens to the store. It MUST NOT block for
/// long, and MUST NOT scan all that it holds.
///
/// Each call MUST first expire every hold that is due by `now`, as of the time at which it was due:
/// nobody ever sees a hold that should have expired.
///
/// The store is bounded. When it is full, it evicts the authorizations that are
/// [settled](crate::domain::Status::is_settled), the one that was settled longest ago first. It MUST
/// NOT evict any other.
pub(crate) trait AuthorizationStore: Debug + Send + Sync {
    /// Adds the authorization that `open` makes, and returns it.
    ///
    /// `open` is called once, and only when there is room. It is given a check for taken ids, and MUST
    /// choose one that is not.
    ///
    /// # Errors
    /// [`Error::StoreFull`] without a call of `open`, or what `open` refuses with. The store MUST then
    /// hold the same authorizations as before.
    fn add(&self, now: Timestamp, open: Open<'_>) -> Result<Authorization, Error>;

    /// Lets `step` change the authorization `id`, and returns true; false, without a call of `step`,
    /// when the store does not hold it. What `step` did to the authorization MUST be stored.
    fn change(&self, id: AuthId, now: Timestamp, step: &mut dyn FnMut(&mut Authorization)) -> bool;

    /// The authorization `id` as it is at `now`, if the store holds it.
    fn find(&self, id: AuthId, now: Timestamp) -> Option<Authorization>;
}

/// Makes an authorization, given which ids are taken.
pub(crate) type Open<'a> = &'a mut dyn FnMut(&dyn Fn(AuthId) -> bool) -> Result<Authorization, Error>;

impl dyn AuthorizationStore + '_ {
    /// [Finds](AuthorizationStore::find) the authorization that a client names.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn named(&self, id: &str, now: Timestamp) -> Result<Authorization, Error> {
        let found = AuthId::parse(id).and_then(|id| self.find(id, now));
        found.ok_or_else(|| Error::NotFound { id: id.to_owned() })
    }

    /// [Changes](AuthorizationStore::change) the authorization that a client names, by `decide`.
    ///
    /// # Errors
    /// [`Error::NotFound`], or what `decide` refuses with.
    pub(super) fn decide<T>(
        &self,
        id: &str,
        now: Timestamp,
        mut decide: impl FnMut(&mut Authorization) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut decision = None;
        if let Some(id) = AuthId::parse(id) {
            self.change(id, now, &mut |authorization| decision = Some(decide(authorization)));
        }
        decision.unwrap_or_else(|| Err(Error::NotFound { id: id.to_owned() }))
    }
}
