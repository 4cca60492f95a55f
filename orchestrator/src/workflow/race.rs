use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Which side of a [`race`] finished first.
#[derive(Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first future, which also wins a tie.
    Left(A),
    /// The second future.
    Right(B),
}

/// Waits for the first of two futures; a tie goes to the left one.
///
/// It polls in the order of its arguments and never randomly, so it replays the same on every
/// engine. The loser is dropped, which does **not** cancel its operation: pass `&mut future` to keep it.
pub async fn race<A: Future, B: Future>(left: A, right: B) -> Either<A::Output, B::Output> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    poll_fn(move |context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(Either::Left(value));
        }
        right.as_mut().poll(context).map(Either::Right)
    })
    .await
}
