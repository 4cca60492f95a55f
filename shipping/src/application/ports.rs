//! The driven port of shipping.

use std::fmt;

use crate::domain::{Error, Label, LabelId};

/// Stores labels. Bounded: when it is full, the label that was settled first is evicted for a new one;
/// a label that is generating or generated never is.
pub(crate) trait LabelStore: fmt::Debug + Send + Sync {
    /// Whether a label could be added now.
    ///
    /// # Errors
    /// MUST be [`Error::StoreFull`] when no label can be evicted for it.
    fn ensure_room(&self) -> Result<(), Error>;

    /// Adds a label under its id.
    ///
    /// # Errors
    /// [`AddError`]; then nothing MUST have changed, and no label MUST have been evicted.
    fn add(&self, label: Label) -> Result<(), AddError>;

    /// Replaces a label by what `step` makes of it, and returns that. Load, step and save are one
    /// atomic change: of two that run at once, one MUST see the other's result.
    ///
    /// # Errors
    /// [`Error::UnknownLabel`] when the store does not hold it, and whatever `step` refuses with; then
    /// the label MUST be unchanged.
    fn change(&self, id: LabelId, step: &dyn Fn(&Label) -> Result<Label, Error>) -> Result<Label, Error>;

    /// A copy of the label, if the store holds it.
    fn find(&self, id: LabelId) -> Option<Label>;
}

/// Why a label was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddError {
    /// Another label has the id: try again with the next.
    #[error("the id is taken")]
    IdTaken,
    /// There is no room.
    #[error(transparent)]
    Refused(#[from] Error),
}
