#[cfg(test)]
mod resetting;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use shared::chaos::{Drawn, Moment, Surface, faults};
use shared::http::{Call, Severed};
use shared::pipeline::{InFlight, Intent, Pipeline, Reply};

use super::responses::LabelCreated;
use crate::application::{CreateLabel, GENERATION, Generation, LabelService, Step};
use crate::domain::{Error, LabelId};
use crate::infrastructure::chaos::CREATE_LABEL;

/// A request whose label is being generated. Its owner drives it, and drops it to end it.
#[derive(Debug)]
pub(super) struct LabelRequest {
    id: LabelId,
    stage: Stage,
}

/// The commit is the point of no return: dropped before it, the label is abandoned and the key is free.
#[derive(Debug)]
enum Stage {
    Generating(Generation, InFlight),
    Committed(InFlight),
}

/// What a client is shown next.
#[expect(clippy::large_enum_variant, reason = "moved five times in twenty seconds")]
#[derive(Debug)]
pub(super) enum Shown {
    /// Progress, in per cent. The request continues.
    Progress(u8, LabelRequest),
    /// The end.
    End(Reply),
}

impl LabelRequest {
    /// Takes a request up to the beginning of its label.
    ///
    /// # Errors
    /// The answer, when there is one without a label: a replay, a refusal, a fault that strikes at
    /// once or in silence.
    pub(super) async fn begin(
        pipeline: &Pipeline,
        service: &LabelService,
        call: &Call,
        intent: &Intent<CreateLabel>,
    ) -> Result<Self, Reply> {
        let mut in_flight = pipeline.enter(&CREATE_LABEL, call, intent)?;
        let (outcome, delay) = (in_flight.drawn().outcome, in_flight.drawn().delay);
        let shows_progress = !delay.is_zero() && !matches!(outcome.surface, Surface::Silence);
        if !shows_progress && let Some(fault) = in_flight.before().await {
            return Err(fault);
        }
        let duration = match outcome.moment {
            Moment::Before => delay,
            Moment::Instead => return Err(refuse(in_flight, service).await),
            Moment::After | Moment::AfterSuccess => pipeline.chaos().time_scale().apply(GENERATION),
        };
        let begin = |in_flight: &mut InFlight| {
            service.begin(&intent.command, duration, in_flight.writer().clone(), || in_flight.id())
        };
        match in_flight.prelude(begin) {
            Ok(generation) => {
                Ok(Self { id: generation.id(), stage: Stage::Generating(generation, in_flight) })
            }
            Err(error) => Err(in_flight.refuse(error.into())),
        }
    }

    /// The label's id.
    pub(super) fn id(&self) -> LabelId {
        self.id
    }

    /// How chaos will cut the connection at the end.
    pub(super) fn severs(&self) -> Option<Severed> {
        match self.drawn().outcome.surface {
            Surface::Severed(how) => Some(how),
            Surface::Answer | Surface::Problem(_) | Surface::Silence | Surface::Garbled => None,
        }
    }

    /// The drawn outcome, if the last event will not say that it was injected.
    pub(super) fn disguised(&self) -> Option<&Drawn> {
        let drawn = self.drawn();
        match drawn.outcome.surface {
            Surface::Garbled => Some(drawn),
            Surface::Answer => Some(drawn).filter(|drawn| drawn.outcome.name != faults::SUCCESS.name),
            Surface::Problem(_) | Surface::Silence | Surface::Severed(_) => None,
        }
    }

    fn drawn(&self) -> &Drawn {
        let (Stage::Generating(_, in_flight) | Stage::Committed(in_flight)) = &self.stage;
        in_flight.drawn()
    }

    /// Waits for what comes next.
    pub(super) async fn next(self) -> Shown {
        match self.stage {
            Stage::Committed(in_flight) => Shown::End(in_flight.after().await),
            Stage::Generating(mut generation, mut in_flight) => match generation.next().await {
                Step::Reached(progress) => {
                    let stage = Stage::Generating(generation, in_flight);
                    Shown::Progress(progress, Self { stage, ..self })
                }
                Step::Stopped => {
                    let stopped = Error::LabelCancelled { id: self.id };
                    Shown::End(in_flight.refuse(stopped.into()))
                }
                Step::Due => match in_flight.fault() {
                    // Ends here, so that the key is free when the client learns of the fault.
                    Some(fault) => Shown::End(fault),
                    None => commit(&mut generation, in_flight, self.id).await,
                },
            },
        }
    }

    /// Runs to the end without showing progress.
    pub(super) async fn finish(mut self) -> Response {
        loop {
            match self.next().await {
                Shown::Progress(_, rest) => self = rest,
                Shown::End(reply) => return reply.into_response(),
            }
        }
    }
}

/// The refusal that was drawn in place of a label, unless a real one applies.
async fn refuse(mut in_flight: InFlight, service: &LabelService) -> Reply {
    in_flight.operate::<LabelCreated>(StatusCode::CREATED, |ctx| {
        service.ensure_room()?;
        ctx.injected_refusal();
        Err(Error::AddressValidationFailed.into())
    });
    in_flight.after().await
}

async fn commit(generation: &mut Generation, mut in_flight: InFlight, id: LabelId) -> Shown {
    let mut committed = false;
    in_flight.operate(StatusCode::CREATED, |ctx| {
        let (label, shipment) = generation.commit(ctx.id(), ctx.now())?;
        committed = true;
        Ok(LabelCreated::of(&label, &shipment))
    });
    if committed {
        Shown::Progress(100, LabelRequest { id, stage: Stage::Committed(in_flight) })
    } else {
        // Cancelled at the very moment of the commit.
        Shown::End(in_flight.after().await)
    }
}
