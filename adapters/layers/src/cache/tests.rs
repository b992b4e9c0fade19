//! The cache: ages, sharing, invalidation.

use super::*;
use kernel::Class;
use std::sync::atomic::AtomicU32;
use tokio::time::{advance, sleep};

const FRESH: Duration = Duration::from_secs(30);
const STALE: Duration = Duration::from_secs(60);

fn soon() -> std::time::Instant {
    (Instant::now() + Duration::from_secs(600)).into_std()
}

async fn get(cache: &Cache<u32>, make: Result<u32, Class>) -> Result<Cached<u32>, Error> {
    let made = make.map(|value| (value, 4)).map_err(|class| Error::new(class, Cause::Legacy, "scripted"));
    cache.get_or_make("k", FRESH, STALE, soon(), || async { made }).await
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[tokio::test(start_paused = true)]
async fn an_answer_serves_while_it_is_fresh_and_not_longer() {
    let cache = Cache::new(1 << 20);
    assert_eq!(get(&cache, Ok(1)).await.unwrap(), Cached { value: 1, age: seconds(0), stale: false });
    advance(seconds(29)).await;
    assert_eq!(get(&cache, Ok(2)).await.unwrap(), Cached { value: 1, age: seconds(29), stale: false });
    advance(seconds(1)).await;
    assert_eq!(get(&cache, Ok(3)).await.unwrap().value, 3);
    assert_eq!(cache.counts(), [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_as_old_as_its_question() {
    let cache = Cache::<u32>::new(1 << 20);
    let slow = || async {
        sleep(seconds(10)).await;
        Ok((1, 4))
    };
    cache.get_or_make("k", FRESH, STALE, soon(), slow).await.unwrap();
    assert_eq!(get(&cache, Ok(2)).await.unwrap(), Cached { value: 1, age: seconds(10), stale: false });
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_serves_only_where_the_class_permits_it_and_not_for_ever() {
    for class in Class::ALL {
        let cache = Cache::new(1 << 20);
        get(&cache, Ok(1)).await.unwrap();
        advance(seconds(89)).await;
        let found = get(&cache, Err(class)).await;
        match class.permits_stale() {
            true => assert_eq!(found.unwrap(), Cached { value: 1, age: seconds(89), stale: true }),
            false => assert_eq!(found.unwrap_err().class, class),
        }
        advance(seconds(1)).await;
        assert_eq!(get(&cache, Err(class)).await.unwrap_err().class, class);
    }
}

#[tokio::test(start_paused = true)]
async fn callers_of_one_key_share_one_call_and_its_error() {
    let cache = Arc::new(Cache::<u32>::new(1 << 20));
    for result in [Ok(7), Err(Class::Defect)] {
        cache.clear();
        let made = Arc::new(AtomicU32::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (cache, made) = (Arc::clone(&cache), Arc::clone(&made));
            tasks.spawn(async move {
                let make = || async move {
                    made.fetch_add(1, Ordering::SeqCst);
                    sleep(seconds(1)).await;
                    result
                        .map(|value| (value, 4))
                        .map_err(|class| Error::new(class, Cause::Legacy, "scripted"))
                };
                cache.get_or_make("k", FRESH, STALE, soon(), make).await
            });
        }
        while let Some(done) = tasks.join_next().await {
            let found = done.unwrap().map(|cached| cached.value).map_err(|error| error.class);
            assert_eq!(found, result);
        }
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_an_invalidation_is_not_stored_after_it() {
    for clear in [false, true] {
        let cache = Cache::<u32>::new(1 << 20);
        let old = cache.get_or_make("k", FRESH, STALE, soon(), || async {
            sleep(seconds(2)).await;
            Ok((1, 4))
        });
        let write = async {
            sleep(seconds(1)).await;
            if clear { cache.clear() } else { cache.invalidate("k") }
        };
        let (old, ()) = tokio::join!(old, write);
        assert_eq!(old.unwrap().value, 1);
        assert_eq!(get(&cache, Ok(2)).await.unwrap().value, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_takes_over_when_the_maker_disappears_or_runs_out_of_time() {
    let cache = Cache::<u32>::new(1 << 20);
    let gone =
        tokio::time::timeout(seconds(1), cache.get_or_make("k", FRESH, STALE, soon(), std::future::pending));
    let (gone, next) = tokio::join!(gone, async {
        sleep(Duration::from_millis(10)).await;
        get(&cache, Ok(2)).await
    });
    assert!(gone.is_err());
    assert_eq!(next.unwrap().value, 2);
    cache.clear();
    let late = cache.get_or_make("k", FRESH, STALE, soon(), || async {
        sleep(seconds(1)).await;
        Err(Error::new(Class::Ambiguous, Cause::TimedOut, "scripted"))
    });
    let (late, next) = tokio::join!(late, async {
        sleep(Duration::from_millis(10)).await;
        get(&cache, Ok(3)).await
    });
    assert_eq!((late.unwrap_err().cause, next.unwrap().value), (Cause::TimedOut, 3));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_another_waits_only_until_its_own_deadline() {
    let cache = Cache::<u32>::new(1 << 20);
    let slow = cache.get_or_make("k", FRESH, STALE, soon(), || async {
        sleep(seconds(10)).await;
        Ok((1, 4))
    });
    let (slow, hasty) = tokio::join!(slow, async {
        sleep(Duration::from_millis(10)).await;
        let deadline = (Instant::now() + seconds(1)).into_std();
        cache.get_or_make("k", FRESH, STALE, deadline, || async { Ok((2, 4)) }).await
    });
    assert_eq!(slow.unwrap().value, 1);
    assert_eq!(hasty.unwrap_err().cause, Cause::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn the_bytes_are_bounded() {
    let cache = Cache::<u32>::new(100_000);
    for index in 0..1000 {
        let key = format!("key {index}");
        cache.get_or_make(&key, FRESH, STALE, soon(), || async { Ok((1, 1000)) }).await.unwrap();
    }
    cache.store.run_pending_tasks();
    assert!(cache.store.weighted_size() <= 100_000 && cache.store.entry_count() > 50);
}

#[tokio::test(start_paused = true)]
async fn readings_can_travel_between_threads() {
    fn travels<T: Send>(_: &T) {}
    let cache = Cache::<u32>::new(1 << 20);
    travels(&cache.get_or_make("k", FRESH, STALE, soon(), || async { Ok((1, 1)) }));
}
