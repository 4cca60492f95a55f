use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{CallContext, GatewayError};
use crate::domain::Address;

/// Makes shipping labels. See [the gateways' contract](super) for keys and errors.
///
/// A label takes time and reports its progress. Dropping the call before the label is generated leaves
/// none: the label that was named is void, and a repeat under the key begins another. Once generated,
/// it stands, whether or not its client got the answer.
pub trait CarrierGateway: Send + Sync {
    /// Creates a label. `on_progress` is called at every step, first with the label's id at 0 %; for a
    /// label that was already generated under this key, it is not called.
    ///
    /// # Errors
    /// `address_validation_failed`, `validation_error` when refused; `carrier_error` when the carrier
    /// cannot do it now; `label_cancelled` when it was cancelled meanwhile.
    fn create_label<'a>(
        &'a self,
        request: &'a LabelRequest,
        context: CallContext<'a>,
        on_progress: OnProgress<'a>,
    ) -> BoxFuture<'a, Result<Label, GatewayError>>;

    /// The id of the label under this key: of the one that stands, or else of one that this very call
    /// begins and, by disconnecting at once, abandons. Either way no other label with this key can be
    /// live, and cancelling the id leaves none.
    ///
    /// # Errors
    /// As [`create_label`](Self::create_label).
    fn find_label<'a>(
        &'a self,
        request: &'a LabelRequest,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<SmolStr, GatewayError>>;

    /// Cancels a label, also one that is still being generated.
    ///
    /// # Errors
    /// `already_cancelled` when it is already void; `not_found`.
    fn cancel<'a>(
        &'a self,
        label_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;
}

/// Is called with a label's progress.
pub type OnProgress<'a> = &'a (dyn Fn(&LabelProgress) + Send + Sync);

/// A request for a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelRequest {
    /// Where the parcel goes.
    pub shipping_address: Address,
    /// For which order.
    pub order_id: SmolStr,
}

/// The progress of a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelProgress {
    /// Which label.
    pub label_id: SmolStr,
    /// Percent.
    pub progress: u8,
}

/// A generated label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// The label's id.
    pub label_id: SmolStr,
    /// The number with which the customer tracks the parcel.
    pub tracking_number: SmolStr,
}
