use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use shared::ledger::Record;

use crate::audit::{Domain, Evicted, Ledgers};

/// A page as `GET /{domain}/ledger` returns it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    /// The domain of the ledger; if the page does not say, the URL does.
    #[serde(default)]
    pub(super) domain: Option<String>,
    pub(super) records: Vec<Record>,
    /// The cursor of the next page; absent on the last.
    #[serde(default)]
    pub(super) next_cursor: Option<String>,
    /// How many orders have left the ledger to make room.
    #[serde(default)]
    pub(super) evicted_orders: u64,
}

/// Ledgers, page by page. A record that occurs twice, because a ledger was saved twice, counts once: a
/// request as it ended, if it has ended in one of them.
#[derive(Debug, Default)]
pub(super) struct Collected {
    records: BTreeMap<Domain, BTreeMap<u64, Record>>,
    unfinished: BTreeSet<Domain>,
    finished: BTreeSet<Domain>,
    evicted: Evicted,
}

impl Collected {
    /// Adds a page of `domain`; without one, each record must show it.
    ///
    /// # Errors
    /// When nothing shows the domain, and what is wrong with a record.
    pub(super) fn page(&mut self, domain: Option<Domain>, page: Page) -> Result<(), String> {
        let known = page.domain.as_deref().and_then(Domain::named).or(domain);
        let domain = known.or_else(|| page.records.iter().find_map(Domain::of)).ok_or(
            "nothing in it says which domain's ledger it is; name the file after the domain, such as payment.json",
        )?;
        self.records.entry(domain).or_default();
        let seen = if page.next_cursor.is_some() { &mut self.unfinished } else { &mut self.finished };
        seen.insert(domain);
        if page.evicted_orders > 0 {
            self.evicted.insert(domain, page.evicted_orders);
        }
        page.records.into_iter().try_for_each(|record| self.record(known, record))
    }

    /// Adds a record of `domain`; without one, the record must show it.
    ///
    /// # Errors
    /// When the domain is unknown or is not the one that the record shows, or another record has the same
    /// number.
    pub(super) fn record(&mut self, domain: Option<Domain>, record: Record) -> Result<(), String> {
        let seq = record.seq();
        let shown = Domain::of(&record);
        if let (Some(named), Some(shown)) = (domain, shown)
            && named != shown
        {
            return Err(format!(
                "record {seq} is from {shown}, not from {named}; name the file after its domain, or after none if it holds several"
            ));
        }
        let domain = domain.or(shown).ok_or_else(|| {
            format!(
                "record {seq} does not show its domain; name the file after the domain, such as payment.json"
            )
        })?;
        let same = |known: &Record| {
            std::mem::discriminant(known) == std::mem::discriminant(&record)
                && known.order() == record.order()
        };
        let records = self.records.entry(domain).or_default();
        if records.get(&seq).is_some_and(|known| !same(known)) {
            return Err(format!(
                "{domain} has two records with number {seq}; are these ledgers of different runs?"
            ));
        }
        // Pages may come in any order: a request that has ended does not execute again.
        if !(is_executing(&record) && records.contains_key(&seq)) {
            records.insert(seq, record);
        }
        Ok(())
    }

    /// Everything that was read, and what had left before.
    ///
    /// # Errors
    /// When there is no ledger, or the last page of one is missing.
    pub(super) fn finish(self) -> Result<(Ledgers, Evicted), String> {
        if self.records.is_empty() {
            return Err("there is no ledger".to_owned());
        }
        if let Some(domain) = self.unfinished.difference(&self.finished).next() {
            return Err(format!(
                "the last page of {domain}'s ledger is missing: follow nextCursor until there is none"
            ));
        }
        let ledgers = self.records.into_iter();
        let ledgers = ledgers.map(|(domain, records)| (domain, records.into_values().collect()));
        Ok((ledgers.collect(), self.evicted))
    }
}

fn is_executing(record: &Record) -> bool {
    matches!(record, Record::Request(request) if request.ended_at.is_none())
}
