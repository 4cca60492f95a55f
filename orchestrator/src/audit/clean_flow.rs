//! A correct client is always clean: whatever it meets, no rule finds anything.
//!
//! The client here is a model, not the saga: it retries under one key, finds out the outcome of
//! requests whose answer was lost, and undoes newest first.

use std::fmt::Write;

use proptest::prelude::*;

use super::story::Story;

/// The outcome of one attempt.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Success,
    /// It did not happen, and will not.
    Refused,
    /// It did not happen; retry.
    Unavailable,
    /// It did not happen, and the client is not told.
    LostBefore,
    /// It happened, and the client is not told.
    LostAfter,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Success),
        1 => Just(Fate::Refused),
        1 => Just(Fate::Unavailable),
        2 => Just(Fate::LostBefore),
        2 => Just(Fate::LostAfter),
    ]
}

/// The forward steps: operation, the resource that it names, what it makes happen.
const STEPS: [(&str, &str, &str); 4] = [
    ("payment.authorize", "", "held auth_1 100"),
    ("inventory.reserve", "", "reserved res_1"),
    ("payment.capture", "auth_1", "captured auth_1 100"),
    ("shipping.create_label", "", "generated lbl_1"),
];
const MAX_ATTEMPTS: usize = 3;

/// The client, and the ledger that it leaves.
struct Client<F> {
    fates: F,
    millis: u64,
    ledger: String,
}

impl<F: Iterator<Item = Fate>> Client<F> {
    fn order(mut self, cancelled_after: usize) -> String {
        for (done, (operation, resource, effect)) in STEPS.into_iter().enumerate() {
            if done == cancelled_after || !self.step(operation, resource, effect) {
                self.undo(done);
                writeln!(
                    self.ledger,
                    "decided {}",
                    if done == cancelled_after { "cancel cancelled" } else { "failed" }
                )
                .unwrap();
                return self.ledger;
            }
        }
        self.ask("notification.send", "", Some("sent ntf_1 email:Shipped"), MAX_ATTEMPTS, false);
        writeln!(self.ledger, "decided approve shipped").unwrap();
        self.ledger
    }

    /// Returns whether the step is done; if it gave up after a lost answer, it finds out the outcome.
    fn step(&mut self, operation: &str, resource: &str, effect: &str) -> bool {
        let (known, happened) = self.ask(operation, resource, Some(effect), MAX_ATTEMPTS, false);
        if known.is_some() {
            return known == Some(true);
        }
        // It may have happened: ask until that is known, and continue as after a late success.
        if operation == "payment.capture" {
            self.ask("payment.status", "auth_1", None, usize::MAX, false);
            return happened;
        }
        self.ask(operation, resource, Some(effect), usize::MAX, happened).0 == Some(true)
    }

    fn undo(&mut self, done: usize) {
        let captured = done >= 3;
        for step in (0..done).rev() {
            match step {
                3 => self.ask("shipping.cancel", "lbl_1", Some("cancelled lbl_1"), usize::MAX, false),
                2 => self.ask("payment.refund", "auth_1", Some("refunded auth_1 100"), usize::MAX, false),
                1 => self.ask("inventory.release", "res_1", Some("released res_1"), usize::MAX, false),
                _ if captured => continue,
                _ => self.ask("payment.release", "auth_1", Some("released auth_1 100"), usize::MAX, false),
            };
        }
    }

    /// Asks under one key until the answer is definite, at most `attempts` times. Returns the answer, if
    /// the client knows it, and whether it happened. A request without a limit of attempts is not refused,
    /// and succeeds in the end.
    fn ask(
        &mut self,
        operation: &str,
        resource: &str,
        effect: Option<&str>,
        attempts: usize,
        mut happened: bool,
    ) -> (Option<bool>, bool) {
        let patient = attempts == usize::MAX;
        let mut unknown = false;
        for _ in 0..attempts {
            let fate = match self.fates.next() {
                None => Fate::Success,
                Some(Fate::Refused) if patient => Fate::Success,
                Some(fate) => fate,
            };
            let happens = matches!(fate, Fate::Success | Fate::LostAfter) && !happened;
            let answer = match fate {
                Fate::Success => "200",
                // The operation's own result is kept under the key.
                Fate::Refused if happened => "200",
                Fate::Refused => "400 refused",
                Fate::Unavailable => "503 unavailable",
                Fate::LostBefore | Fate::LostAfter => "lost",
            };
            let retry = if answer.starts_with("503") { "retry=1s" } else { "" };
            write!(self.ledger, "{}ms {operation} {resource} took=20ms {retry} -> {answer}", self.millis)
                .unwrap();
            match effect {
                Some(effect) if happens => writeln!(self.ledger, "; {effect}").unwrap(),
                _ => writeln!(self.ledger).unwrap(),
            }
            self.millis += 1020;
            happened |= happens;
            match answer {
                "200" => return (Some(true), happened),
                "400 refused" => return (Some(false), happened),
                "lost" => unknown = true,
                _ => {}
            }
        }
        (if unknown { None } else { Some(false) }, happened)
    }
}

proptest! {
    #[test]
    fn a_correct_client_is_clean_whatever_it_meets(
        fates in prop::collection::vec(fate(), 0..40),
        cancelled_after in 0usize..6,
    ) {
        let client = Client { fates: fates.into_iter(), millis: 0, ledger: String::new() };
        let ledger = client.order(cancelled_after);
        let story = Story::told(&ledger);
        let mut audit = story.audit();
        audit.strict = true;
        let report = audit.report(&story.ledgers);
        prop_assert!(report.findings.is_empty(), "{ledger}\n{:#?}", report.findings);
        prop_assert!(report.not_judged.is_empty());
    }
}
