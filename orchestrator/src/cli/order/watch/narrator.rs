use std::collections::BTreeMap;

use crate::api::{Status, StepState, StepView, Steps};
use crate::cli::order::commands::Commands;
use crate::cli::order::status::{advice, line};
use crate::cli::order::style::{BAD, BOLD, of_order};
use crate::domain::{OrderStatus, Step};

/// Describes what has changed since the last poll, in lines that stay true.
#[derive(Debug)]
pub(super) struct Narrator {
    /// The option that makes a command use the same orchestrator.
    commands: Commands,
    told: BTreeMap<String, (StepState, u32)>,
    over: bool,
}

impl Narrator {
    pub(super) fn new(commands: Commands) -> Self {
        Self { commands, told: BTreeMap::new(), over: false }
    }

    /// What is new.
    pub(super) fn news(&mut self, status: &Status, steps: &Steps) -> Vec<String> {
        let mut lines = Vec::new();
        let asks = status.state.status == OrderStatus::AwaitingApproval && !status.is_quarantined();
        for step in steps.steps.iter().chain(&steps.compensations) {
            if self.is_news(step) {
                lines.push(line(step));
                if asks && step.name == Step::ManagerApproval.name() {
                    let approve = self.commands.line("approve", &status.workflow_id);
                    lines.push(format!("  decide with: {approve}   (or reject)"));
                }
            }
        }
        if (status.state.status.is_final() || status.is_quarantined()) && !self.over {
            self.over = true;
            lines.extend(ending(status, &self.commands));
        }
        lines
    }

    fn is_news(&mut self, step: &StepView) -> bool {
        if matches!(step.status, StepState::Pending | StepState::NotDone) {
            return false;
        }
        let now = (step.status, step.attempts);
        self.told.insert(step.name.clone(), now) != Some(now)
    }
}

fn ending(status: &Status, commands: &Commands) -> Vec<String> {
    let state = &status.state;
    let colour = of_order(state.status);
    let why = state.error.as_ref().filter(|error| error.as_str() != state.status.name());
    let why = why.map(|error| format!(": {error}")).unwrap_or_default();
    let id = &status.workflow_id;
    let verb = if state.status == OrderStatus::Failed { "has" } else { "is" };
    let mut lines = vec![format!("{BOLD}{id} {verb} {colour}{}{colour:#}{BOLD:#}{why}", state.status.name())];
    for attention in &state.needs_attention {
        lines.push(format!("{BAD}needs attention:{BAD:#} {}: {}", attention.name, attention.reason));
    }
    lines.extend(advice(status, commands));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn news(narrator: &mut Narrator, status: &str, steps: &[(&str, &str, u32)]) -> String {
        let state = json!({"success": true, "workflowId": "A", "status": status, "progress": 20,
            "completedSteps": [], "compensations": [], "needsAttention": [], "error": "rejected"});
        let step = |(name, status, attempts): &(&str, &str, u32)| json!({"name": name, "status": status, "attempts": attempts, "data": {}});
        let steps: Vec<_> = steps.iter().map(step).collect();
        let steps = json!({"success": true, "workflowId": "A", "steps": steps, "compensations": []});
        let (status, steps) =
            (serde_json::from_value(state).unwrap(), serde_json::from_value(steps).unwrap());
        anstream::adapter::strip_str(&narrator.news(&status, &steps).join("\n")).to_string()
    }

    #[test]
    fn each_change_is_told_once() {
        let mut narrator = Narrator::new(Commands::named(" --url http://shop"));
        let first = [("payment_authorization", "running", 1), ("manager_approval", "pending", 0)];
        insta::assert_snapshot!(news(&mut narrator, "processing", &first), @"▸ payment_authorization");
        assert_eq!(news(&mut narrator, "processing", &first), "");
        let retried = [("payment_authorization", "retrying", 1), ("manager_approval", "pending", 0)];
        insta::assert_snapshot!(news(&mut narrator, "processing", &retried), @"↻ payment_authorization");
        let waiting = [("payment_authorization", "completed", 2), ("manager_approval", "running", 0)];
        insta::assert_snapshot!(news(&mut narrator, "awaiting_approval", &waiting), @r"
        ✓ payment_authorization  2 attempts
        ▸ manager_approval      
          decide with: fake-stripe-chaos order approve A --url http://shop   (or reject)
        ");
        let over = [("payment_authorization", "completed", 2), ("manager_approval", "failed", 0)];
        insta::assert_snapshot!(news(&mut narrator, "rejected", &over), @r"
        ✗ manager_approval      
        A is rejected
        ");
        assert_eq!(news(&mut narrator, "rejected", &over), "");
    }

    #[test]
    fn a_quarantined_order_is_told_of_once_and_nobody_is_asked_to_decide() {
        let state = json!({"success": true, "workflowId": "A", "status": "awaiting_approval", "progress": 20,
            "completedSteps": [], "compensations": [],
            "needsAttention": [{"name": "nondeterminism", "reason": "entry 3 does not fit"}]});
        let step = json!({"name": "manager_approval", "status": "running", "attempts": 0, "data": {}});
        let steps = json!({"success": true, "workflowId": "A", "steps": [step], "compensations": []});
        let (status, steps) =
            (serde_json::from_value(state).unwrap(), serde_json::from_value(steps).unwrap());
        let mut narrator = Narrator::new(Commands::named(""));
        let lines = narrator.news(&status, &steps).join("\n");
        insta::assert_snapshot!(anstream::adapter::strip_str(&lines).to_string(), @"
        ▸ manager_approval      
        A is awaiting_approval
        needs attention: nondeterminism: entry 3 does not fit
        it resumes when the orchestrator is started in a version whose code fits its journal
        ");
        assert!(narrator.news(&status, &steps).is_empty());
    }

    #[test]
    fn whoever_can_do_something_about_a_failed_compensation_is_told_how() {
        let state = json!({"success": true, "workflowId": "A", "status": "failed", "progress": 20,
            "completedSteps": [], "compensations": [], "error": "failed",
            "needsAttention": [{"name": "release_payment", "reason": "gone"}]});
        let lines = ending(&serde_json::from_value(state).unwrap(), &Commands::named(" --url http://shop"));
        assert_eq!(lines.last().unwrap(), "retry with: fake-stripe-chaos order retry A --url http://shop");
    }
}
