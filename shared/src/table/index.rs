use super::Table;
use crate::digest::ShortHash;

/// The numbers of what is kept elsewhere, by hashes. It keeps these, so that it can grow without a look at everything
/// that has a number.
#[derive(Debug)]
pub(crate) struct Index<N>(Table<(ShortHash, N)>);

// Not derived, since that would require `N: Default`.
impl<N> Default for Index<N> {
    fn default() -> Self {
        Self(Table::default())
    }
}

impl<N: Copy> Index<N> {
    /// The number with this hash of which `is_it` is true.
    pub(crate) fn find(&self, hash: ShortHash, is_it: impl Fn(N) -> bool) -> Option<N> {
        let found = self.0.find(hash.spread(), |(known, number)| *known == hash && is_it(*number));
        found.map(|(_, number)| *number)
    }

    /// Announces that `hash` will be looked up: see [`Table::fetch`].
    pub(crate) fn fetch(&self, hash: ShortHash) {
        self.0.fetch(hash.spread());
    }

    /// Adds a number. Those that are not needed any more may be dropped: see [`Table::add`].
    pub(crate) fn add(&mut self, hash: ShortHash, number: N, is_needed: impl Fn(ShortHash, N) -> bool) {
        self.0.add((hash, number), |(hash, _)| hash.spread(), |(hash, number)| is_needed(*hash, *number));
    }
}
