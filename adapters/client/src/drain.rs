//! Reads the little that is left of an answer nobody wants the rest of, to keep its connection.
//!
//! **Invariant.** Bounded in bytes and in time; what is read is thrown away.

use crate::framing::{Framing, Step};
use crate::pool::{Conn, Pool};
use crate::wire;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// A new connection is cheaper than reading more than this.
const BYTES_MAX: u64 = 64 << 10;

/// The end of a message that is complete otherwise comes at once or not soon.
const TIME_MAX: Duration = Duration::from_millis(500);

/// Gives the connection back once its answer has ended, or closes it.
pub(crate) fn begin(mut conn: Conn, mut framing: Framing, pool: Arc<Pool>, told: Option<Duration>) {
    if !framing.may_end_within(BYTES_MAX) {
        return;
    }
    let mut left = BYTES_MAX;
    if discard(&mut conn, &mut framing, &mut left) == Some(true) {
        return pool.put(conn, told);
    }
    if left == 0 {
        return;
    }
    let Ok(runtime) = Handle::try_current() else { return };
    runtime.spawn(async move {
        let ended = timeout(TIME_MAX, async {
            loop {
                match discard(&mut conn, &mut framing, &mut left) {
                    Some(ended) => return ended,
                    None if wire::read(&mut conn).await.unwrap_or(0) == 0 => return false,
                    None => {}
                }
            }
        });
        if ended.await == Ok(true) {
            pool.put(conn, told);
        }
    });
}

/// Throws away what has arrived: `true` at the end, `false` if it breaks HTTP or is too much, nothing if more is needed.
fn discard(conn: &mut Conn, framing: &mut Framing, left: &mut u64) -> Option<bool> {
    loop {
        match framing.step(&mut conn.input) {
            Ok(Step::Wait) => return None,
            Ok(Step::End) => return Some(true),
            Ok(Step::Data(piece)) => {
                *left = left.saturating_sub(piece.len() as u64);
                if *left == 0 {
                    return Some(false);
                }
            }
            Err(_) => {
                *left = 0;
                return Some(false);
            }
        }
    }
}
