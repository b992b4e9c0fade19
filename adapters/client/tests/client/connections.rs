//! Connections: kept, found dead, broken at each phase.
//!
//! **Invariant.** Each test says how often a request arrived, not only what the client says about it.

use crate::rude::{Rude, read_request};
use adapters_client::{Client, Config, Target};
use adapters_ports::CallContext;
use bytes::Bytes;
use kernel::{Cause, Class, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn cx() -> CallContext {
    CallContext::new("test", Duration::from_secs(5))
}

fn client(server: &Rude) -> Client {
    Client::new(Config::new(Target::parse(&server.url()).unwrap().origin)).unwrap()
}

async fn call(client: &Client, cx: &CallContext, body: &[Bytes]) -> Result<Bytes, Error> {
    let head = client.head("POST", "/soap", &[]).unwrap();
    client.send(cx, &head, &[], body).await?.body.whole(cx).await
}

#[tokio::test]
async fn a_request_arrives_as_it_was_given() {
    let (tell, mut told) = tokio::sync::mpsc::channel(1);
    let server = Rude::start(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            tell.send(read_request(&mut stream).await).await.unwrap();
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let client = client(&server);
    let head = client.head("POST", "/soap?x=1", &[("Content-Type", "text/xml")]).unwrap();
    let pieces: Vec<Bytes> = (0..40).map(|n| Bytes::from(format!("<n{n}/>"))).collect();
    let cx = cx();
    client.send(&cx, &head, &[("traceparent", "00-a")], &pieces).await.unwrap();
    assert!(cx.sent.is_marked());
    let body: String = (0..40).map(|n| format!("<n{n}/>")).collect();
    let expected = format!(
        "POST /soap?x=1 HTTP/1.1\r\nHost: {}\r\nUser-Agent: seawall/{}\r\nAccept-Encoding: gzip\r\n\
         Content-Type: text/xml\r\ntraceparent: 00-a\r\nContent-Length: {}\r\n\r\n{body}",
        server.address,
        env!("CARGO_PKG_VERSION"),
        body.len()
    );
    assert_eq!(told.recv().await.unwrap(), expected);
}

#[tokio::test]
async fn a_connection_is_used_again_after_its_body_was_read_and_only_then() {
    let server = Rude::start(|mut stream, _| async move {
        while !read_request(&mut stream).await.is_empty() {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let client = client(&server);
    for _ in 0..20 {
        assert_eq!(call(&client, &cx(), &[]).await.unwrap(), "ok");
        assert_eq!(client.idle(), 1);
    }
    assert_eq!(server.connections(), 1);
    let (first, second) = (cx(), cx());
    let both = tokio::join!(call(&client, &first, &[]), call(&client, &second, &[]));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!((server.connections(), client.idle()), (2, 2));
}

#[tokio::test]
async fn a_body_that_is_left_closes_its_connection() {
    let server = Rude::start(|mut stream, _| async move {
        while !read_request(&mut stream).await.is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await.unwrap();
        }
    })
    .await;
    let client = client(&server);
    for _ in 0..3 {
        let cx = cx();
        let head = client.head("POST", "/", &[]).unwrap();
        let mut response = client.send(&cx, &head, &[], &[]).await.unwrap();
        assert_eq!(response.body.chunk(&cx).await.unwrap().unwrap(), "half");
        drop(response);
        assert_eq!(client.idle(), 0);
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_rest_that_is_small_and_comes_soon_is_read_to_keep_the_connection() {
    async fn check(begin: &'static str, rest: String, kept: bool) {
        let shown = (begin, rest.len());
        let server = Rude::start(move |mut stream, _| {
            let rest = rest.clone();
            async move {
                while !read_request(&mut stream).await.is_empty() {
                    stream.write_all(begin.as_bytes()).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    drop(stream.write_all(rest.as_bytes()).await);
                }
            }
        })
        .await;
        let client = client(&server);
        for _ in 0..2 {
            let cx = cx();
            let head = client.head("POST", "/", &[]).unwrap();
            let mut response = client.send(&cx, &head, &[], &[]).await.unwrap();
            assert!(response.body.chunk(&cx).await.unwrap().is_some());
            drop(response);
            tokio::time::sleep(Duration::from_millis(150)).await;
            assert_eq!(client.idle(), usize::from(kept), "{shown:?}");
        }
        assert_eq!(server.connections(), if kept { 1 } else { 2 }, "{shown:?}");
    }
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    check(CHUNKED, "0\r\n\r\n".to_owned(), true).await;
    check(CHUNKED, format!("ffff\r\n{}\r\n0\r\n\r\n", "x".repeat(0xffff)), true).await;
    check(CHUNKED, format!("10001\r\n{}\r\n0\r\n\r\n", "x".repeat(0x10001)), false).await;
    check(CHUNKED, "what\r\n".to_owned(), false).await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "rest".to_owned(), true).await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "rest and more".to_owned(), false).await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhello", "rest".to_owned(), false)
        .await;
    check("HTTP/1.1 200 OK\r\n\r\nhello", "rest".to_owned(), false).await;
}

#[tokio::test]
async fn answers_that_end_a_connection_or_say_too_much_end_it_here_too() {
    async fn check(answer: &'static str) {
        let server = Rude::start(move |mut stream, _| async move {
            while !read_request(&mut stream).await.is_empty() {
                drop(stream.write_all(answer.as_bytes()).await);
            }
        })
        .await;
        let client = client(&server);
        for round in 1..=3 {
            assert_eq!(call(&client, &cx(), &[]).await.unwrap(), "ok", "{answer}");
            assert_eq!((client.idle(), server.connections()), (0, round), "{answer}");
        }
    }
    check("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").await;
    check("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    check("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok").await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nsmuggled").await;
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_is_never_written_to() {
    let requests = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&requests);
    let server = Rude::start(move |mut stream, _| {
        let counted = Arc::clone(&counted);
        async move {
            read_request(&mut stream).await;
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK).await.unwrap();
            // And hangs up without having said so.
        }
    })
    .await;
    let client = client(&server);
    for round in 1..=50 {
        // The close may be on its way still: wait until the server has let go.
        assert_eq!(call(&client, &cx(), &[]).await.unwrap(), "ok");
        assert_eq!(requests.load(Ordering::SeqCst), round);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(server.connections(), 50);
}

#[tokio::test]
async fn a_connection_that_was_unused_for_too_long_is_not_used_again() {
    let server = Rude::start(|mut stream, _| async move {
        while !read_request(&mut stream).await.is_empty() {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let mut config = Config::new(Target::parse(&server.url()).unwrap().origin);
    config.idle_timeout = Duration::from_millis(20);
    let client = Client::new(config).unwrap();
    for round in 1..=3 {
        assert_eq!(call(&client, &cx(), &[]).await.unwrap(), "ok");
        assert_eq!(server.connections(), round);
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_end_a_kept_connection() {
    let server = Rude::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").await);
        read_request(&mut stream).await;
    })
    .await;
    let client = client(&server);
    for _ in 0..3 {
        assert_eq!(call(&client, &cx(), &[]).await.unwrap(), "ok");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_reset_after_the_request_was_read_is_ambiguous_and_sent_once() {
    let requests = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&requests);
    let server = Rude::start(move |mut stream, _| {
        let counted = Arc::clone(&counted);
        async move {
            // The first request of a connection is answered, so that the second one goes over a kept one.
            read_request(&mut stream).await;
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK).await.unwrap();
            if !read_request(&mut stream).await.is_empty() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            stream.set_zero_linger().unwrap();
        }
    })
    .await;
    let client = client(&server);
    for round in 1..=10 {
        assert!(call(&client, &cx(), &[]).await.is_ok());
        let error = call(&client, &cx(), &[]).await.unwrap_err();
        assert_eq!((error.class, error.cause), (Class::Ambiguous, Cause::Broken), "{error}");
        assert_eq!(requests.load(Ordering::SeqCst), 2 * round);
    }
}

#[tokio::test]
async fn without_time_nothing_is_sent_though_a_connection_is_ready() {
    let server = Rude::start(|mut stream, _| async move {
        while !read_request(&mut stream).await.is_empty() {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let client = client(&server);
    call(&client, &cx(), &[]).await.unwrap();
    assert_eq!(client.idle(), 1);
    let late = CallContext::new("test", Duration::ZERO);
    let error = call(&client, &late, &[]).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Transient, Cause::TimedOut), "{error}");
    assert!(late.sent.is_held());
    assert_eq!(client.idle(), 1, "a connection was used");
}

#[tokio::test]
async fn no_listener_is_transient_and_nothing_was_sent() {
    let server = Rude::start(|_, _| async {}).await;
    let client = client(&server);
    drop(server);
    tokio::task::yield_now().await;
    let cx = cx();
    let error = call(&client, &cx, &[]).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Transient, Cause::Unavailable), "{error}");
    assert!(cx.sent.is_held());
    let nowhere = Config::new(Target::parse("http://no-such-host.invalid/").unwrap().origin);
    let error = call(&Client::new(nowhere).unwrap(), &cx, &[]).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Transient, Cause::Unavailable), "{error}");
}

#[tokio::test]
async fn silence_after_the_request_is_an_ambiguous_time_out() {
    let server = Rude::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let cx = CallContext::new("test", Duration::from_millis(50));
    let error = call(&client(&server), &cx, &[]).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Ambiguous, Cause::TimedOut), "{error}");
}

#[tokio::test]
async fn silence_within_the_body_ends_with_the_deadline() {
    let server = Rude::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let cx = CallContext::new("test", Duration::from_millis(100));
    let error = call(&client(&server), &cx, &[]).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Ambiguous, Cause::TimedOut), "{error}");
    assert_eq!(error.message, "the answer did not end in time");
}

#[tokio::test]
async fn a_server_that_never_reads_meets_the_deadline_with_bytes_left() {
    let server = Rude::start(|stream, _| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let cx = CallContext::new("test", Duration::from_millis(100));
    let body = [Bytes::from(vec![b'x'; 32 << 20])];
    let error = call(&client(&server), &cx, &body).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Ambiguous, Cause::TimedOut), "{error}");
}

#[tokio::test]
async fn an_answer_that_comes_before_all_was_read_counts() {
    let server = Rude::start(|mut stream, _| async move {
        let mut some = [0; 4096];
        stream.read_exact(&mut some).await.unwrap();
        stream.write_all(b"HTTP/1.1 413 Large\r\nContent-Length: 3\r\n\r\nbig").await.unwrap();
        // Goes on reading, so that the answer is not lost to a reset.
        while stream.read(&mut some).await.unwrap_or(0) > 0 {}
    })
    .await;
    let cx = cx();
    let client = client(&server);
    let head = client.head("POST", "/", &[]).unwrap();
    let response = client.send(&cx, &head, &[], &[Bytes::from(vec![b'x'; 8 << 20])]).await.unwrap();
    assert_eq!(response.status, 413);
}

#[tokio::test]
async fn an_answer_before_a_reset_counts_and_ends_the_connection() {
    let server = Rude::start(|mut stream, _| async move {
        let mut some = [0; 4096];
        stream.read_exact(&mut some).await.unwrap();
        stream.write_all(b"HTTP/1.1 413 Large\r\nContent-Length: 3\r\n\r\nbig").await.unwrap();
        // What was not read makes the close a reset.
        tokio::time::sleep(Duration::from_millis(20)).await;
    })
    .await;
    let (cx, client) = (cx(), client(&server));
    let head = client.head("POST", "/", &[]).unwrap();
    let mut response = client.send(&cx, &head, &[], &[Bytes::from(vec![b'x'; 32 << 20])]).await.unwrap();
    assert_eq!((response.status, response.body.whole(&cx).await.unwrap()), (413, Bytes::from("big")));
    assert_eq!(client.idle(), 0);
}

#[tokio::test]
async fn a_kept_connection_that_breaks_within_the_request_is_not_replaced() {
    let server = Rude::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        stream.read_exact(&mut [0; 4096]).await.unwrap();
    })
    .await;
    let client = client(&server);
    assert!(call(&client, &cx(), &[]).await.is_ok());
    let error = call(&client, &cx(), &[Bytes::from(vec![b'x'; 32 << 20])]).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Ambiguous, Cause::Broken), "{error}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_server_that_closes_within_the_request_leaves_an_unknown_outcome() {
    let server = Rude::start(|mut stream, _| async move {
        let mut some = [0; 4096];
        stream.read_exact(&mut some).await.unwrap();
    })
    .await;
    let body = [Bytes::from(vec![b'x'; 8 << 20])];
    let error = call(&client(&server), &cx(), &body).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Ambiguous, Cause::Broken), "{error}");
}

#[tokio::test]
async fn a_half_closed_connection_still_gives_its_answer() {
    let server = Rude::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nlast words").await.unwrap();
        stream.shutdown().await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(call(&client(&server), &cx(), &[]).await.unwrap(), "last words");
}

#[tokio::test]
async fn a_dropped_call_closes_its_connection_and_sends_nothing_more() {
    let closed = Arc::new(Notify::new());
    let seen = Arc::clone(&closed);
    let server = Rude::start(move |mut stream, _| {
        let seen = Arc::clone(&seen);
        async move {
            read_request(&mut stream).await;
            assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
            seen.notify_one();
        }
    })
    .await;
    let client = client(&server);
    let cx = cx();
    let short = tokio::time::timeout(Duration::from_millis(50), call(&client, &cx, &[])).await;
    assert!(short.is_err() && cx.sent.is_marked());
    tokio::time::timeout(Duration::from_secs(5), closed.notified()).await.unwrap();
    assert_eq!(client.idle(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_on_many_threads_share_few_connections() {
    let server = Rude::start(|mut stream, _| async move {
        while !read_request(&mut stream).await.is_empty() {
            if stream.write_all(OK).await.is_err() {
                return;
            }
        }
    })
    .await;
    let client = client(&server);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        tasks.spawn(async move {
            for _ in 0..100 {
                assert_eq!(call(&client, &cx(), &[]).await.unwrap(), "ok");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    // 800 calls, at most 8 at a time, kept by at most 2 threads.
    assert!(server.connections() < 100, "{}", server.connections());
}

#[tokio::test]
async fn a_document_is_got_or_refused() {
    let server = Rude::start(|mut stream, number| async move {
        let request = read_request(&mut stream).await;
        assert!(request.starts_with("GET /keys HTTP/1.1\r\n") && !request.contains("Content-Length"));
        let answer = if number == 2 { b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" } else { OK };
        stream.write_all(answer).await.unwrap();
    })
    .await;
    let url = format!("{}keys", server.url());
    let tls = adapters_client::Tls::default();
    assert_eq!(adapters_client::get(&cx(), &url, &tls, 2).await.unwrap(), "ok");
    assert_eq!(adapters_client::get(&cx(), &url, &tls, 1).await.unwrap_err().class, Class::Poison);
    assert_eq!(adapters_client::get(&cx(), &url, &tls, 2).await.unwrap_err().class, Class::Transient);
    assert_eq!(adapters_client::get(&cx(), "keys", &tls, 2).await.unwrap_err().class, Class::Defect);
}
