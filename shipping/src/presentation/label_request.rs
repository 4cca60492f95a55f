#[cfg(test)]
mod resetting;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use shared::chaos::{Drawn, Moment, Surface, faults};
use shared::http::{Call, Severed};
use shared::way::{Ending, Intent, Pass, Way};

use super::responses::LabelCreated;
use crate::application::{CreateLabel, GENERATION, Generation, LabelDesk, Step};
use crate::domain::{Error, LabelId};
use crate::infrastructure::chaos::CREATE_LABEL;

/// A request whose label is being generated. Whoever holds it drives it, and drops it to end it.
#[derive(Debug)]
pub(super) struct LabelRequest {
    id: LabelId,
    stage: Stage,
}

/// The commit is the border: dropped before it, the label is abandoned and the key is free.
#[derive(Debug)]
enum Stage {
    Generating(Generation, Pass),
    Committed(Pass),
}

/// What a client is shown next.
#[expect(clippy::large_enum_variant, reason = "moved five times in twenty seconds")]
#[derive(Debug)]
pub(super) enum Shown {
    /// Progress, in per cent. The request goes on.
    Progress(u8, LabelRequest),
    /// The end.
    End(Ending),
}

impl LabelRequest {
    /// Takes a request to where its label begins.
    ///
    /// # Errors
    /// The answer, when there is one without a label: a replay, a refusal, a fault that strikes at
    /// once or in silence.
    pub(super) async fn begin(
        way: &Way,
        desk: &LabelDesk,
        call: &Call,
        intent: &Intent<CreateLabel>,
    ) -> Result<Self, Ending> {
        let mut pass = way.enter(&CREATE_LABEL, call, intent)?;
        let (outcome, delay) = (pass.drawn().outcome, pass.drawn().delay);
        let shows_progress = !delay.is_zero() && !matches!(outcome.surface, Surface::Silence);
        if !shows_progress && let Some(fault) = pass.before().await {
            return Err(fault);
        }
        let duration = match outcome.moment {
            Moment::Before => delay,
            Moment::Instead => return Err(refuse(pass, desk).await),
            Moment::After | Moment::AfterSuccess => way.chaos().time_scale().apply(GENERATION),
        };
        let begin =
            |pass: &mut Pass| desk.begin(&intent.command, duration, pass.scribe().clone(), || pass.id());
        match pass.prelude(begin) {
            Ok(generation) => Ok(Self { id: generation.id(), stage: Stage::Generating(generation, pass) }),
            Err(error) => Err(pass.refuse(error.into())),
        }
    }

    /// The label that this is about.
    pub(super) fn id(&self) -> LabelId {
        self.id
    }

    /// How chaos means to cut the connection at the end.
    pub(super) fn severs(&self) -> Option<Severed> {
        match self.drawn().outcome.surface {
            Surface::Severed(how) => Some(how),
            Surface::Answer | Surface::Problem(_) | Surface::Silence | Surface::Garbled => None,
        }
    }

    /// What chaos drew, if the end will not say that it was injected.
    pub(super) fn disguised(&self) -> Option<&Drawn> {
        let drawn = self.drawn();
        match drawn.outcome.surface {
            Surface::Garbled => Some(drawn),
            Surface::Answer => Some(drawn).filter(|drawn| drawn.outcome.name != faults::SUCCESS.name),
            Surface::Problem(_) | Surface::Silence | Surface::Severed(_) => None,
        }
    }

    fn drawn(&self) -> &Drawn {
        let (Stage::Generating(_, pass) | Stage::Committed(pass)) = &self.stage;
        pass.drawn()
    }

    /// Waits for what comes next.
    pub(super) async fn next(self) -> Shown {
        match self.stage {
            Stage::Committed(pass) => Shown::End(pass.after().await),
            Stage::Generating(mut generation, mut pass) => match generation.next().await {
                Step::Reached(progress) => {
                    let stage = Stage::Generating(generation, pass);
                    Shown::Progress(progress, Self { stage, ..self })
                }
                Step::Stopped => {
                    let stopped = Error::LabelCancelled { id: self.id };
                    Shown::End(pass.refuse(stopped.into()))
                }
                Step::Due => match pass.fault() {
                    // Ends here, so that the client finds the key free when it hears of the fault.
                    Some(fault) => Shown::End(fault),
                    None => commit(&mut generation, pass, self.id).await,
                },
            },
        }
    }

    /// Goes to the end without showing any progress.
    pub(super) async fn finish(mut self) -> Response {
        loop {
            match self.next().await {
                Shown::Progress(_, rest) => self = rest,
                Shown::End(ending) => return ending.into_response(),
            }
        }
    }
}

/// The refusal that was drawn in place of a label, unless there is a truer one.
async fn refuse(mut pass: Pass, desk: &LabelDesk) -> Ending {
    pass.operate::<LabelCreated>(StatusCode::CREATED, |turn| {
        desk.ensure_room()?;
        turn.overruled();
        Err(Error::AddressValidationFailed.into())
    });
    pass.after().await
}

async fn commit(generation: &mut Generation, mut pass: Pass, id: LabelId) -> Shown {
    let mut committed = false;
    pass.operate(StatusCode::CREATED, |turn| {
        let (label, shipment) = generation.commit(turn.id(), turn.now())?;
        committed = true;
        Ok(LabelCreated::of(&label, &shipment))
    });
    if committed {
        Shown::Progress(100, LabelRequest { id, stage: Stage::Committed(pass) })
    } else {
        // Cancelled in the very moment of the commit.
        Shown::End(pass.after().await)
    }
}
