use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use shared::chaos::{Script, ScriptLine};

use super::crash::Crash;
use super::decision::Decision;
use crate::bundled::operations;
use crate::workload::OrderName;

/// All that one order meets. Written as the options of the command that lets an order meet it.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// What goes wrong in the backends, each attempt at most once; everything else succeeds.
    pub faults: Vec<ScriptLine>,
    /// What people decide.
    pub decision: Decision,
    /// Where the orchestrator's process dies.
    pub crashes: BTreeSet<Crash>,
    /// The order of a random world whose items it orders, if they matter.
    pub order: Option<OrderName>,
}

impl Schedule {
    /// Nothing goes wrong.
    pub fn of(decision: Decision) -> Self {
        Self { faults: Vec::new(), decision, crashes: BTreeSet::new(), order: None }
    }

    /// The faults that `script` has for every order.
    ///
    /// # Errors
    /// A sentence, when the script is not one, or names an order: there is only one.
    pub fn parse_faults(script: &str) -> Result<Vec<ScriptLine>, String> {
        let script = Script::parse(&operations(), script)?;
        match script.lines().iter().find(|line| line.order.is_some()) {
            Some(line) => Err(format!("in `{line}`: there is only one order, so none is to be named")),
            None => Ok(script.lines().to_vec()),
        }
    }

    /// The variables that are set in front of a command, as a shell reads them:
    /// `INVENTORY_RESERVATION_TTL=5s fake-stripe-chaos simulate --script …`.
    ///
    /// # Errors
    /// A sentence, when the line is not one of words.
    pub fn variables_before(line: &str) -> Result<Vec<(String, String)>, String> {
        let before = words(line)?
            .into_iter()
            .map_while(|word| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(before.collect())
    }

    /// The same with one more fault, in the order in which faults are written.
    #[must_use]
    pub(super) fn with(&self, fault: ScriptLine) -> Self {
        let mut more = self.clone();
        let place = more.faults.partition_point(|other| target(other) < target(&fault));
        more.faults.insert(place, fault);
        more
    }

    /// The same with a crash.
    #[must_use]
    pub(super) fn dying_at(&self, crash: Crash) -> Self {
        let mut more = self.clone();
        more.crashes.insert(crash);
        more
    }

    /// Whether a fault is set for an attempt of an operation.
    pub(super) fn decides(&self, operation: &str, attempt: u32) -> bool {
        self.faults.iter().any(|fault| target(fault) == (operation, attempt))
    }

    /// The script of its faults, for an order of this id.
    pub(super) fn lines_for<'a>(&'a self, order_id: &'a str) -> impl Iterator<Item = ScriptLine> + 'a {
        self.faults.iter().map(move |fault| ScriptLine { order: Some(order_id.to_owned()), ..fault.clone() })
    }

    fn script(&self) -> String {
        self.faults.iter().cloned().collect::<Script>().to_string()
    }
}

fn target(fault: &ScriptLine) -> (&'static str, u32) {
    (fault.operation.name, fault.attempt)
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--script \"{}\" --decision {}", self.script(), self.decision)?;
        self.crashes.iter().try_for_each(|crash| write!(f, " --crash {crash}"))?;
        self.order.iter().try_for_each(|order| write!(f, " --order {order}"))
    }
}

impl FromStr for Schedule {
    type Err = String;

    /// Reads the options of `simulate`, with or without the command and its variables before them, and
    /// as the command reads them. A line of anything else would be an order that nothing happens to.
    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = words(line)?;
        let options = words.split_off(words.iter().take_while(|word| !word.starts_with("--")).count());
        let variables = words.iter().take_while(|word| word.contains('=')).count();
        match words[variables..].iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] | ["simulate"] | [_, "simulate"] => {}
            _ => return Err("not a line of `simulate --script …`, with its variables in front".to_owned()),
        }
        let mut schedule = Self::of(Decision::default());
        let mut faults = None;
        let mut options = options.into_iter();
        while let Some(option) = options.next() {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option.as_str(), options.next()),
            };
            let value = value.ok_or_else(|| format!("`{name}` is without a value"))?;
            match name {
                "--script" => faults = Some(Self::parse_faults(&value)?),
                "--decision" => schedule.decision = value.parse()?,
                "--crash" => drop(schedule.crashes.insert(value.parse()?)),
                "--order" => schedule.order = Some(value.parse()?),
                _ => return Err(format!("`{name}` is not one of --script, --decision, --crash, --order")),
            }
        }
        Ok(Self { faults: faults.ok_or("there is no --script")?, ..schedule })
    }
}

/// The words of a command line; quotes keep one together.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("a quote is not closed".to_owned()) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_reads_back() {
        let line = "--script \"payment.capture#1=lost_response; shipping.create_label#2=timeout@5s\" \
                    --decision cancel@shipping.create_label+7s --crash before:payment_capture:1.completed --order ORD-7-42";
        let schedule: Schedule = format!("fake-stripe-chaos simulate {line}").parse().unwrap();
        assert_eq!(schedule.to_string(), line);
        assert_eq!(
            "--script \"\" --decision none".parse::<Schedule>().unwrap().to_string(),
            "--script \"\" --decision none"
        );
    }

    #[test]
    fn a_line_is_read_as_the_command_reads_it() {
        let read = |line: &str| line.parse::<Schedule>().unwrap().to_string();
        insta::assert_snapshot!(read("A=1 ./fake-stripe-chaos simulate --script='payment.capture#1=reset'"), @r#"--script "payment.capture#1=reset" --decision approve"#);
    }

    #[test]
    fn variables_are_those_before_the_command() {
        let before = |line| Schedule::variables_before(line).unwrap();
        assert_eq!(before("fake-stripe-chaos simulate --script A=1"), []);
        let both = [("A", "1"), ("B", "x, y=2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(before("A=1 B=\"x, y=2\" fake-stripe-chaos simulate C=3"), both);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |line: &str| line.parse::<Schedule>().unwrap_err();
        insta::assert_snapshot!(wrong("--decision none"), @"there is no --script");
        let program = "fake-stripe-chaos simulate --script x";
        let [prompt, env] = ["$", "env A=1"].map(|prefix| format!("{prefix} {program}"));
        for line in ["foo", "{", "fake-stripe-chaos run --script x", &prompt, &env] {
            assert_eq!(wrong(line), "not a line of `simulate --script …`, with its variables in front");
        }
        insta::assert_snapshot!(wrong("--decision"), @"`--decision` is without a value");
        insta::assert_snapshot!(wrong("--script \"A:payment.capture#1=reset\""), @"in `A:payment.capture#1=reset`: there is only one order, so none is to be named");
        insta::assert_snapshot!(wrong("--script \"payment.capture#1=reset"), @"a quote is not closed");
        insta::assert_snapshot!(wrong("--seed 1"), @"`--seed` is not one of --script, --decision, --crash, --order");
    }
}
