use super::Address;

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("notification `{id}` does not exist")]
    NotFound { id: String },
    #[error("recipient {address} does not accept messages")]
    InvalidRecipient { address: Address },
}
