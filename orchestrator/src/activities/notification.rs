use std::sync::Arc;

use super::{Call, Services};
use crate::domain::Step;
use crate::gateways::{Message, SentMessage};
use crate::workflow::{Activity, ActivityCtx, ActivityDef, AttemptFailure};

/// Tells the customer that the order is on its way.
#[derive(Debug)]
pub struct NotifyCustomer;

impl ActivityDef for NotifyCustomer {
    const NAME: &'static str = Step::CustomerNotification.name();
    type Input = Call<Message>;
    type Output = SentMessage;
}

impl Activity<Services> for NotifyCustomer {
    async fn execute(
        services: Arc<Services>,
        _: ActivityCtx,
        call: Call<Message>,
    ) -> Result<SentMessage, AttemptFailure> {
        Ok(services.notifier.send(&call.request, call.context()).await?)
    }
}
