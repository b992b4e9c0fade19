//! Requests that may be executed twice: kept connections are used on the word of the runtime.
//!
//! **Invariant.** A close that the runtime has heard of costs nothing; one in use is ambiguous, and the
//! request was sent once.

use crate::rude::{Rude, read_request};
use adapters_client::{Client, Config, Target};
use adapters_ports::CallContext;
use bytes::Bytes;
use kernel::{Class, Error};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn call(client: &Client) -> Result<Bytes, Error> {
    let cx = CallContext::new("test", Duration::from_secs(5));
    let head = client.head("POST", "/soap", &[]).unwrap();
    client.send_repeatable(&cx, &head, &[], &[]).await?.body.whole(&cx).await
}

fn client(server: &Rude) -> Client {
    Client::new(Config::new(Target::parse(&server.url()).unwrap().origin)).unwrap()
}

#[tokio::test]
async fn one_connection_serves_many() {
    let server = Rude::start(|mut stream, _| async move {
        while !read_request(&mut stream).await.is_empty() {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let client = client(&server);
    for _ in 0..20 {
        assert_eq!(call(&client).await.unwrap(), "ok");
        assert_eq!(client.idle(), 1);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_or_talks_unasked_is_not_used_again() {
    for unasked in [&b""[..], b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"] {
        let server = Rude::start(move |mut stream, _| async move {
            read_request(&mut stream).await;
            stream.write_all(OK).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
            stream.write_all(unasked).await.unwrap();
        })
        .await;
        let client = client(&server);
        for round in 1..=3 {
            assert_eq!(call(&client).await.unwrap(), "ok");
            assert_eq!(server.connections(), round);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_use_is_ambiguous_and_the_request_not_sent_again() {
    let server = Rude::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        read_request(&mut stream).await;
    })
    .await;
    let client = client(&server);
    assert_eq!(call(&client).await.unwrap(), "ok");
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.class, Class::Ambiguous, "{error}");
    assert_eq!(server.connections(), 1, "it was sent again on another connection");
    assert_eq!(call(&client).await.unwrap(), "ok");
}
