//! What a client wants of records beside the filters: some of the fields, in some order.
//!
//! **Invariant.** A name that the model does not have, or that the mapping does not offer for sorting, is refused.

use super::{Endpoint, Service};
use crate::http::params::{FIELDS, SORT, takes_fields, takes_sort};
use crate::http::query::{Query, refused};
use crate::problem::Problem;
use engine::json;
use engine::plan::query::{Listing, Projection, project};
use engine::program::CallPlan;
use engine::value::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most projections that an operation keeps; what clients think of beyond that is made anew.
const KEPT_MAX: usize = 64;
/// Longest list of fields that is kept.
const KEPT_BYTES_MAX: usize = 512;

/// What a client wants, as the engine takes it and as it was written.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub listing: Listing,
    /// The parameter `sort`.
    pub sort: Option<Box<str>>,
    /// The parameter `fields`.
    pub fields: Option<Box<str>>,
    /// What a cursor belongs to: the operation with its parameters and the order. Empty where there are no pages.
    pub scope: String,
}

/// Readers of some of the fields, by what clients wrote.
#[derive(Debug, Default)]
pub struct Projections(Mutex<HashMap<Box<str>, Arc<Projection>>>);

impl Service {
    /// Reads what a client wants.
    pub(super) fn wanted(
        &self,
        endpoint: &Endpoint,
        params: &[Value],
        query: &Query<'_>,
    ) -> Result<Wanted, Problem> {
        let plan = &endpoint.plan;
        let mut wanted = Wanted::default();
        if let Some(table) = plan.call.as_ref().and_then(CallPlan::table) {
            let given = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
            if let Some(sort) = given(SORT).filter(|_| takes_sort(plan)) {
                wanted.listing.sort = Some(table.sort(sort).map_err(|why| refused(SORT, why))?);
                wanted.sort = Some(sort.into());
            }
            if let Some(fields) = given(FIELDS).filter(|_| takes_fields(plan)) {
                let found = endpoint.projections.find(fields, || project(self.program(), plan, fields));
                wanted.listing.fields = Some(found.map_err(|why| refused(FIELDS, why))?);
                wanted.fields = Some(fields.into());
            }
        }
        if plan.page.is_some() {
            wanted.scope = scope(&plan.key, params, wanted.sort.as_deref());
        }
        Ok(wanted)
    }
}

fn scope(operation: &str, params: &[Value], sort: Option<&str>) -> String {
    let mut out = operation.as_bytes().to_vec();
    for value in params {
        out.push(b'\n');
        json::write(value, &mut out);
    }
    out.push(b'\n');
    out.extend_from_slice(sort.unwrap_or_default().as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

impl Projections {
    fn find(
        &self,
        fields: &str,
        make: impl FnOnce() -> Result<Projection, String>,
    ) -> Result<Arc<Projection>, String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(fields) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(make()?);
        if kept.len() < KEPT_MAX && fields.len() <= KEPT_BYTES_MAX {
            kept.insert(fields.into(), Arc::clone(&made));
        }
        Ok(made)
    }
}
