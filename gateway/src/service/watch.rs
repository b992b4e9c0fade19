//! Questions that nobody outside asked: of the pumps, through the layers of a connection.
//!
//! **Invariant.** They are reads, so they may be repeated, and they hold a place among the calls in flight like any other.

use super::exchange::{Mapped, view};
use super::flow::Admitted;
use super::once::{self, Effect};
use super::{Connected, Service};
use crate::events::{Ended, Notes};
use crate::ids;
use crate::problem::Problem;
use adapters_layers::Exchange;
use adapters_ports::{CallContext, Connection, Reply, ReplyBody, Request, Wire};
use engine::json;
use engine::plan::watch::Noticed;
use engine::program::{Ambient, Verb, WatchPlan};
use engine::value::Value;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{
    Cause, Class, DecodeError, Error, Interest, OperationId, Order, PartId, Progress, Query, Scalar, Stop,
    Table, TypeId, Visitor,
};
use std::sync::Arc;
use std::time::Duration;

/// How long a question may take in all, where the policy of the connection says nothing.
const DEADLINE: Duration = Duration::from_secs(60);

/// What is asked of a table.
pub(crate) struct Asked<'a> {
    pub watch: &'a WatchPlan,
    pub query: Query,
    /// The order of the query.
    pub order: Vec<Order>,
}

impl Service {
    /// Returns a connection by its index in the program.
    pub(crate) fn connection(&self, index: usize) -> Option<&Arc<dyn Connection>> {
        Some(&self.connections.get(index)?.as_ref()?.connection)
    }

    /// Returns the zone of a connection.
    pub(crate) fn zone(&self, index: usize) -> &TimeZone {
        &self.program.connections[index].timezone
    }

    /// Returns `now`, `today` and `requestId` of something that no request asked for.
    pub(crate) fn ambient_now(&self, zone: &TimeZone) -> Ambient {
        (self.clock)(&ids::request_id(), zone)
    }

    /// Reads the rows that a query gives.
    pub(crate) async fn rows(&self, asked: &Asked<'_>) -> Result<Vec<Noticed>, Error> {
        let index = asked.watch.connection;
        let (connected, body, cx) = self.question(index, &asked.query)?;
        let ambient = self.ambient_now(self.zone(index));
        connected.stack.call(&cx, &Rows { service: self, connected, body, asked, ambient, index }).await
    }

    /// Asks for the clock of a database, and for the beginning of its oldest open transaction; that is nothing where the
    /// user may not know.
    pub(crate) async fn horizon(&self, index: usize) -> Result<Clock, Error> {
        let (connected, body, cx) = self.question(index, &Query::Horizon)?;
        let catalogue = self.program.connections[index].catalogue.as_ref();
        let table = catalogue.and_then(|catalogue| catalogue.horizon.as_ref());
        let table = table.ok_or_else(|| internal("the database has no horizon"))?;
        connected.stack.call(&cx, &Horizon { service: self, connected, body, table, index }).await
    }

    /// Notes durably that a record is about to be changed, where somebody is told of that.
    ///
    /// # Errors
    /// It cannot be noted, so nothing may be sent.
    pub(super) async fn noted(&self, admitted: &Admitted) -> Result<Notes, Problem> {
        let plan = &admitted.endpoint.plan;
        let (Some(events), Some(number), Some(model)) =
            (self.events.get(), plan.model, &admitted.endpoint.model)
        else {
            return Ok(Notes::default());
        };
        let of = |&field: &usize| {
            let param = plan.params.iter().position(|param| param.field == Some(field));
            let name = &model.body.fields[field].name;
            param
                .map(|param| &admitted.inputs.params[param])
                .or_else(|| admitted.inputs.body.member(name))
                .cloned()
        };
        let key: Option<Vec<Value>> = model.key.iter().map(of).collect();
        let noted = events.note(number, key.as_deref().and_then(text), plan.verb == Verb::Delete).await;
        noted.map_err(|error| once::unusable(&error))
    }

    fn question(&self, index: usize, query: &Query) -> Result<(&Connected, Wire, CallContext), Error> {
        let connected = self.connections.get(index).and_then(Option::as_ref);
        let connected = connected.ok_or_else(|| internal("nothing is there that could be asked"))?;
        let deadline =
            self.program.connections[index].policy.deadline.map_or(DEADLINE, |deadline| deadline.value);
        Ok((connected, connected.connection.query(query)?, CallContext::new(ids::request_id(), deadline)))
    }

    /// Sends a question once and returns its answer.
    async fn answer(
        &self,
        connected: &Connected,
        body: &Wire,
        index: usize,
        cx: &CallContext,
    ) -> Result<Box<dyn ReplyBody>, Error> {
        let backend = connected.connection.backend().ok_or_else(|| internal("nothing answers there"))?;
        let request = Request { operation: OperationId::QUERY, body: body.clone(), repeatable: true };
        match backend.call(cx, &request).await? {
            Reply::Answer(body) => Ok(body),
            Reply::Fault(fault) => Err(self.program.connections[index].table.fault(&view(&fault), true)),
        }
    }
}

/// The time of a database, and before which time no transaction is open any more.
type Clock = (Timestamp, Option<Timestamp>);

struct Rows<'a> {
    service: &'a Service,
    connected: &'a Connected,
    body: Wire,
    asked: &'a Asked<'a>,
    ambient: Ambient,
    index: usize,
}

impl Exchange for Rows<'_> {
    type Answer = Vec<Noticed>;

    async fn attempt(&self, cx: &CallContext, _attempt: u32) -> Result<Vec<Noticed>, Error> {
        let mut body = self.service.answer(self.connected, &self.body, self.index, cx).await?;
        let mut reader = self.asked.watch.reader(self.asked.order.clone(), &self.ambient);
        let mut rows = Vec::new();
        loop {
            let progress = body.advance(&mut reader).map_err(|error| broken(&error))?;
            while let Some(row) = reader.next() {
                rows.push(row);
            }
            match progress {
                Progress::NeedInput => body.more(cx).await?,
                Progress::Paused => {}
                Progress::Stopped | Progress::End => return Ok(rows),
            }
        }
    }

    fn repeatable(&self) -> bool {
        true
    }
}

struct Horizon<'a> {
    service: &'a Service,
    connected: &'a Connected,
    body: Wire,
    table: &'a Table,
    index: usize,
}

impl Exchange for Horizon<'_> {
    type Answer = Clock;

    async fn attempt(&self, cx: &CallContext, _attempt: u32) -> Result<Clock, Error> {
        let mut body = self.service.answer(self.connected, &self.body, self.index, cx).await?;
        let catalogue = self.service.program.connections[self.index].catalogue.as_ref();
        let shape = &catalogue.ok_or_else(|| internal("the database has no horizon"))?.shape;
        let named = |name: &str| {
            let columns =
                shape.group(shape.part(self.table.part).ty).map(|group| &group.parts[..]).unwrap_or_default();
            columns.iter().copied().find(|&column| shape.part(column).name.local.eq_ignore_ascii_case(name))
        };
        let (Some(now), Some(oldest)) = (named("now"), named("oldest")) else {
            return Err(internal("the horizon has other columns"));
        };
        let mut found =
            Clocks { row: self.table.part, columns: [now, oldest], values: [None, None], hidden: false };
        loop {
            match body.advance(&mut found).map_err(|error| broken(&error))? {
                Progress::NeedInput => body.more(cx).await?,
                Progress::Paused => {}
                Progress::Stopped | Progress::End => break,
            }
        }
        match found.values {
            [Some(now), oldest] if oldest.is_some() || found.hidden => Ok((now, oldest)),
            _ => Err(Error::new(Class::Poison, Cause::Contract, "the database does not tell its clock")),
        }
    }

    fn repeatable(&self) -> bool {
        true
    }
}

/// Finds the two columns of a horizon.
struct Clocks {
    row: PartId,
    columns: [PartId; 2],
    values: [Option<Timestamp>; 2],
    /// The second column is NULL.
    hidden: bool,
}

impl Visitor for Clocks {
    fn enter(&mut self, part: PartId, _: TypeId) -> Interest {
        match part {
            part if part == self.row => Interest::Descend,
            part if self.columns.contains(&part) => Interest::Leaf,
            _ => Interest::Skip,
        }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.hidden |= part == self.columns[1] && matches!(scalar, Scalar::Nil);
        let value = match scalar {
            Scalar::Instant(at) => Some(at),
            Scalar::Text(text) => text.trim().replacen(' ', "T", 1).parse().ok(),
            _ => None,
        };
        for (column, found) in self.columns.iter().zip(&mut self.values) {
            if *column == part {
                *found = value;
            }
        }
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        Ok(())
    }
}

/// Returns how a write ended for those who look at its record.
pub(super) fn ended(result: &Result<Mapped, Error>) -> Ended {
    match result {
        Ok(mapped) => Ended::Done(text(&mapped.key)),
        Err(error) => match Effect::of(error) {
            Effect::None | Effect::Settled => Ended::Nothing,
            Effect::Unknown => Ended::Unknown,
        },
    }
}

/// Returns a key as a JSON array, if it is whole.
fn text(key: &[Value]) -> Option<Arc<str>> {
    if key.is_empty() || key.iter().any(Value::is_absent) {
        return None;
    }
    let mut text = Vec::new();
    json::write(&Value::List(key.iter().map(Value::plain).collect()), &mut text);
    String::from_utf8(text).ok().map(Arc::from)
}

fn broken(error: &DecodeError) -> Error {
    Error::new(Class::Poison, Cause::Contract, "the answer cannot be read").with("reason", error)
}

fn internal(message: &'static str) -> Error {
    Error::new(Class::Defect, Cause::Internal, message)
}
