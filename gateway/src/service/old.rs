//! The record as it is now, for writes that change only what the client changed.
//!
//! **Invariant.** The record is taken whole, with what no mapping names, or not at all.

use super::endpoint::Endpoint;
use super::exchange::{Limited, judge};
use super::flow::{Admitted, Failure, etag};
use super::{Service, merge};
use crate::problem::{Kind, Problem};
use adapters_layers::Exchange;
use adapters_ports::{Backend, CallContext, Reply, Request};
use engine::json::{self, JsonLimits};
use engine::plan::model::Model;
use engine::plan::query::{Listing, select};
use engine::plan::tree::{Capture, NodeId, Tree};
use engine::program::{Ambient, CallPlan, Inputs, Page, Reader, Verb};
use engine::value::Value;
use kernel::{Cause, Class, Document as _, Error, Progress, Shape, TypeId};
use std::sync::Arc;

/// A record as it is now.
#[derive(Debug)]
pub(super) struct Old {
    /// The record alone.
    pub tree: Tree,
    /// What a client sees of it.
    pub modern: Value,
    /// Its entity tag.
    pub etag: Box<str>,
}

/// A call whose whole reply is kept.
struct Keeping<'a> {
    backend: &'a dyn Backend,
    request: Request,
    endpoint: &'a Endpoint,
    shape: &'a Arc<Shape>,
    /// The type of the reply.
    root: TypeId,
    model: &'a Model,
    ambient: &'a Ambient,
}

impl Service {
    /// Reads the old record if the write needs it, checks that it is the one that the client means, and merges.
    pub(super) async fn with_old(&self, admitted: &mut Admitted) -> Result<(), Failure> {
        let Some(reader) = admitted
            .endpoint
            .old_by(admitted.if_match.is_some())
            .map(|number| Arc::clone(&self.endpoints[number]))
        else {
            return match admitted.if_match {
                None => Ok(()),
                Some(_) => Err(Problem::new(Kind::BadRequest)
                    .detail(
                        "the operation does not read the record before it writes, so it cannot obey If-Match",
                    )
                    .into()),
            };
        };
        let old =
            self.old(&reader, admitted).await.map_err(|error| self.failure_of(&reader, &error, true))?;
        if let Some(wanted) = &admitted.if_match
            && !super::flow::matches_strongly(wanted, &old.etag)
        {
            let problem = Problem::new(Kind::PreconditionFailed)
                .detail("the record is not the one that If-Match names");
            return Err(problem.header("etag", old.etag.into_string()).into());
        }
        if admitted.endpoint.plan.verb == Verb::Update {
            // A record that changes meanwhile is read again, and the same patch is laid over it.
            let patch = admitted.patch.get_or_insert_with(|| std::mem::take(&mut admitted.inputs.body));
            admitted.inputs.body = merge::patch(old.modern, patch.clone());
        }
        admitted.inputs.old = Some(old.tree);
        Ok(())
    }

    async fn old(&self, reader: &Endpoint, admitted: &Admitted) -> Result<Old, Error> {
        let Admitted { endpoint, inputs, cx, .. } = admitted;
        let named = |name: &str| endpoint.plan.params.iter().position(|param| &*param.name == name);
        let value = |name: &str| named(name).map_or(Value::Absent, |index| inputs.params[index].clone());
        let inputs = Inputs {
            params: reader.plan.params.iter().map(|param| value(&param.name)).collect(),
            body: Value::Absent,
            ambient: inputs.ambient.clone(),
            page: Page::default(),
            old: None,
        };
        let (call, connected) = self.called(reader)?;
        let body = match call.table() {
            None => self.encode(reader, call, connected, &inputs, &Listing::default())?.0,
            Some(_) => {
                let query = select(&reader.plan, &inputs, &Listing::default());
                connected.connection.query(&query.map_err(super::flow::unaskable)?)?
            }
        };
        let backend = connected.backend()?;
        let model =
            reader.model.as_deref().ok_or_else(|| internal("the operation that reads has no model"))?;
        let root = self.reply_type(call).ok_or_else(|| internal("the operation that reads gets no reply"))?;
        let repeatable = call.repeatable || call.table().is_some();
        let request = Request { operation: call.operation, body, repeatable };
        let shape = &model.shape;
        let ambient = &inputs.ambient;
        connected
            .stack
            .call(cx, &Keeping { backend, request, endpoint: reader, shape, root, model, ambient })
            .await
    }

    fn reply_type(&self, call: &CallPlan) -> Option<TypeId> {
        if let Some(plan) = call.table() {
            return Some(plan.table.rows);
        }
        let catalogue = self.program.connections.get(call.connection)?.catalogue.as_ref()?;
        let operation = catalogue.operations.get(usize::try_from(call.operation.0).ok()?)?;
        operation.reply.map(|part| catalogue.shape.part(part).ty)
    }
}

impl Exchange for Keeping<'_> {
    type Answer = Old;

    async fn attempt(&self, cx: &CallContext, _attempt: u32) -> Result<Old, Error> {
        let reply = self.backend.call(cx, &self.request).await?;
        let reader = self.endpoint.reader(None, self.ambient);
        let mut reader = reader.ok_or_else(|| internal("the operation calls nothing"))?;
        match reply {
            Reply::Answer(body) => {
                let body = Limited { body, bytes_max: self.endpoint.reply_bytes_max };
                self.keep(cx, body, &mut reader).await
            }
            Reply::Fault(fault) => Err(judge(&fault, &reader)),
        }
    }

    fn repeatable(&self) -> bool {
        self.request.repeatable
    }
}

impl Keeping<'_> {
    async fn keep(&self, cx: &CallContext, mut body: Limited, reader: &mut Reader) -> Result<Old, Error> {
        let mut capture = Capture::new(self.shape, self.root);
        loop {
            match body.advance(&mut capture) {
                Ok(Progress::NeedInput) => body.more(cx).await?,
                Ok(Progress::Paused) => {}
                Ok(Progress::Stopped | Progress::End) => break,
                Err(error) => return Err(reader.broken(&error)),
            }
        }
        let reply = capture.finish();
        let (modern, etag) = read(&reply, reader)?;
        let node = self.record(&reply)?;
        let mut tree = Tree::new(Arc::clone(self.shape), reply.ty(node));
        let root = tree.root();
        tree.take_content(root, &reply, node);
        Ok(Old { tree, modern, etag })
    }

    /// Finds the record in its reply. Where there are several, nobody can say which one would be written back.
    fn record(&self, reply: &Tree) -> Result<NodeId, Error> {
        let mut found = Vec::new();
        let mut open = vec![reply.root()];
        while let Some(node) = open.pop() {
            if self.is_record(reply, node) {
                found.push(node);
            } else {
                open.extend(reply.children(node));
            }
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(Error::new(Class::NotFound, Cause::Legacy, "there is no such thing")),
            _ => Err(Error::new(
                Class::Poison,
                Cause::Contract,
                "the reply has several records, one was expected",
            )),
        }
    }
}

impl Keeping<'_> {
    /// An element that a message declares by reference is another part than the global one, with the same name and type.
    fn is_record(&self, reply: &Tree, node: NodeId) -> bool {
        let Some(part) = reply.part(node) else { return false };
        let (ty, wanted) = (reply.ty(node), self.model.ty);
        let derived = || self.shape.group(wanted).is_some_and(|group| group.derived.contains(&ty));
        let named = self.shape.part(part).name == self.shape.part(self.model.part).name;
        part == self.model.part || (named && (ty == wanted || derived()))
    }
}

/// Judges a reply that was kept, and reads what a client sees of it.
fn read(reply: &Tree, reader: &mut Reader) -> Result<(Value, Box<str>), Error> {
    let mut replay = reply.replay(reply.root());
    loop {
        match replay.advance(reader) {
            Ok(Progress::Paused) => {
                if let Some(error) = reader.judged() {
                    return Err(error);
                }
            }
            Ok(Progress::NeedInput | Progress::Stopped | Progress::End) => break,
            Err(error) => return Err(reader.broken(&error)),
        }
    }
    let answer = reader.finish()?;
    if !answer.found {
        return Err(Error::new(Class::NotFound, Cause::Legacy, "there is no such thing"));
    }
    let modern = json::parse(answer.json, JsonLimits::default())
        .map_err(|error| internal("what was read is no JSON").with("line", error.line))?;
    Ok((modern, etag(answer.fingerprint)))
}

fn internal(message: &'static str) -> Error {
    Error::new(Class::Defect, Cause::Internal, message)
}
