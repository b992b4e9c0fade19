//! Reads request bodies under a limit, and judges them by their schema.
//!
//! **Invariant.** A body that is longer than its limit is never held in memory as a whole; one that is slower than
//! its limit holds nobody up.

use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Findings of a schema that a client is told.
const FINDINGS_MAX: usize = 20;

/// Reads a body to its end, for as long as `within`.
///
/// # Errors
/// The problems `body-too-large` and `bad-request`.
pub async fn read(
    payload: Payload,
    announced: Option<u64>,
    bytes_max: usize,
    within: Duration,
) -> Result<Bytes, Problem> {
    let late = || Problem::new(Kind::BadRequest).detail("the body did not arrive in time");
    timeout(within, whole(payload, announced, bytes_max)).await.unwrap_or_else(|_| Err(late()))
}

async fn whole(mut payload: Payload, announced: Option<u64>, bytes_max: usize) -> Result<Bytes, Problem> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(too_large(bytes_max));
    }
    let mut whole = BytesMut::new();
    let mut first: Option<Bytes> = None;
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Problem::new(Kind::BadRequest).detail("the body ended early"))?;
        let held = whole.len() + first.as_ref().map_or(0, Bytes::len);
        if held + piece.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        // Most bodies come in one piece, which is not copied.
        match first.take() {
            None if whole.is_empty() => first = Some(piece),
            None => whole.extend_from_slice(&piece),
            Some(earlier) => {
                whole.extend_from_slice(&earlier);
                whole.extend_from_slice(&piece);
            }
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

/// Judges a body by its schema.
///
/// # Errors
/// The problem `invalid-body`, with all that is wrong up to a bound.
pub fn judge(body: &Value, validator: &Validator) -> Result<(), Problem> {
    if validator.is_valid(body) {
        return Ok(());
    }
    let errors: Vec<Value> = validator
        .iter_errors(body)
        .take(FINDINGS_MAX)
        .map(|error| json!({ "pointer": error.instance_path().to_string(), "detail": error.masked().to_string() }))
        .collect();
    let pointer = errors.first().map_or(Value::Null, |error| error["pointer"].clone());
    Err(Problem::new(Kind::InvalidBody)
        .detail("the body is not what the schema of the operation says")
        .with("pointer", pointer)
        .with("errors", errors))
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(Kind::BodyTooLarge).detail("the body is too large").with("bytesMax", bytes_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_findings_are_told_with_their_places_and_without_values() {
        let schema = json!({ "type": "object", "required": ["id"], "properties": {
            "total": { "type": "object", "properties": { "amount": { "type": "number" } } } } });
        let validator = jsonschema::options().offline().build(&schema).unwrap();
        assert!(judge(&json!({ "id": 1, "total": { "amount": 1.5 } }), &validator).is_ok());
        let problem = judge(&json!({ "total": { "amount": "4111111111111111" } }), &validator).unwrap_err();
        let answer = problem.answer(&crate::problem::Types::new(""), "r");
        let found: Value = serde_json::from_slice(answer.bytes()).unwrap();
        let pointers: Vec<_> =
            found["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
        assert_eq!(pointers, ["", "/total/amount"].map(Value::from));
        assert!(!found.to_string().contains("4111"), "{found}");
    }

    async fn check(pieces: &[&'static str], announced: Option<u64>, expected: Result<&str, &str>) {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        let payload: Payload = Payload::Stream { payload: Box::pin(futures_util::stream::iter(pieces)) };
        let found = read(payload, announced, 10, Duration::from_secs(5)).await;
        let found = found.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        assert_eq!(found.as_deref().map_err(|problem| problem.slug()), expected);
    }

    #[actix_web::test]
    async fn a_body_is_read_up_to_its_limit() {
        check(&[], None, Ok("")).await;
        check(&["0123456789"], Some(10), Ok("0123456789")).await;
        check(&["01234", "56", "789"], None, Ok("0123456789")).await;
        check(&["01234", "56", "7890"], None, Err("body-too-large")).await;
        check(&["x"], Some(11), Err("body-too-large")).await;
    }

    #[actix_web::test]
    async fn a_body_that_never_ends_is_given_up() {
        let begun = futures_util::stream::iter([Ok(Bytes::from_static(b"{"))]);
        let payload: Payload =
            Payload::Stream { payload: Box::pin(begun.chain(futures_util::stream::pending())) };
        let problem = read(payload, Some(9), 10, Duration::from_millis(20)).await.unwrap_err();
        assert_eq!((problem.slug(), problem.status()), ("bad-request", 400));
    }
}
