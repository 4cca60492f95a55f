use jiff::Timestamp;

/// A domain's store, as far as those who read or reset its ledger must know it.
pub trait DomainStore: Send + Sync {
    /// Applies every expiry due by `now` and writes it to the ledger.
    fn expire(&self, now: Timestamp);

    /// Clears everything. Requests in flight MUST be able to end afterwards.
    fn clear(&self);
}
