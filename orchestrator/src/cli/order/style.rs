//! The colours and signs. They are always written; the stream drops them if the output has no colours.

use anstyle::{AnsiColor, Style};

use crate::api::StepState;
use crate::domain::OrderStatus;

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const BUSY: Style = AnsiColor::Yellow.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// The colour of an order's status.
pub(super) fn of_order(status: OrderStatus) -> Style {
    match status {
        OrderStatus::Shipped => GOOD,
        OrderStatus::Rejected | OrderStatus::Failed | OrderStatus::Cancelled => BAD,
        OrderStatus::AwaitingApproval | OrderStatus::Approved | OrderStatus::Processing => BUSY,
    }
}

/// The colour and the sign of a step.
pub(super) fn of_step(state: StepState) -> (Style, char) {
    match state {
        StepState::Completed => (GOOD, '✓'),
        StepState::Failed => (BAD, '✗'),
        StepState::Running => (BUSY, '▸'),
        StepState::Retrying => (BUSY, '↻'),
        StepState::Pending => (DIM, '·'),
        StepState::Skipped | StepState::NotDone => (DIM, '–'),
    }
}
