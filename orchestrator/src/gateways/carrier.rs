use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{CallContext, GatewayError};
use crate::domain::Address;

/// Makes shipping labels. See [the gateways' contract](super) for keys and errors.
///
/// A label takes its time and tells its progress. Dropping the call before the label is made leaves
/// none: the label that was named is void, and a repeat under the key begins another. Once made it
/// stands, whether or not anybody heard of it.
pub trait CarrierGateway: Send + Sync {
    /// Has a label made. `on_progress` hears of every step, first of the label's id at 0 %; for a
    /// label that was made under this key before, it hears nothing.
    ///
    /// # Errors
    /// `address_validation_failed`, `validation_error` when refused; `carrier_error` when the carrier
    /// cannot do it now; `label_cancelled` when somebody cancelled it meanwhile.
    fn create_label<'a>(
        &'a self,
        request: &'a LabelRequest,
        context: CallContext<'a>,
        on_progress: OnProgress<'a>,
    ) -> BoxFuture<'a, Result<Label, GatewayError>>;

    /// The id of the label that is made under this key: of the one that stands, or else of one that
    /// this very call begins and, by leaving at once, gives up. Either way no other label of this
    /// key can be live, and cancelling the id leaves none.
    ///
    /// # Errors
    /// As [`create_label`](Self::create_label).
    fn find_label<'a>(
        &'a self,
        request: &'a LabelRequest,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<String, GatewayError>>;

    /// Cancels a label, made or still being made.
    ///
    /// # Errors
    /// `already_cancelled` when it is void already; `not_found`.
    fn cancel<'a>(
        &'a self,
        label_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;
}

/// Hears of a label's progress.
pub type OnProgress<'a> = &'a (dyn Fn(&LabelProgress) + Send + Sync);

/// What to make a label for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelRequest {
    /// Where the parcel goes.
    pub shipping_address: Address,
    /// For which order.
    pub order_id: String,
}

/// How far a label is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelProgress {
    /// Which label.
    pub label_id: String,
    /// Percent.
    pub progress: u8,
}

/// A label is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Names the label.
    pub label_id: String,
    /// What the customer follows the parcel by.
    pub tracking_number: String,
}
