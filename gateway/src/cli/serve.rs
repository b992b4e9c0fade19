//! `seawall serve`: from the project to a listening server.
//!
//! **Invariant.** Everything that can be wrong is found before the first request: mapping, secrets, schemas, store, address.

use super::{Ended, STORE_FILE, STORE_FOLDER, ServeArgs, complain};
use crate::asyncapi;
use crate::auth::{Algorithms, KeySource, Oidc};
use crate::auth::{Auth, Fetch, OidcConfig};
use crate::events;
use crate::http::server::{ServerOptions, serve};
use crate::ids;
use crate::openapi;
use crate::problem::Types;
use crate::project::{DEFINITIONS, Deployment, Mode, Project};
use crate::service::{Parts, Service};
use crate::store::{Sqlite, Store, Watches};
use crate::telemetry::{Log, LogTo};
use adapters_client::Tls;
use adapters_ports::CallContext;
use arc_swap::ArcSwap;
use engine::lang::{AuthKind, Idempotency};
use engine::program::{Ambient, Program, Unsupported};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The secret that signs the cursors of pages.
const SIGNING_SECRET: &str = "seawall-signing-key";
/// Time for fetching a key set.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Clock difference that is forgiven where the mapping says nothing.
const LEEWAY_DEFAULT: Duration = Duration::from_secs(60);

/// Runs the command.
pub(super) fn run(args: &ServeArgs) -> Ended {
    // One provider of cryptography for all; a second call finds the first one, which is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let log = match Log::start(&args.log, LogTo::Output) {
        Ok(log) => log,
        Err(error) => return complain(&error),
    };
    let project = match Project::load(&args.project, Mode::Online) {
        Ok(project) => project,
        Err(report) => return report.print_as_errors(),
    };
    let ended = match start(args, &project, log.clone()) {
        Ok(()) => Ended::Done,
        Err(error) => complain(&error),
    };
    log.flush();
    ended
}

fn start(args: &ServeArgs, project: &Project, log: Log) -> Result<(), String> {
    waived(&project.program, &args.without)?;
    let workers = args.workers.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        std::num::NonZeroUsize::get,
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let listener = TcpListener::bind(&args.listen).map_err(|error| format!("{}: {error}", args.listen))?;
    runtime.block_on(async {
        let store = store(args, &project.program, project.folder.root())?;
        let service = Arc::new(service(args, project, store.clone()).await?);
        publish(args, project, &service, store).await?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let options = ServerOptions {
            workers,
            keep_alive: args.keep_alive,
            drain: args.drain,
            grace: args.grace,
            access_log: !args.quiet,
        };
        let facade = &*project.program.facade;
        tracing::info!(%address, facade, operations = project.program.operations.len(), workers, "listening");
        let current = Arc::new(ArcSwap::new(Arc::clone(&service)));
        let ended = serve(current, listener, options, log).await.map_err(|error| error.to_string());
        service.end_events().await;
        ended
    })
}

/// Starts the events of the project, unless they are waived.
async fn publish(
    args: &ServeArgs,
    project: &Project,
    service: &Arc<Service>,
    store: Option<Arc<Sqlite>>,
) -> Result<(), String> {
    let Some(store) = store.filter(|_| !args.without.iter().any(|section| section == "events")) else {
        return Ok(());
    };
    let folder = folder(args, project.folder.root());
    let from = events::Start {
        service,
        watches: Arc::clone(&store) as Arc<dyn Watches>,
        streams: store,
        folder: &folder,
        base_url: &args.base_url,
        version: Arc::clone(&project.version),
    };
    if let Some(events) = events::start(from).await? {
        service.attach(events);
    }
    Ok(())
}

async fn service(args: &ServeArgs, project: &Project, store: Option<Arc<Sqlite>>) -> Result<Service, String> {
    let program = Arc::clone(&project.program);
    let types = Types::new(&args.base_url);
    let document = openapi::document(&program, &types, &project.examples());
    let parts = Parts {
        connections: project.connections.clone(),
        auth: auth(&program, project.folder.root()).await?,
        store: store.map(|store| store as Arc<dyn Store>),
        clock: Arc::new(now),
        openapi: document.into(),
        signing_key: signing_key(),
        body_bytes_max: args.body_bytes_max,
        types,
        program,
    };
    let service = Service::new(parts).map_err(|errors| errors.join("\n"))?;
    let described = asyncapi::document(service.program(), &project.event_examples());
    service.attach_asyncapi(described.into());
    Ok(service)
}

/// What is written and is not run must be waived by name, so that nothing is silently not done.
fn waived(program: &Program, without: &[String]) -> Result<(), String> {
    let does = |unsupported: &&Unsupported| !DEFINITIONS.contains(&unsupported.section);
    let unsupported = || program.unsupported.iter().filter(does);
    let open: Vec<String> = unsupported()
        .filter(|unsupported| !without.iter().any(|section| section == unsupported.section))
        .map(|unsupported| format!("{} {}: {}", unsupported.section, unsupported.name, unsupported.why))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut sections: Vec<&str> = unsupported().map(|unsupported| unsupported.section).collect();
    sections.sort_unstable();
    sections.dedup();
    let hint = format!("serve without them: --without {}", sections.join(","));
    Err(format!("this program does not run all that is written:\n  {}\n{hint}", open.join("\n  ")))
}

async fn auth(program: &Program, root: &Path) -> Result<Auth, String> {
    let Some(auth) = &program.auth else {
        if program.operations.is_empty() {
            // There is nothing that anybody could call, as where a project only publishes events.
            return Ok(Auth::none());
        }
        return Err(
            "the project says nothing about who may call: write `auth:`, at least `auth: { type: none }`"
                .into(),
        );
    };
    match &auth.kind {
        AuthKind::None => Ok(Auth::none()),
        AuthKind::Oidc { issuer, audience, jwks, algorithms, leeway } => {
            let names = algorithms.iter().map(|name| name.value.as_str());
            let algorithms =
                if algorithms.is_empty() { Ok(Algorithms::asymmetric()) } else { Algorithms::parse(names) };
            let config = OidcConfig {
                issuer: issuer.value.clone(),
                audience: audience.iter().map(|one| one.value.clone()).collect(),
                algorithms: algorithms.map_err(|error| format!("auth.algorithms: {error}"))?,
                source: KeySource::of(jwks.as_ref().map(|jwks| jwks.value.as_str()), &issuer.value, root),
                leeway: leeway.map_or(LEEWAY_DEFAULT, |leeway| leeway.value),
            };
            let oidc = Arc::new(Oidc::new(config, fetch()));
            oidc.start().await.map_err(|error| format!("auth.jwks: {error}"))?;
            tokio::spawn(Arc::clone(&oidc).keep_fresh());
            Ok(Auth::Oidc(oidc))
        }
        AuthKind::ApiKey { .. } => {
            Err("auth: type apiKey is not served by this program; use oidc or none".into())
        }
        AuthKind::Mtls { .. } => {
            Err("auth: type mtls is not served by this program; use oidc or none".into())
        }
    }
}

/// Fetches documents with the HTTP client of the adapters.
fn fetch() -> Fetch {
    Arc::new(|url| {
        Box::pin(async move {
            let cx = CallContext::new(ids::request_id(), FETCH_TIMEOUT);
            let bytes_max = u64::try_from(crate::auth::DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
            let tls = Tls::default();
            let get = adapters_client::get(&cx, &url, &tls, bytes_max);
            match tokio::time::timeout(FETCH_TIMEOUT, get).await {
                Ok(Ok(bytes)) => Ok(bytes.to_vec()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("no answer in time".into()),
            }
        })
    })
}

fn store(args: &ServeArgs, program: &Program, root: &Path) -> Result<Option<Arc<Sqlite>>, String> {
    let needed = !program.events.is_empty()
        || program.operations.iter().any(|plan| {
            let once = plan.policy.idempotency.map(|spanned| spanned.value);
            matches!(once, Some(Idempotency::For(_))) || plan.policy.dedupe.is_some()
        });
    if !needed && args.store.is_none() {
        return Ok(None);
    }
    let store = Sqlite::open(&folder(args, root).join(STORE_FILE)).map_err(|error| error.to_string())?;
    Ok(Some(Arc::new(store)))
}

fn folder(args: &ServeArgs, root: &Path) -> PathBuf {
    args.store.clone().unwrap_or_else(|| root.join(STORE_FOLDER))
}

/// Several nodes need the same key, so it may be a secret; a single one makes its own.
fn signing_key() -> Vec<u8> {
    if let Some(secret) = Deployment::from_env().secret(SIGNING_SECRET) {
        return secret.expose().as_bytes().to_vec();
    }
    let mut key = vec![0; 32];
    if aws_lc_rs::rand::fill(&mut key).is_err() {
        // Cursors are no secrets; without randomness they end with the process all the same.
        key = ids::request_id().as_bytes().to_vec();
    }
    key
}

fn now(request_id: &Arc<str>, zone: &TimeZone) -> Ambient {
    Ambient::at(Timestamp::now(), zone, Arc::clone(request_id))
}
