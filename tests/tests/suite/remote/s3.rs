//! Objects by S3, of a store that is not ours.
//!
//! **Invariant.** The store lets in only what is signed rightly by the judgement of botocore; it lives in memory.
