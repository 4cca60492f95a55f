use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::order::{Call, Fact, Operation, Order};
use super::{Allowance, Domain};

/// One rule that every order is judged by.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name.
    pub name: &'static str,
    /// The meaning of a violation.
    pub kind: Kind,
    /// The domains without whose ledgers it cannot be judged.
    pub needs: &'static [Domain],
    /// What lifts it.
    pub lifted_by: Option<Allowance>,
    /// What must hold, in a sentence.
    pub holds: &'static str,
    /// What usually causes a finding, for the person who has to fix it.
    pub cause: &'static str,
    /// How an order breaks it, if it does. Pure.
    pub judge: for<'a> fn(&Order<'a>) -> Option<Evidence<'a>>,
}

/// The meaning of breaking a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money, stock or labels are wrong: a violation.
    Invariant,
    /// The client behaves in a way that will cause harm one day: a warning, or a violation if strict.
    Behaviour,
    /// The orchestrator said one thing and the ledgers say another: a violation.
    Decision,
}

/// How an order breaks a rule.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What is wrong with this order, in a sentence.
    pub sentence: String,
    /// What happened that shows it.
    pub facts: Vec<Fact<'a>>,
    /// The requests that led there.
    pub calls: Vec<Call<'a>>,
}

impl<'a> Evidence<'a> {
    /// A finding with this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), facts: Vec::new(), calls: Vec::new() }
    }

    /// Shown by these requests and what they did.
    #[must_use]
    pub fn calls(mut self, order: &Order<'a>, calls: impl IntoIterator<Item = Call<'a>>) -> Self {
        let calls: Vec<_> = calls.into_iter().collect();
        let asked: HashSet<_> = calls.iter().map(|call| (call.domain, Some(call.request.seq))).collect();
        let its = |fact: &&Fact<'a>| asked.contains(&(fact.domain, fact.effect.request));
        self.facts.extend(order.facts.iter().filter(its));
        self.calls.extend(calls);
        self
    }

    /// Shown by all requests and effects on these resources, including repeats that never reached them.
    #[must_use]
    pub fn resources<'i>(mut self, order: &Order<'a>, ids: impl IntoIterator<Item = &'i str>) -> Self {
        let ids: HashSet<_> = ids.into_iter().collect();
        let names = |call: &&Call<'a>| call.request.resource.as_deref().is_some_and(|id| ids.contains(id));
        let keys: HashSet<_> = order.calls.iter().filter(names).filter_map(Call::key).collect();
        let repeats = |call: &&Call<'a>| call.key().is_some_and(|key| keys.contains(&key));
        self.facts.extend(order.facts.iter().filter(|fact| ids.contains(&*fact.effect.resource)));
        self.calls.extend(order.calls.iter().filter(|call| names(call) || repeats(call)));
        self
    }

    /// Shown by all requests for this operation, or by the absence of any.
    #[must_use]
    pub fn operation(self, order: &Order<'a>, operation: Operation<'_>) -> Self {
        let calls: Vec<_> = order.calls.iter().copied().filter(|call| call.operation == operation).collect();
        self.calls(order, calls)
    }

    /// Shown by this alone.
    #[must_use]
    pub fn fact(mut self, fact: Fact<'a>) -> Self {
        self.facts.push(fact);
        self
    }
}

/// The names as an English list.
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [name] => name.as_ref().to_owned(),
        [names @ .., last] => {
            let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", names.join(", "), last.as_ref())
        }
    }
}
