//! One host for every workflow definition: it implements by hand what the SDK's macros generate.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use temporalio_common::data_converters::PayloadConverter;
use temporalio_common::protos::temporal::api::common::v1::Payloads;
use temporalio_sdk::workflow_interceptors::WorkflowOutputValue;
use temporalio_sdk::workflows::{
    UpdateDefinitionDescriptor, WorkflowDefinitionDescriptor, WorkflowError, WorkflowImplementation,
};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowTermination};

use super::context::Context;
use super::failure::termination;
use super::names::Type;
use super::payload::{Wire, first_of};
use super::reception::{Answer, RECEPTION, SIGNALS_PER_RUN, Told};
use crate::workflow::guard::guarded;
use crate::workflow::{ActivityOptions, Json, Reception, UnknownMessage, WorkflowDef, WorkflowFailure, kind};

/// The options of every activity, by name.
pub(super) type Options = Arc<BTreeMap<&'static str, ActivityOptions>>;

/// A run of `W` as the SDK keeps it.
pub(super) struct Host<W: WorkflowDef> {
    pub(super) options: Options,
    /// `None` before the first step.
    pub(super) state: Option<W::State>,
    /// Whether the run is marked as needing a person's attention.
    pub(super) is_marked: bool,
    accepted: usize,
}

impl<W: WorkflowDef> Host<W> {
    pub(super) fn new(options: Options) -> Self {
        Self { options, state: None, is_marked: false, accepted: 0 }
    }

    /// Applies a signal to the state. One that is not accepted does not change it.
    fn receive(&mut self, name: &str, payload: Option<&Json>) -> Answer {
        let answer = self.foresee(name, payload);
        if let (Answer::Received(Reception::Accepted), Some(payload), Some(state)) =
            (&answer, payload, &mut self.state)
        {
            self.accepted += 1;
            drop(W::on_signal(state, name, payload));
        }
        answer
    }

    /// The answer that a signal would get: it is tried on a copy of the state.
    fn foresee(&self, name: &str, payload: Option<&Json>) -> Answer {
        let Some(payload) = payload else {
            return Answer::Invalid(format!("{name}: the payload is not JSON"));
        };
        let Some(mut state) = self.state.clone() else {
            return Answer::Invalid(format!("{name}: the run has no state"));
        };
        match guarded(|| W::on_signal(&mut state, name, payload)) {
            Ok(Ok(Reception::Accepted)) if self.accepted >= SIGNALS_PER_RUN => Answer::TooMany,
            Ok(Ok(reception)) => Answer::Received(reception),
            Ok(Err(UnknownMessage(reason))) | Err(reason) => Answer::Invalid(reason),
        }
    }
}

type Decoded = Result<Option<Box<dyn Any>>, WorkflowError>;
type Output = Result<Box<dyn WorkflowOutputValue>, WorkflowError>;

/// A message's payload, `None` if it is not JSON. Never an error: one would fail the workflow's task,
/// which the server repeats forever.
fn decoded(is_known: bool, payloads: &Payloads) -> Decoded {
    Ok(is_known.then(|| Box::new(first_of(&payloads.payloads)) as Box<dyn Any>))
}

fn message(input: Box<dyn Any>) -> Option<Json> {
    input.downcast::<Option<Json>>().ok().and_then(|json| *json)
}

fn refused(reason: String) -> WorkflowError {
    WorkflowError::Execution(reason.into())
}

/// Handles a signal, as soon as the run has a state, which it has after its first step.
async fn take<W: WorkflowDef>(ctx: WorkflowContext<Host<W>>, name: String, payload: Option<Json>) -> Answer {
    let detached = temporalio_sdk::WorkflowCancellationToken::new();
    let shielded = temporalio_sdk::WaitConditionOptions::builder().cancellation_token(detached).build();
    drop(ctx.wait_condition_with_options(|host| host.state.is_some(), shielded).await);
    let answer = ctx.state_mut(|host| host.receive(&name, payload.as_ref()));
    Context::new(&ctx).mark_attention();
    answer
}

impl<W: WorkflowDef> WorkflowImplementation for Host<W> {
    type Run = Type<W>;
    const HAS_INIT: bool = false;
    const INIT_TAKES_INPUT: bool = false;

    fn name() -> &'static str {
        W::NAME
    }

    fn definition() -> WorkflowDefinitionDescriptor {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let update =
            |name: &&str| UpdateDefinitionDescriptor { name: (*name).to_owned(), has_validator: true };
        WorkflowDefinitionDescriptor {
            workflow_type: W::NAME.to_owned(),
            has_init: false,
            init_takes_input: false,
            signals: names(W::SIGNALS),
            queries: names(W::QUERIES),
            updates: W::SIGNALS.iter().map(update).collect(),
        }
    }

    fn init(_: WorkflowContextView, _: Option<Wire>) -> Self {
        unreachable!("it is registered with a factory")
    }

    fn run(
        ctx: WorkflowContext<Self>,
        input: Option<Wire>,
    ) -> LocalBoxFuture<'static, Result<Box<dyn WorkflowOutputValue>, WorkflowTermination>> {
        let input = input.map_or_else(Json::null, |input| input.0);
        async move {
            let failed = |error: serde_json::Error| {
                termination(WorkflowFailure { kind: kind::CODEC.to_owned(), message: error.to_string() })
            };
            let input: W::Input = input.parse().map_err(failed)?;
            ctx.state_mut(|host| host.state = Some(W::init(&input)));
            let output = W::run(Context::new(&ctx), input).await.map_err(termination)?;
            Ok(Box::new(Wire(Json::of(&output).map_err(failed)?)) as Box<dyn WorkflowOutputValue>)
        }
        .boxed_local()
    }

    fn decode_signal_input(name: &str, payloads: Payloads, _: &PayloadConverter) -> Decoded {
        decoded(W::SIGNALS.contains(&name), &payloads)
    }

    fn dispatch_signal(
        ctx: WorkflowContext<Self>,
        name: &str,
        input: Box<dyn Any>,
    ) -> LocalBoxFuture<'static, Result<(), WorkflowError>> {
        let (name, is_replaying) = (name.to_owned(), ctx.is_replaying());
        let workflow_id = ctx.workflow_id().to_owned();
        let taken = take(ctx, name.clone(), message(input));
        let noted = move |answer: Answer| {
            if !matches!(answer, Answer::Received(_)) && !is_replaying {
                tracing::warn!(workflow_id, signal = name, "a signal is dropped: {}", answer.text());
            }
            Ok(())
        };
        taken.map(noted).boxed_local()
    }

    fn decode_query_input(name: &str, payloads: &Payloads, _: &PayloadConverter) -> Decoded {
        decoded(name == RECEPTION || W::QUERIES.contains(&name), payloads)
    }

    fn dispatch_query(&self, _: WorkflowContextView, name: &str, input: Box<dyn Any>) -> Output {
        let argument = message(input).ok_or_else(|| refused(format!("{name}: the argument is not JSON")))?;
        let state = self.state.as_ref().ok_or_else(|| refused("the run has no state yet".to_owned()))?;
        let answer = if name == RECEPTION {
            let told: Told = argument.parse().map_err(|error| refused(error.to_string()))?;
            let answer = self.foresee(&told.signal, Some(&told.payload)).text();
            Json::of(&answer).map_err(|error| refused(error.to_string()))?
        } else {
            W::on_query(state, name, &argument).map_err(|unknown| refused(unknown.0))?
        };
        Ok(Box::new(Wire(answer)))
    }

    fn decode_update_input(name: &str, payloads: Payloads, _: &PayloadConverter) -> Decoded {
        decoded(W::SIGNALS.contains(&name), &payloads)
    }

    fn dispatch_update(
        ctx: WorkflowContext<Self>,
        name: &str,
        input: Box<dyn Any>,
    ) -> LocalBoxFuture<'static, Output> {
        let answered = |answer: Answer| {
            let answer = Json::of(&answer.text()).map_err(|error| refused(error.to_string()))?;
            Ok(Box::new(Wire(answer)) as Box<dyn WorkflowOutputValue>)
        };
        take(ctx, name.to_owned(), message(input)).map(answered).boxed_local()
    }

    /// A refusal here is not recorded in the run's history.
    fn validate_update(
        &self,
        _: WorkflowContextView,
        name: &str,
        input: Box<dyn Any>,
    ) -> Result<(), WorkflowError> {
        if self.state.is_none() {
            return Ok(());
        }
        match self.foresee(name, message(input).as_ref()) {
            Answer::Received(Reception::Accepted) => Ok(()),
            refusal => Err(refused(refusal.text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{SearchKind, WorkflowCtx};

    /// A run that keeps the highest number it was told.
    struct Highest;

    impl WorkflowDef for Highest {
        const NAME: &'static str = "highest";
        type Input = ();
        type Output = ();
        type State = usize;
        const SIGNALS: &'static [&'static str] = &["tell"];
        const QUERIES: &'static [&'static str] = &[];
        const SEARCH_ATTRIBUTES: &'static [(&'static str, SearchKind)] = &[];

        fn init((): &()) -> usize {
            0
        }

        fn on_signal(highest: &mut usize, _: &str, payload: &Json) -> Result<Reception, UnknownMessage> {
            let number = payload.parse().map_err(|error| UnknownMessage(error.to_string()))?;
            if number <= *highest {
                return Ok(Reception::Duplicate);
            }
            *highest = number;
            Ok(Reception::Accepted)
        }

        fn on_query(_: &usize, name: &str, _: &Json) -> Result<Json, UnknownMessage> {
            Err(UnknownMessage(name.to_owned()))
        }

        fn needs_attention(_: &usize) -> bool {
            false
        }

        async fn run<C: WorkflowCtx<State = usize>>(_: C, (): ()) -> Result<(), WorkflowFailure> {
            Ok(())
        }
    }

    #[test]
    fn a_run_accepts_a_thousand_signals_and_no_more() {
        let mut host = Host::<Highest>::new(Options::default());
        host.state = Some(0);
        let mut tell = |number: usize| host.receive("tell", Some(&Json::of(&number).unwrap()));
        for number in 1..=1_000 {
            assert_eq!(tell(number), Answer::Received(Reception::Accepted));
        }
        assert_eq!(tell(1_001), Answer::TooMany);
        assert_eq!(tell(1_000), Answer::Received(Reception::Duplicate), "it takes nothing from the run");
        assert_eq!(host.state, Some(1_000), "what is refused is not taken");
    }
}
