//! One attempt of an activity, within this engine's limits. The server's own limits are longer: they
//! only detect a worker that has died.

use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use shared::time::Clock;
use temporalio_common::{ActivityDefinition, ActivityError as SdkError};
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{
    ActivityContext, ActivityDefinitions, ActivityImplementer, ExecutableActivity,
};

use super::attempt_host::Host;
use super::payload::Wire;
use super::record::AttemptRecord;
use crate::engine::attempt::AttemptFn;
use crate::workflow::guard::panic_message;
use crate::workflow::{
    ActivityCtx, ActivityDef, ActivityError, ActivityOptions, AttemptFailure, Certainty, Either, Json,
    OnCancel, kind, race,
};

/// Activity `A` by its name.
pub(super) struct Named<A>(PhantomData<fn() -> A>);

impl<A> Named<A> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<A: ActivityDef> ActivityDefinition for Named<A> {
    type Input = Wire;
    type Output = Wire;

    fn name(&self) -> &str {
        A::NAME
    }
}

impl<A: ActivityDef> ExecutableActivity for Named<A> {
    type Implementer = ActivityRunner;
    const REQUIRES_INSTANCE: bool = true;

    fn definition() -> Self {
        Self::new()
    }

    fn execute(
        performer: Option<Arc<ActivityRunner>>,
        ctx: ActivityContext,
        input: Wire,
    ) -> BoxFuture<'static, Result<Wire, SdkError>> {
        let performer = performer.expect("it is registered with one");
        Box::pin(async move { performer.perform(ctx, input.0).await.map(Wire) })
    }
}

/// Makes the attempts of one activity.
pub(super) struct ActivityRunner {
    pub(super) attempt: AttemptFn,
    pub(super) options: ActivityOptions,
    pub(super) clock: Clock,
}

impl ActivityImplementer for ActivityRunner {
    fn register_all(self: Arc<Self>, _: &mut ActivityDefinitions) {
        // Activities are registered one by one: each has its own performer.
    }
}

/// How an attempt ended.
enum End {
    /// The activity itself ended it.
    Told(Result<Json, AttemptFailure>),
    /// The engine ended it.
    Overrun(AttemptFailure),
    /// It had to be abandoned.
    Abandoned,
}

impl ActivityRunner {
    async fn perform(&self, sdk: ActivityContext, input: Json) -> Result<Json, SdkError> {
        let host = Arc::new(Host::new(sdk));
        let end = self.run(&host, input).await;
        let own = host.own_heartbeat();
        match end {
            End::Told(Ok(output)) => Ok(output),
            End::Told(Err(failure)) => {
                let retry_at = failure.retry_after.and_then(|wait| self.clock.now().checked_add(wait).ok());
                let record = host.record.after(failure.certainty, own.as_ref()).asking(retry_at);
                Err(self.fail(&host, record, failure).await)
            }
            End::Overrun(failure) => {
                let record = host.record.after(Certainty::Unknown, own.as_ref());
                Err(self.fail(&host, record, failure).await)
            }
            End::Abandoned => {
                // A worker that shuts down abandons too: the next attempt reads this record then.
                host.beat().await;
                let record = host.record.after(Certainty::Unknown, own.as_ref());
                let message = "its workflow stopped it".to_owned();
                let error =
                    record.error(Certainty::Unknown, kind::CANCELLED, message, host.latest_heartbeat());
                Err(SdkError::Cancelled { details: Some(written(&error).into()) })
            }
        }
    }

    async fn run(&self, host: &Arc<Host>, input: Json) -> End {
        let attempt = (self.attempt)(ActivityCtx::new(Arc::clone(host) as _), input);
        let attempt = AssertUnwindSafe(attempt).catch_unwind();
        let ends = race(self.abandoned(host), host.overrun(&self.options));
        let ends = race(ends, host.keep_beating(self.options.heartbeat));
        match race(attempt, pin!(ends)).await {
            Either::Left(Ok(result)) => End::Told(result),
            Either::Left(Err(panic)) => {
                End::Overrun(AttemptFailure::unknown(kind::PANIC, panic_message(panic.as_ref())))
            }
            Either::Right(Either::Left(Either::Left(()))) => End::Abandoned,
            Either::Right(Either::Left(Either::Right(failure))) => End::Overrun(failure),
            Either::Right(Either::Right(never)) => match never {},
        }
    }

    /// Waits until the attempt must be dropped. One that may finish never is.
    async fn abandoned(&self, host: &Host) {
        match self.options.on_cancel {
            OnCancel::AbandonAttempt => host.sdk.cancelled().await,
            OnCancel::FinishAttempt => std::future::pending().await,
        }
    }

    /// Reports a failure to the server, and leaves its record for the next attempt, if any.
    async fn fail(&self, host: &Host, record: AttemptRecord, failure: AttemptFailure) -> SdkError {
        let retry = &self.options.retry;
        let is_final =
            failure.certainty == Certainty::Rejected || retry.non_retryable.contains(&failure.kind.as_str());
        let AttemptFailure { certainty, kind, message, .. } = &failure;
        let error = record.error(*certainty, kind, message.clone(), host.latest_heartbeat());
        let asked = record.retry_at.map(|at| at.duration_since(self.clock.now()));
        let asked = asked.and_then(|wait| std::time::Duration::try_from(wait).ok());
        let longer = asked.filter(|wait| *wait > retry.wait_after(record.attempt));
        if !is_final {
            host.leave(record).await;
        }
        let AttemptFailure { kind, message, .. } = failure;
        let failure = ApplicationFailure::builder(message)
            .type_name(kind)
            .non_retryable(is_final)
            .maybe_next_retry_delay(longer)
            .details(written(&error));
        SdkError::Application(Box::new(failure.build()))
    }
}

fn written(error: &ActivityError) -> Wire {
    Wire(Json::of(error).unwrap_or_else(|_| Json::null()))
}
