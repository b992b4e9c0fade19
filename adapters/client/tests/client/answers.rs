//! What the client makes of answers that servers with bad manners give.
//!
//! **Invariant.** Every server here is a raw socket that says exactly the bytes of the test.

use crate::rude::{Rude, read_request};
use adapters_client::{Client, Config, Limits, Response, Target};
use adapters_ports::CallContext;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::{Cause, Class, Error};
use std::io::Write;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

fn cx() -> CallContext {
    CallContext::new("test", Duration::from_secs(5))
}

fn client(server: &Rude) -> Client {
    let mut config = Config::new(Target::parse(&server.url()).unwrap().origin);
    config.limits = Limits { head_bytes_max: 1024, headers_max: 8, body_bytes_max: 100_000, unpacks: true };
    Client::new(config).unwrap()
}

async fn post(client: &Client, cx: &CallContext) -> Result<Response, Error> {
    let head = client.head("POST", "/soap", &[("Content-Type", "text/xml")]).unwrap();
    client
        .send(cx, &head, &[("X-Try", "1")], &[Bytes::from_static(b"<a>"), Bytes::from_static(b"</a>")])
        .await
}

async fn whole(client: &Client) -> Result<(u16, Bytes), Error> {
    let cx = cx();
    let mut response = post(client, &cx).await?;
    Ok((response.status, response.body.whole(&cx).await?))
}

/// Answers with these bytes, in pieces of a size, then closes.
async fn answered(wire: Vec<u8>, piece: usize) -> Result<(u16, Bytes), Error> {
    let server = Rude::start(move |mut stream, _| {
        let wire = wire.clone();
        async move {
            read_request(&mut stream).await;
            for part in wire.chunks(piece) {
                if stream.write_all(part).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    whole(&client(&server)).await
}

async fn check(wire: impl AsRef<[u8]>, expected: Result<(u16, &str), (Class, Cause, &str)>) {
    let wire = wire.as_ref();
    for piece in [1, 5, 100_000] {
        let found = answered(wire.to_vec(), piece).await;
        let shown = String::from_utf8_lossy(&wire[..wire.len().min(80)]).into_owned();
        match (&found, expected) {
            (Ok((status, body)), Ok(expected)) => {
                assert_eq!((*status, &body[..]), (expected.0, expected.1.as_bytes()), "{shown:?} by {piece}");
            }
            (Err(error), Err((class, cause, part))) => {
                assert_eq!((error.class, error.cause), (class, cause), "{shown:?} by {piece}: {error}");
                assert!(error.message.contains(part), "{shown:?} by {piece}: {error}");
            }
            (found, _) => panic!("{shown:?} by {piece}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn good_answers_are_read_however_they_are_cut() {
    check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Ok((200, "hello"))).await;
    check("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", Ok((500, ""))).await;
    check("HTTP/1.1 204 No\r\n\r\n", Ok((204, ""))).await;
    check("HTTP/1.1 200 OK\r\n\r\nuntil the close", Ok((200, "until the close"))).await;
    check("HTTP/1.0 200 OK\r\n\r\nold", Ok((200, "old"))).await;
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: 1\r\n\r\n";
    check(chunked, Ok((200, "hello"))).await;
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n\
                   HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    check(interim, Ok((200, "ok"))).await;
}

#[tokio::test]
async fn bad_answers_are_refused_with_what_may_have_happened() {
    use Cause::{Broken, Contract};
    use Class::{Ambiguous, Poison};
    check("", Err((Ambiguous, Broken, "closed without an answer"))).await;
    check("HTTP/1.1 200 O", Err((Ambiguous, Broken, "within the head"))).await;
    check("SSH-2.0-OpenSSH\r\n", Err((Ambiguous, Broken, "no HTTP"))).await;
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        Err((Ambiguous, Broken, "before the answer did")),
    )
    .await;
    let cut = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    check(cut, Err((Ambiguous, Broken, "before the answer did"))).await;
    let both = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    check(both, Err((Poison, Contract, "both"))).await;
    check("HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n", Err((Poison, Contract, "malformed"))).await;
    check("HTTP/1.1 101 Up\r\n\r\n", Err((Poison, Contract, "protocol"))).await;
    check("HTTP/1.1 999 What\r\n\r\n", Err((Poison, Contract, "status"))).await;
    check("HTTP/1.1 100 C\r\n\r\n".repeat(9), Err((Poison, Contract, "interim"))).await;
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(2000));
    check(huge, Err((Poison, Contract, "too large"))).await;
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(9));
    check(many, Err((Poison, Contract, "too many headers"))).await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n", Err((Poison, Contract, "too large"))).await;
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_001));
    check_large(endless.as_bytes(), "too large").await;
    let chunk =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n{}", "x".repeat(100_001));
    check_large(chunk.as_bytes(), "too large").await;
    let size = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    check(size, Err((Poison, Contract, "no number"))).await;
}

async fn check_large(wire: &[u8], part: &str) {
    let error = answered(wire.to_vec(), 8192).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Poison, Cause::Contract));
    assert!(error.message.contains(part), "{error}");
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn gzip_answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn gzip_is_unpacked_and_checked() {
    use Cause::{Broken, Contract};
    use Class::{Ambiguous, Poison};
    let text = "a reservation ".repeat(5000);
    check(gzip_answer(&packed(text.as_bytes())), Ok((200, &text))).await;
    check(gzip_answer(b""), Ok((200, ""))).await;
    check(gzip_answer(&[packed(b"two "), packed(b"members")].concat()), Ok((200, "two members"))).await;
    let whole = packed(b"hello hello hello");
    check(gzip_answer(&whole[..whole.len() - 3]), Err((Poison, Contract, "is not"))).await;
    check(gzip_answer(b"plain text here"), Err((Poison, Contract, "is not"))).await;
    let mut wrong = whole.clone();
    let last = wrong.len() - 6;
    wrong[last] ^= 1;
    check(gzip_answer(&wrong), Err((Poison, Contract, "is not"))).await;
    let short = gzip_answer(&whole);
    check(&short[..short.len() - 2], Err((Ambiguous, Broken, "before the answer did"))).await;
}

#[tokio::test]
async fn what_is_not_to_be_unpacked_is_given_as_it_came_whatever_its_coding() {
    for coding in ["gzip", "br", "aws-chunked, gzip"] {
        let server = Rude::start(move |mut stream, _| async move {
            read_request(&mut stream).await;
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 5\r\n\r\npiece");
            drop(stream.write_all(answer.as_bytes()).await);
        })
        .await;
        let mut config = Config::new(Target::parse(&server.url()).unwrap().origin);
        config.limits.unpacks = false;
        let found = whole(&Client::new(config).unwrap()).await.unwrap();
        assert_eq!(found, (200, Bytes::from_static(b"piece")), "{coding}");
    }
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_limit() {
    // 90 KB that unpack to 90 MB; the limit of the client is 100 KB.
    let bomb = packed(&vec![0; 100 << 20]);
    let server = Rude::start(move |mut stream, _| {
        let wire = gzip_answer(&bomb[..90_000]);
        async move {
            read_request(&mut stream).await;
            drop(stream.write_all(&wire).await);
        }
    })
    .await;
    let client = client(&server);
    let cx = cx();
    let mut response = post(&client, &cx).await.unwrap();
    let mut told = 0;
    let error = loop {
        match response.body.chunk(&cx).await {
            Ok(piece) => told += piece.expect("a bomb has no end").len(),
            Err(error) => break error,
        }
    };
    assert_eq!((error.class, error.message), (Class::Poison, "the answer is too large"));
    assert!(told <= 100_000, "{told}");
}

#[tokio::test]
async fn gzip_that_unpacks_to_nothing_for_ever_stops_too() {
    let nothing = packed(b"").repeat(9000);
    assert!(nothing.len() > 100_000 + (64 << 10));
    let wire = [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", &nothing[..]].concat();
    check_large(&wire, "too large").await;
}

#[tokio::test]
async fn a_failed_body_never_looks_like_an_end() {
    let server = Rude::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await);
    })
    .await;
    let cx = cx();
    let mut response = post(&client(&server), &cx).await.unwrap();
    assert_eq!(response.body.chunk(&cx).await.unwrap().unwrap(), "half");
    for _ in 0..3 {
        assert_eq!(response.body.chunk(&cx).await.unwrap_err().class, Class::Ambiguous);
    }
}
