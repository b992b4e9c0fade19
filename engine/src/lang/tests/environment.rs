//! Tests of overlays and variables.

use super::*;
use kernel::Secret;

const BASE: &str = "facade: t\nformat: 1\nconnections:\n  pms:\n    type: old\n    url: a\n    policy: { timeout: 5s }\n    wsdl: x.wsdl\n  a.b:\n    type: old\n    url: a\nmodels:\n  M: { schema: a.json }\nrest:\n  GET /x.y/{id}:\n    list: M\n    policy: { cache: 1s, scope: s }\n    page: { size: 5, max: 9 }\nevents:\n  M: { topic: bus/t, updated: u, watch: { every: 30s } }\n";

struct Values;

impl Variables for Values {
    fn env(&self, name: &str) -> Option<String> {
        match name {
            "HOST" => Some("example.com".into()),
            "YAML" => Some("a: [b".into()),
            _ => None,
        }
    }

    fn secret(&self, name: &str) -> Option<Secret<String>> {
        (name == "pw").then(|| Secret::new("hunter2 #${".into()))
    }
}

fn with(overlay: &str) -> (Project, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let kinds = [
        Kind { name: "old", ports: &["backend"] },
        Kind { name: "new", ports: &["backend", "sink"] },
        Kind { name: "log", ports: &["source", "sink"] },
    ];
    let options = Options { overlay: Some(("env/prod.yaml", overlay)), variables: None, kinds: &kinds };
    let (project, found) = load_with(vec![("facade.yaml".into(), BASE.into())], &mut sources, &options);
    (project, found, sources)
}

#[test]
fn an_overlay_changes_addresses_sizes_times_and_topics() {
    let (project, found, _) = with(
        "connections.pms.url: https://prod\nconnections.pms.policy.timeout: 9s\nconnections.a.b.url: z\n\
         rest.\"GET /x.y/{id}\".policy.cache: 7s\nrest.GET /x.y/{id}.page.size: 6\nevents.M.topic: bus/other\nevents.M.watch.every: 10s\n",
    );
    assert_eq!(found, []);
    let url = |name: &str| project.connection(name).and_then(|c| c.node.at("url")?.text().map(str::to_owned));
    assert_eq!((url("pms").as_deref(), url("a.b").as_deref()), (Some("https://prod"), Some("z")));
    assert_eq!(project.connections[0].policy.timeout.map(|timeout| timeout.as_secs()), Some(9));
    assert_eq!(project.rest[0].policy.cache.map(|cache| cache.as_secs()), Some(7));
    assert_eq!(project.rest[0].page.as_ref().map(|page| page.size.value), Some(6));
    assert_eq!(project.events[0].topic.as_ref().map(|topic| topic.topic.value.as_str()), Some("other"));
}

#[test]
fn an_overlay_replaces_a_whole_connection_by_one_with_the_same_ports() {
    let (project, found, _) = with("connections.pms: { type: new, url: b }\n");
    assert_eq!(found, []);
    assert_eq!(project.connection("pms").map(|pms| pms.kind.value.as_str()), Some("new"));
}

#[test]
fn an_overlay_that_changes_meaning_or_misses_is_refused() {
    let check = |overlay: &str, place: &str| {
        let (_, found, sources) = with(overlay);
        let told: Vec<_> = found.iter().map(|one| (one.code.0, under(&sources, one.span))).collect();
        assert_eq!(told, [("E080", place.to_owned())], "{overlay}\n{found:?}");
        assert!(found[0].hint.is_some(), "{overlay}");
        assert_eq!(
            sources.file(found[0].span.expect("a place").file).expect("a file").path.as_ref(),
            "env/prod.yaml"
        );
    };
    check("connections.pms.wsdl: y.wsdl\n", "connections.pms.wsdl");
    check("connections.pms.type: new\n", "connections.pms.type");
    check("connections.pms.uri: y\n", "uri");
    check("connections.pmx.url: y\n", "pmx.url");
    check("connections:\n  pms: { type: new }\n", "connections");
    check("connections.pms: { url: b }\n", "{ url: b }");
    check("connections.pms: { type: log }\n", "{ type: log }");
    check("models.M.schema: b.json\n", "models.M.schema");
    check("rest.GET /x.y/{id}.list: N\n", "rest.GET /x.y/{id}.list");
    check("rest.GET /x.y/{id}.policy.scope: all\n", "rest.GET /x.y/{id}.policy.scope");
    check("events.M.updated: other\n", "events.M.updated");
    check("facade: x\n", "facade");
    check("connections.pms.: x\n", "pms.");
    check("\"\": x\n", "");
    let (_, found, sources) = with("connections.pms.policy.timeout: 9\n");
    assert_eq!((found[0].code.0, under(&sources, found[0].span).as_str()), ("E007", "9"));
}

#[test]
fn variables_become_values_and_never_structure() {
    let load_online = |body: &str| {
        let mut sources = Sources::default();
        let options = Options { variables: Some(&Values), ..Options::default() };
        let (project, found) =
            load_with(vec![("facade.yaml".into(), format!("{HEAD}{body}"))], &mut sources, &options);
        (project, found, sources)
    };
    let body = "connections:\n  c: { type: x, url: \"https://${env:HOST}:${env:PORT:-443}/\", auth: { password: \"${secret:pw}\", user: \"${env:YAML}\" } }\n";
    let (project, found, _) = load_online(body);
    assert_eq!(found, []);
    let node = &project.connections[0].node;
    let at =
        |keys: &[&str]| keys.iter().try_fold(node, |node, key| node.at(key)).and_then(kernel::Node::text);
    assert_eq!(at(&["url"]), Some("https://example.com:443/"));
    assert_eq!(at(&["auth", "password"]), Some("hunter2 #${"));
    assert_eq!(at(&["auth", "user"]), Some("a: [b"));
    assert!(!format!("{project:?}").contains("hunter2"), "a secret in debug output");

    let (_, found, sources) = load_online("connections:\n  c: { type: x, url: \"a${env:GONE}b\" }\n");
    assert_eq!((found[0].code.0, under(&sources, found[0].span).as_str()), ("E083", "${env:GONE}"));

    let (project, found, _) = read(body);
    assert_eq!(found, []);
    let url = project.connections[0].node.at("url").and_then(kernel::Node::text);
    assert_eq!(url, Some("https://${env:HOST}:${env:PORT:-443}/"));
}

#[test]
fn a_variable_where_none_belongs_is_refused() {
    check("title: a ${env:X} b\n", "E082", "${env:X}");
    check("models:\n  M: { schema: \"${env:X}\" }\n", "E082", "${env:X}");
    check("rest:\n  GET /a: { get: M, policy: { cache: \"${env:X}\" } }\n", "E082", "${env:X}");
    check("connections:\n  c: { type: x, send: { A: \"${env:X}\" } }\n", "E082", "${env:X}");
    check("connections:\n  c: { type: x, url: \"${X}\" }\n", "E082", "${X}");
    check("connections:\n  c: { type: x, url: \"a ${env:X\" }\n", "E082", "${env:X");
    check("connections:\n  c: { type: x, url: \"${env:}\" }\n", "E082", "${env:}");
    check("connections:\n  \"${env:X}\": { type: x }\n", "E082", "\"${env:X}\"");
    passes("policies:\n  p: { timeout: \"${env:T:-5s}\" }\n");
}

#[test]
fn a_literal_secret_is_refused() {
    check("connections:\n  c: { type: x, auth: { password: hunter2 } }\n", "E081", "hunter2");
    check("connections:\n  c: { type: x, auth: { token: \"\" } }\n", "E007", "\"\"");
    check(
        "connections:\n  c: { type: x, auth: { password: \"${env:P:-hunter2}\" } }\n",
        "E081",
        "\"${env:P:-hunter2}\"",
    );
    check("connections:\n  c: { type: x, tls: { key: { password: a } } }\n", "E081", "a");
    passes("connections:\n  c: { type: x, auth: { password: \"${secret:p}\", token: \"${env:T}\" } }\n");
}

#[test]
fn a_literal_secret_is_not_printed_whatever_else_its_line_is_told_for() {
    let (_, found, sources) = with(
        "connections.pms: { type: old, url: a, typo: 1, auth: { password: hunter2, \"user\": \"b\" } }\n",
    );
    let text = crate::diagnostics::render(&found, &sources);
    assert!(text.contains("E081") && text.contains("password: *******, \"user\""), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn keys_of_an_adapter_are_checked_by_what_it_tells() {
    let key = |key| AdapterKey { key, form: "text", default: "", doc: "" };
    let keys = [key("url"), key("wsdl"), key("auth.user"), key("auth.password"), key("format")];
    let found = |body: &str| {
        let (project, found, sources) = read(&format!("connections:\n  c: {{ type: x, {body} }}\n"));
        assert_eq!(found, [], "{body}");
        let found = unknown_adapter_keys(&project.connections[0], &keys);
        found
            .into_iter()
            .map(|one| (under(&sources, one.span), one.hint.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("url: a, wsdl: b, auth: { user: u }, format: { any: thing }, nulls: [], strict: true"),
        []
    );
    assert_eq!(found("wsld: b"), [("wsld".into(), "did you mean `wsdl`?".into())]);
    assert_eq!(found("auth: { usr: u }"), [("usr".into(), "did you mean `user`?".into())]);
    assert_eq!(found("brokers: b")[0].0, "brokers");
}
