//! The time-out of one try, judged by whether bytes had left.
//!
//! **Invariant.** Who does not tell whether bytes had left is judged as if they had.

use adapters_ports::CallContext;
use kernel::{Cause, Class, Error};
use std::future::Future;
use tokio::time::{Instant, timeout_at};

/// Waits for a try until its deadline; `cx` is the context of this try.
///
/// # Errors
/// `Transient` if certainly nothing was sent, `Ambiguous` otherwise; and what the try ends with.
pub(crate) async fn bounded<T>(
    cx: &CallContext,
    attempt: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match timeout_at(Instant::from_std(cx.deadline), attempt).await {
        Ok(result) => result,
        Err(_) if cx.sent.is_held() => {
            Err(Error::new(Class::Transient, Cause::TimedOut, "no time left before the request was sent"))
        }
        Err(_) => Err(Error::new(Class::Ambiguous, Cause::TimedOut, "no answer in time")),
    }
}
