use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use shared::ledger::{Record, Request};
use smol_str::SmolStr;

use crate::audit::Ledgers;

/// The requests whose bodies may name an order.
const NAMING: [&str; 4] =
    ["payment.authorize", "inventory.reserve", "shipping.create_label", "notification.send"];

/// The orders that other ids stand for. A client that names its order in some requests only leaves the others
/// under its correlation id: they belong to the order that is named under it. One that sends the id of an order
/// as its correlation id may have a name of its own for the order in its bodies.
#[derive(Debug, Default)]
pub(super) struct Correlated<'a> {
    named: HashMap<&'a str, Option<&'a str>, RandomState>,
}

impl<'a> Correlated<'a> {
    /// A correlation id stands for nothing if several orders are named under it, or if it is an order's id
    /// too.
    pub(super) fn of(ledgers: &'a Ledgers, is_order: impl Fn(&str) -> bool) -> Self {
        let requests = || {
            ledgers.values().flatten().filter_map(|record| match record {
                Record::Request(request) => Some((request.order.as_deref()?, request)),
                Record::Effect(_) => None,
            })
        };
        let own_names = own_names(ledgers, &is_order);
        let (mut named, mut made) = (Self::default().named, HashMap::<_, _, RandomState>::default());
        for (id, request) in requests().filter(|(id, it)| *id == it.correlation_id && !is_order(id)) {
            named.insert(id, None);
            made.extend(request.resource.as_deref().map(|resource| (resource, id)));
        }
        // What was made under a correlation id keeps it, whoever asks for more: that names no order.
        let is_lent = |order: &str, it: &Request| {
            it.resource.as_deref().is_some_and(|resource| made.get(resource) == Some(&order))
        };
        let naming = requests().filter(|(order, it)| *order != it.correlation_id && !is_lent(order, it));
        for (order, request) in naming {
            named.remove(order);
            if let Some(known) = named.get_mut(&*request.correlation_id)
                && *known.get_or_insert(order) != order
            {
                named.remove(&*request.correlation_id);
            }
        }
        named.extend(own_names.into_iter().map(|(name, order)| (name, Some(order))));
        Self { named }
    }

    /// The order to which records under this id belong.
    pub(super) fn order(&self, id: &'a str) -> &'a str {
        self.named.get(id).copied().flatten().unwrap_or(id)
    }
}

/// The names that a client has of its own for orders that `is_order` knows, with these orders. Whatever names
/// such an order has the known id as its correlation id, and there is one name an order.
fn own_names(ledgers: &Ledgers, is_order: impl Fn(&str) -> bool) -> HashMap<&str, &str, RandomState> {
    let naming = || {
        ledgers.values().flatten().filter_map(|record| match record {
            Record::Request(request) if NAMING.contains(&&*request.operation) => {
                Some((request.order.as_deref()?, &*request.correlation_id))
            }
            _ => None,
        })
    };
    let mut orders = HashMap::<_, _, RandomState>::default();
    orders.extend(naming().filter(|(name, correlated)| is_order(correlated) && !is_order(name)));
    let elsewhere = naming().filter(|(name, correlated)| orders.get(name).is_some_and(|it| it != correlated));
    let elsewhere: HashSet<&str> = elsewhere.map(|(name, _)| name).collect();
    let mut names = HashMap::<&str, u32>::new();
    orders.values().for_each(|order| *names.entry(order).or_default() += 1);
    orders.retain(|name, order| !elsewhere.contains(name) && names[order] == 1);
    orders
}

/// Puts the orders' ids in the place of the ids that stand for them, for those who look records up by their
/// order. What `is_order` knows stands for no other.
pub fn attribute(ledgers: &mut Ledgers, is_order: impl Fn(&str) -> bool) {
    let named = Correlated::of(ledgers, is_order).named.into_iter();
    let named: HashMap<SmolStr, SmolStr> =
        named.filter_map(|(id, order)| Some((id.into(), order?.into()))).collect();
    for record in ledgers.values_mut().flatten() {
        let id = match record {
            Record::Request(request) => &mut request.order,
            Record::Effect(effect) => &mut effect.order,
        };
        if let Some(order) = id.as_ref().and_then(|id| named.get(id)) {
            *id = Some(order.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::attribute;
    use crate::audit::Report;
    use crate::audit::story::Story;

    const CHECKOUT: &str = "0s payment.authorize correlation=checkout -> 201; held auth_1 100
        1s inventory.reserve order=checkout correlation=checkout -> 201; reserved res_1
        2s payment.capture auth_1 correlation=checkout -> 200; captured auth_1 100
        3s shipping.create_label order=checkout correlation=checkout -> 201; generated lbl_1\n";

    fn judged(story: &str) -> Report {
        let story = Story::told(story);
        story.audit().report(&story.ledgers)
    }

    fn found(report: &Report) -> Vec<(&str, &str)> {
        report.findings.iter().map(|finding| (&*finding.order, finding.rule)).collect()
    }

    #[test]
    fn an_order_that_only_some_requests_name_is_one_order() {
        let report = judged(CHECKOUT);
        assert_eq!((report.orders, found(&report)), (1, vec![]));
    }

    #[test]
    fn a_request_that_made_nothing_belongs_to_the_order_too() {
        let refused = "0s payment.authorize order=checkout correlation=checkout -> 503 unavailable\n";
        let report = judged(&format!("{refused}{CHECKOUT}"));
        assert_eq!((report.orders, found(&report)), (1, vec![]));
    }

    #[test]
    fn who_looks_at_what_was_made_under_a_correlation_id_names_no_order() {
        let looked = "4s inventory.status res_1 order=checkout correlation=support -> 200";
        let report = judged(&format!("{CHECKOUT}{looked}"));
        assert_eq!((report.orders, found(&report)), (1, vec![]));
    }

    #[test]
    fn records_are_attributed_to_the_order_that_their_correlation_id_stands_for() {
        let mut ledgers = Story::told(CHECKOUT).ledgers;
        attribute(&mut ledgers, |id| id == "checkout" || id == "ORD-1");
        assert_eq!(ledgers, Story::told(CHECKOUT).ledgers);
        attribute(&mut ledgers, |_| false);
        assert!(ledgers.values().flatten().all(|record| record.order() == Some("ORD-1")));
        let story = Story::told(CHECKOUT);
        assert_eq!(found(&story.audit().report(&ledgers)), vec![]);
    }

    #[test]
    fn what_expired_under_a_correlation_id_belongs_to_its_order_too() {
        let expired = "0s payment.authorize correlation=checkout -> 402 declined
            1s inventory.reserve order=checkout correlation=checkout -> 201; reserved res_1
            30m expired res_1 order=checkout";
        assert_eq!(found(&judged(expired)), [("ORD-1", "stock_left_reserved")]);
    }

    #[test]
    fn a_correlation_id_of_several_orders_or_of_none_stands_for_itself() {
        let session =
            format!("{CHECKOUT}4s payment.authorize order=ORD-2 correlation=checkout -> 402 declined");
        assert_eq!(judged(&session).orders, 3);
        let nobody = "0s payment.authorize order=checkout correlation=checkout -> 402 declined";
        assert_eq!(judged(nobody).orders, 1);
    }

    #[test]
    fn an_id_that_is_an_orders_own_stands_for_no_other() {
        let child = "0s payment.authorize correlation=ORD-1 -> 402 declined
            1s payment.authorize order=ORD-1-b correlation=ORD-1 -> 402 declined\n";
        let elsewhere = "2s payment.authorize correlation=other -> 402 declined";
        assert_eq!(judged(&format!("{child}{elsewhere}")).orders, 2);
    }

    const OWN_NAME: &str = "0s payment.authorize order=shop-1 correlation=ORD-1 -> 201; held auth_1 100
        1s inventory.reserve correlation=ORD-1 -> 201; reserved res_1
        2s payment.capture auth_1 order=shop-1 correlation=ORD-1 -> 200; captured auth_1 100
        3s shipping.create_label order=shop-1 correlation=ORD-1 -> 201; generated lbl_1
        4s payment.status auth_1 order=shop-1 correlation=support -> 200\n";

    #[test]
    fn a_clients_own_name_stands_for_the_known_order_that_its_correlation_id_is() {
        let report = judged(&format!("{OWN_NAME}decided approve shipped"));
        assert_eq!((report.orders, found(&report)), (1, vec![]));
    }

    #[test]
    fn a_name_under_two_correlation_ids_and_two_names_under_one_stand_for_themselves() {
        for more in [
            "5s notification.send order=shop-1 correlation=ORD-2 -> 201",
            "5s payment.authorize order=shop-2 correlation=ORD-1 -> 402 declined",
        ] {
            let report = judged(&format!("{OWN_NAME}{more}\ndecided approve shipped"));
            assert!(report.orders > 1, "{more}");
        }
    }
}
