//! The sans-IO core: an event goes in, the commands that answer it come out.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::command::Command;
use super::context::{Context, Core};
use super::event::Event;
use crate::workflow::guard::guarded;
use crate::workflow::{Json, Reception, UnknownMessage, WorkflowDef, WorkflowFailure, WorkflowInfo};

/// A run of some workflow, without its type.
pub(super) trait Execution {
    /// Applies one event and polls the workflow until it waits again. It never blocks, does no I/O and,
    /// given the same events, always issues the same commands.
    fn apply(&mut self, at_ms: i64, event: &Event) -> Result<Vec<Command>, NotApplied>;
    /// Whether the state may have changed since the last call.
    fn take_state_changed(&mut self) -> bool;
    /// # Errors
    /// A sentence, when the workflow panics.
    fn snapshot(&self) -> Result<Snapshot, String>;
    /// The journal has been replayed: from now on the workflow runs live.
    fn goes_live(&mut self);
}

/// The state of a run as its row shows it.
pub(super) struct Snapshot {
    pub(super) state: Json,
    pub(super) needs_attention: bool,
}

/// Why an event did not change the run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NotApplied {
    /// A signal that the workflow did not accept.
    Ignored(Reception),
    /// A signal that the workflow does not know.
    Unknown(UnknownMessage),
    /// Nothing with this id is open.
    NothingOpen,
    /// The workflow panicked. The machine is of no further use.
    Panicked(String),
}

/// A machine before its first event.
pub(super) fn begin<W: WorkflowDef>(
    info: WorkflowInfo,
    seed: u64,
    input: &Json,
    replayed: Option<BTreeSet<String>>,
) -> Result<Box<dyn Execution>, String> {
    let input: W::Input = input.value().map_err(|error| error.to_string())?;
    guarded(|| {
        let core = Rc::new(Core::new(info, W::init(&input), seed, replayed));
        let root = Context { core, scope: Rc::default() };
        let run = Box::pin(W::run(root.clone(), input));
        Box::new(Machine::<W> { root, run: Some(run) }) as Box<dyn Execution>
    })
}

struct Machine<W: WorkflowDef> {
    root: Context<W::State>,
    run: Option<Running<W::Output>>,
}

type Running<O> = Pin<Box<dyn Future<Output = Result<O, WorkflowFailure>>>>;

impl<W: WorkflowDef> Execution for Machine<W> {
    fn apply(&mut self, at_ms: i64, event: &Event) -> Result<Vec<Command>, NotApplied> {
        if let Event::AttemptFailed(_) = event {
            return Ok(Vec::new());
        }
        guarded(|| {
            self.accept(event)?;
            self.root.core.now_ms.set(at_ms);
            if matches!(event, Event::CancelRequested { .. }) {
                self.root.core.cancel_operations();
            }
            self.poll_to_quiescence();
            Ok(self.root.core.commands.take())
        })
        .unwrap_or_else(|message| Err(NotApplied::Panicked(message)))
    }

    fn snapshot(&self) -> Result<Snapshot, String> {
        let state = Arc::clone(&self.root.core.state.borrow());
        let needs_attention = guarded(|| W::needs_attention(&state))?;
        Ok(Snapshot { state: Json::holding(state), needs_attention })
    }

    fn take_state_changed(&mut self) -> bool {
        self.root.core.state_changed.replace(false)
    }

    fn goes_live(&mut self) {
        *self.root.core.patches.replayed.borrow_mut() = None;
    }
}

impl<W: WorkflowDef> Machine<W> {
    /// Puts the event where the workflow will find it.
    fn accept(&self, event: &Event) -> Result<(), NotApplied> {
        let core = &self.root.core;
        let open = match event {
            Event::Started { .. } => true,
            Event::AttemptFailed(_) => false,
            Event::ActivityCompleted { id, output, .. } => {
                core.activities.borrow_mut().end(id, Ok(output.clone()))
            }
            Event::ActivityFailed { id, error } => core.activities.borrow_mut().end(id, Err(error.clone())),
            Event::TimerFired { timer } => core.timers.borrow_mut().end(timer, Ok(())),
            Event::ChildStarted { workflow_id, result } => {
                core.children.borrow_mut().end(workflow_id, result.clone())
            }
            Event::SignalAccepted { name, payload } => {
                match W::on_signal(Arc::make_mut(&mut core.state.borrow_mut()), name, payload) {
                    Ok(Reception::Accepted) => core.state_has_changed(),
                    Ok(ignored) => return Err(NotApplied::Ignored(ignored)),
                    Err(unknown) => return Err(NotApplied::Unknown(unknown)),
                }
                true
            }
            Event::CancelRequested { reason } => self.root.scope.cancel(reason),
        };
        if open { Ok(()) } else { Err(NotApplied::NothingOpen) }
    }

    fn poll_to_quiescence(&mut self) {
        let mut context = std::task::Context::from_waker(Waker::noop());
        while let Some(run) = &mut self.run {
            self.root.core.stirred.set(false);
            if let Poll::Ready(result) = run.as_mut().poll(&mut context) {
                self.run = None;
                self.root.core.ask(match result {
                    Ok(output) => Command::Complete(Json::holding(output)),
                    Err(failure) => Command::Fail(failure),
                });
            } else if !self.root.core.stirred.get() {
                break;
            }
        }
    }
}
