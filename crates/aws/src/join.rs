//! Waits for several futures at once, in one task.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// A future on the heap that may borrow.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The results of all futures, in their order.
pub(crate) async fn join_all<T: Send>(futures: Vec<Boxed<'_, T>>) -> Vec<T> {
    let mut running: Vec<Option<Boxed<'_, T>>> = futures.into_iter().map(Some).collect();
    let mut results: Vec<Option<T>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut done = true;
        for (slot, result) in running.iter_mut().zip(&mut results) {
            let Some(future) = slot else { continue };
            match future.as_mut().poll(context) {
                Poll::Ready(value) => {
                    *result = Some(value);
                    *slot = None;
                }
                Poll::Pending => done = false,
            }
        }
        if done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results
        .into_iter()
        .map(|result| result.expect("every future was polled to its end"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Boxed, join_all};

    #[tokio::test(start_paused = true)]
    async fn results_keep_the_order_of_the_futures() {
        let wait = |seconds: u64| -> Boxed<'static, u64> {
            Box::pin(async move {
                tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
                seconds
            })
        };
        assert_eq!(join_all(vec![wait(3), wait(1), wait(2)]).await, [3, 1, 2]);
    }
}
