//! The activities that workflows can run: each one's contract, its options and its implementation
//! over the gateway ports.
//!
//! Forward activities are named after their step and undos after their compensation, so that
//! readers of a run can join them. A *repeat* sends a forward activity's request again, under that
//! activity's key, because its answer was lost; it is a separate activity, so that its result is
//! journaled before anything is undone.

mod call;
mod inventory;
mod notification;
mod options;
mod payment;
mod services;
mod settings;
mod shipping;

use shared::time::TimeScale;

use crate::workflow::ActivityRegistrar;
use options::{compensation, inventory, label, notification, payment};

pub use call::{Call, Undone};
pub use inventory::{ReleaseInventory, RepeatReserve, ReserveInventory};
pub use notification::NotifyCustomer;
pub use options::first_repeat_backoff;
pub use payment::{
    AuthorizePayment, CapturePayment, PaymentReference, ReadPayment, RefundPayment, RefundRequest,
    ReleasePayment, RepeatAuthorize, RepeatReadPayment,
};
pub use services::Services;
pub use settings::{ActivitySettings, AttemptSettings, CompensationSettings};
pub use shipping::{CancelShipping, CreateLabel, FoundLabel, RepeatCreateLabel};

/// Registers every activity, with the options that `settings` and this process's `scale` give it.
pub fn register(
    registrar: &mut impl ActivityRegistrar<Services>,
    settings: &ActivitySettings,
    scale: TimeScale,
) {
    let settings = &settings.at(scale);
    registrar.add::<AuthorizePayment>(payment(settings, scale));
    registrar.add::<ReserveInventory>(inventory(settings, scale));
    registrar.add::<CapturePayment>(payment(settings, scale));
    registrar.add::<ReadPayment>(payment(settings, scale));
    registrar.add::<CreateLabel>(label(settings, scale));
    registrar.add::<NotifyCustomer>(notification(settings, scale));

    registrar.add::<CancelShipping>(compensation(settings, scale));
    registrar.add::<RefundPayment>(compensation(settings, scale));
    registrar.add::<ReleaseInventory>(compensation(settings, scale));
    registrar.add::<ReleasePayment>(compensation(settings, scale));

    registrar.add::<RepeatAuthorize>(compensation(settings, scale));
    registrar.add::<RepeatReserve>(compensation(settings, scale));
    registrar.add::<RepeatReadPayment>(compensation(settings, scale));
    registrar.add::<RepeatCreateLabel>(compensation(settings, scale));
}
