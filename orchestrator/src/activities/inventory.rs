use std::sync::Arc;

use super::{Call, Services, Undone};
use crate::domain::{Compensation, Step};
use crate::gateways::{Reservation, ReservationRequest};
use crate::workflow::{Activity, ActivityCtx, ActivityDef, AttemptFailure};

/// Reserves the order's stock.
#[derive(Debug)]
pub struct ReserveInventory;

impl ActivityDef for ReserveInventory {
    const NAME: &'static str = Step::InventoryReservation.name();
    type Input = Call<ReservationRequest>;
    type Output = Reservation;
}

impl Activity<Services> for ReserveInventory {
    async fn execute(
        services: Arc<Services>,
        _: ActivityCtx,
        call: Call<ReservationRequest>,
    ) -> Result<Reservation, AttemptFailure> {
        Ok(services.inventory.reserve(&call.request, call.context()).await?)
    }
}

/// Finds out the outcome of [`ReserveInventory`].
#[derive(Debug)]
pub struct RepeatReserve;

impl ActivityDef for RepeatReserve {
    const NAME: &'static str = "repeat_reserve";
    type Input = Call<ReservationRequest>;
    type Output = Reservation;
}

impl Activity<Services> for RepeatReserve {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<ReservationRequest>,
    ) -> Result<Reservation, AttemptFailure> {
        ReserveInventory::execute(services, ctx, call).await
    }
}

/// Releases reserved stock.
#[derive(Debug)]
pub struct ReleaseInventory;

impl ActivityDef for ReleaseInventory {
    const NAME: &'static str = Compensation::ReleaseInventory.name();
    type Input = Call<Reservation>;
    type Output = Undone;
}

impl Activity<Services> for ReleaseInventory {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<Reservation>,
    ) -> Result<Undone, AttemptFailure> {
        services.inventory.release(&call.request.reservation_id, call.context()).await?;
        Ok(Undone::by(&ctx))
    }
}
