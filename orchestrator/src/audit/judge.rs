#[cfg(test)]
mod not_judged;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use smol_str::SmolStr;

use super::order::{Order, orders_of};
use super::report::{Finding, NotJudged, Report, Severity};
use super::{Decision, Evicted, Kind, Ledgers, RULES, Rule};

/// How to judge, and what is known beside the ledgers.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Whether a warning is a violation.
    pub strict: bool,
    /// What is allowed that otherwise is not.
    pub allowed: Vec<Allowance>,
    /// When the client was restarted.
    pub restarts: Vec<Timestamp>,
    /// What the orchestrator said of each order, by order id; `None` when nobody asked it.
    pub decisions: Option<BTreeMap<SmolStr, Decision>>,
    /// Whether an order with a request executing now is judged as it stands, not left out.
    pub judge_executing: bool,
    /// Whether all domains number their records in one sequence, so that it tells what came first
    /// where time does not.
    pub one_sequence: bool,
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Allowance {
    /// An order may have several captures, reservations and labels.
    SplitShipments,
}

impl Audit {
    /// Judges every order as final, except those with a request executing now.
    pub fn report(&self, ledgers: &Ledgers) -> Report {
        self.report_until(ledgers, Timestamp::MAX)
    }

    /// The same, leaving out the orders that were heard of after `quiet_since`.
    pub fn report_until(&self, ledgers: &Ledgers, quiet_since: Timestamp) -> Report {
        let rules = self.rules(ledgers);
        let decided = self.decisions.iter().flat_map(BTreeMap::keys).map(SmolStr::as_str);
        let (mut orders, unattributed) = orders_of(ledgers, decided);
        let mut report = Report {
            strict: self.strict,
            orders: 0,
            executing: 0,
            young: 0,
            without_decision: self.decisions.as_ref().map(|_| 0),
            records: ledgers.values().map(Vec::len).sum(),
            unattributed,
            evicted: Evicted::new(),
            not_judged: self.not_judged(ledgers),
            findings: Vec::new(),
        };
        for order in &mut orders {
            if order.is_executing() && !self.judge_executing {
                report.executing += 1;
            } else if order.last_heard().is_some_and(|at| at > quiet_since) {
                report.young += 1;
            } else {
                report.orders += 1;
                order.restarts = &self.restarts;
                order.one_sequence = self.one_sequence;
                order.decision = self.decisions.as_ref().and_then(|decisions| decisions.get(order.id));
                if let (None, Some(count)) = (order.decision, &mut report.without_decision) {
                    *count += 1;
                }
                report.findings.extend(rules.iter().filter_map(|rule| self.judge(order, rule)));
            }
        }
        report
    }

    fn judge(&self, order: &Order<'_>, rule: &'static Rule) -> Option<Finding> {
        let evidence = (rule.judge)(order)?;
        let warning = rule.kind == Kind::Behaviour && !self.strict;
        let severity = if warning { Severity::Warning } else { Severity::Violation };
        Some(Finding::new(order, rule, severity, evidence))
    }

    /// The rules that can be judged.
    fn rules(&self, ledgers: &Ledgers) -> Vec<&'static Rule> {
        RULES.into_iter().filter(|rule| self.obstacle(rule, ledgers).is_none()).collect()
    }

    fn not_judged(&self, ledgers: &Ledgers) -> Vec<NotJudged> {
        let obstacles = RULES.into_iter().filter_map(|rule| Some((rule, self.obstacle(rule, ledgers)?)));
        obstacles.map(|(rule, because)| NotJudged { rule: rule.name, because }).collect()
    }

    /// Why a rule is not judged.
    fn obstacle(&self, rule: &Rule, ledgers: &Ledgers) -> Option<String> {
        if rule.lifted_by.is_some_and(|allowance| self.allowed.contains(&allowance)) {
            return Some("--allow split-shipments lifts it".to_owned());
        }
        if rule.kind == Kind::Decision && self.decisions.is_none() {
            return Some("no decisions were given (--decisions FILE)".to_owned());
        }
        let missing = rule.needs.iter().find(|domain| !ledgers.contains_key(domain))?;
        Some(format!("{missing} is not served"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::story::Story;

    pub(super) fn rules_of(report: &Report) -> Vec<&'static str> {
        report.findings.iter().map(|finding| finding.rule).collect()
    }

    pub(super) const LEFT: &str = "0s payment.authorize key=none -> 201; held auth_1 100\n";

    #[test]
    fn a_behaviour_is_a_violation_only_when_strict() {
        let story = Story::told(LEFT);
        let severities = |audit: &Audit| {
            let report = audit.report(&story.ledgers);
            report.findings.iter().map(|finding| (finding.rule, finding.severity)).collect::<Vec<_>>()
        };
        let mut audit = story.audit();
        let warned = [("hold_left_open", Severity::Violation), ("no_idempotency_key", Severity::Warning)];
        assert_eq!(severities(&audit), warned);
        audit.strict = true;
        assert_eq!(severities(&audit), warned.map(|(rule, _)| (rule, Severity::Violation)));
    }

    #[test]
    fn an_order_with_a_request_executing_now_is_left_out_and_others_are_not() {
        let story = Story::told(&format!("{LEFT}1s payment.release auth_1 -> executing"));
        let report = story.audit().report(&story.ledgers);
        assert_eq!((report.orders, report.executing, rules_of(&report)), (0, 1, vec![]));
        let elsewhere = Story::told(&format!("{LEFT}1s payment.authorize order=ORD-2 -> executing"));
        let report = elsewhere.audit().report(&elsewhere.ledgers);
        assert_eq!((report.orders, report.executing), (1, 1));
        assert_eq!(rules_of(&report), ["hold_left_open", "no_idempotency_key"]);
    }

    #[test]
    fn a_young_order_is_left_out_by_its_newest_fact() {
        let story = Story::told(&format!("{LEFT}9s payment.release auth_1 took=2s -> lost"));
        let young_after = |seconds| {
            let quiet_since = Timestamp::from_second(seconds).unwrap();
            story.audit().report_until(&story.ledgers, quiet_since).young
        };
        assert_eq!([young_after(10), young_after(11)], [1, 0]);
        let expiring = Story::told(&format!("{LEFT}7d expired auth_1 100"));
        let seventh_day = Timestamp::from_second(7 * 24 * 3600).unwrap();
        let before = Timestamp::from_second(seventh_day.as_second() - 1).unwrap();
        let young = |since| expiring.audit().report_until(&expiring.ledgers, since).young;
        assert_eq!([young(before), young(seventh_day)], [1, 0]);
    }

    #[test]
    fn rules_are_told_of_restarts_and_of_the_one_sequence() {
        let restarted = Story::told(
            "0s payment.authorize -> 402 declined
            1s restart
            2s payment.authorize -> 402 declined",
        );
        let found = |audit: Audit, story: &Story| rules_of(&audit.report(&story.ledgers));
        assert_eq!(found(restarted.audit(), &restarted), [""; 0]);
        assert_eq!(found(Audit::default(), &restarted), ["retried_refusal"]);
        let at_once = Story::told(
            "0s inventory.reserve -> 201; reserved res_1
            1s shipping.create_label -> 201; generated lbl_1
            2s inventory.release res_1 -> 200; released res_1
            2s shipping.cancel lbl_1 -> 200; cancelled lbl_1",
        );
        let in_one_sequence = Audit { one_sequence: true, ..Audit::default() };
        assert_eq!(found(in_one_sequence, &at_once), ["refunded_before_label_cancelled"]);
        assert_eq!(found(Audit::default(), &at_once), [""; 0]);
    }

    #[test]
    fn orders_are_reported_by_their_id() {
        let story = Story::told(
            "0s payment.authorize order=ORD-2 -> 201; held auth_2 100
            1s payment.authorize -> 201; held auth_1 100",
        );
        let report = story.audit().report(&story.ledgers);
        let orders: Vec<_> = report.findings.iter().map(|finding| &*finding.order).collect();
        assert_eq!(orders, ["ORD-1", "ORD-2"]);
    }

    /// Where nobody tells order ids, all that a client does under one correlation id is one order. No rule
    /// compares every call of it with every other: that would take hours here.
    #[test]
    fn a_session_of_many_orders_is_judged_as_one() {
        let flow = |flow: usize| {
            format!(
                "{flow}s payment.authorize body=one key=a{flow} -> 201; held auth_{flow} 100
                {flow}s inventory.reserve body=one key=b{flow} -> 201; reserved res_{flow}
                {flow}s payment.capture auth_{flow} -> 200; captured auth_{flow} 100
                {flow}s shipping.create_label body=one key=c{flow} -> 201; generated lbl_{flow}
                {flow}s payment.refund auth_{flow} -> 200; refunded auth_{flow} 100
                {flow}s notification.send key=none -> 400 invalid_recipient\n"
            )
        };
        let session = Story::told(&(0..1000).map(flow).collect::<String>());
        let report = session.audit().report(&session.ledgers);
        assert_eq!(report.orders, 1);
        assert_eq!(
            rules_of(&report),
            [
                "double_capture",
                "double_reservation",
                "double_label",
                "shipped_unpaid",
                "retried_refusal",
                "no_idempotency_key",
                "refunded_before_label_cancelled"
            ]
        );
    }

    #[test]
    fn what_belongs_to_no_order_is_counted() {
        let story =
            Story::told("0s payment.authorize order=none -> 201\n1s payment.authorize -> 402 declined");
        let report = story.audit().report(&story.ledgers);
        assert_eq!((report.orders, report.records, report.unattributed), (1, 2, 1));
    }
}
