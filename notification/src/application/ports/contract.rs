//! The contract that every [`Outbox`] must satisfy.

use jiff::Timestamp;

use super::Outbox;
use crate::domain::{Address, Channel, Envelope, Notification, NotificationId};

/// Runs the contract over the outboxes that `bounded_to` makes for a capacity.
pub(crate) fn holds_for<O: Outbox>(bounded_to: impl Fn(usize) -> O) {
    keeps_what_is_appended(&bounded_to(9));
    gives_every_message_an_id_of_its_own(&bounded_to(9));
    forgets_what_was_appended_first(&bounded_to(2));
    loses_nothing_to_a_race(&bounded_to(800));
}

fn append(outbox: &impl Outbox, ids: &[u64]) -> Notification {
    let address = Address::new(Channel::Email, "customer@example.com").unwrap();
    let envelope = Envelope { address, subject: Some("Shipped".into()), order_id: None };
    let mut ids = ids.iter().copied().map(NotificationId::from);
    outbox.append(envelope, Timestamp::UNIX_EPOCH, &mut || ids.next().expect("an id was refused"))
}

fn keeps_what_is_appended(outbox: &impl Outbox) {
    let sent = append(outbox, &[1]);
    assert_eq!((sent.id, sent.sent_at), (1.into(), Timestamp::UNIX_EPOCH));
    assert_eq!(outbox.find(1.into()), Some(sent));
    assert_eq!(outbox.find(2.into()), None);
}

fn gives_every_message_an_id_of_its_own(outbox: &impl Outbox) {
    append(outbox, &[1]);
    append(outbox, &[2]);
    assert_eq!(append(outbox, &[1, 2, 1, 3, 4]).id, 3.into());
}

fn forgets_what_was_appended_first(outbox: &impl Outbox) {
    (1..=4).for_each(|id| drop(append(outbox, &[id])));
    let kept = [1, 2, 3, 4].map(|id| outbox.find(NotificationId::from(id)).is_some());
    assert_eq!(kept, [false, false, true, true]);
}

fn loses_nothing_to_a_race(outbox: &impl Outbox) {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..100).for_each(|_| drop(append(outbox, &Vec::from_iter(0..800)))));
        }
    });
    assert!((0..800).all(|id| outbox.find(NotificationId::from(id)).is_some()));
}
