//! The rules of stock and reservations: pure, synchronous, and without any notion of JSON.

mod error;
mod item;
mod reservation;
mod stock;

pub use item::{InvalidSku, Sku};

pub(crate) use error::Error;
pub(crate) use item::{Item, Items, Quantity};
pub(crate) use reservation::{Reservation, ReservationId, State};
pub(crate) use stock::{Level, Stock, require};
