//! The gateways' adapters: how requests reach the backends, and what their answers mean.

mod calls;
mod labels;
mod transport;
