use jiff::Timestamp;

/// What a domain keeps beside its ledger, as far as those who read or reset a ledger must know it.
pub trait DomainStore: Send + Sync {
    /// Lets happen what the clock has brought by `now`, so that the ledger tells of it.
    fn expire(&self, now: Timestamp);

    /// Forgets everything. Requests in flight MUST be able to end afterwards.
    fn clear(&self);
}
