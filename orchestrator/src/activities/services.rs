use std::fmt;
use std::sync::Arc;

use crate::gateways::http::{
    Backends, HttpCarrierGateway, HttpInventoryGateway, HttpNotifier, HttpPaymentGateway,
};
use crate::gateways::{CarrierGateway, InventoryGateway, Notifier, PaymentGateway, Transport};

/// The gateways that activities act through.
#[derive(Clone)]
pub struct Services {
    /// Money.
    pub payments: Arc<dyn PaymentGateway>,
    /// Stock.
    pub inventory: Arc<dyn InventoryGateway>,
    /// Labels.
    pub carrier: Arc<dyn CarrierGateway>,
    /// Messages.
    pub notifier: Arc<dyn Notifier>,
}

impl Services {
    /// The backends' HTTP contract over `transport`.
    pub fn over(transport: Arc<dyn Transport>) -> Self {
        let backends = Backends::new(transport);
        Self {
            payments: Arc::new(HttpPaymentGateway(backends.clone())),
            inventory: Arc::new(HttpInventoryGateway(backends.clone())),
            carrier: Arc::new(HttpCarrierGateway(backends.clone())),
            notifier: Arc::new(HttpNotifier(backends)),
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}
