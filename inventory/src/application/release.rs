use jiff::Timestamp;
use shared::pipeline::OperationContext;
use smol_str::SmolStr;

use super::facts;
use super::ports::StockLedger;
use super::status::named;
use crate::domain::Error;

/// Release the stock of this reservation. Its hash is the fingerprint of the request.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Release {
    /// As the caller spelled it.
    pub(crate) reservation: SmolStr,
}

/// Releases stock before it expires, and returns when that was.
///
/// # Errors
/// [`Error::UnknownReservation`], [`Error::AlreadyReleased`], [`Error::ReservationExpired`].
pub(crate) fn release(
    ledger: &dyn StockLedger,
    command: &Release,
    ctx: &mut OperationContext<'_>,
) -> Result<Timestamp, Error> {
    let now = ctx.now();
    let id = named(&command.reservation)?;
    ledger.update(id, now, &mut |reservation| {
        reservation.release(now)?;
        ctx.record(&facts::released(&id));
        Ok(())
    })?;
    Ok(now)
}
