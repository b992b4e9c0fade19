//! The keys of a folder that is a bucket of S3, or of a store that speaks its language.
//!
//! **Invariant.** A store beside AWS is one that the mapping names.

use super::{Keys, Named, leads_out, split};
use crate::folder::s3::{ANSWER_BYTES_MAX, Config, S3};
use adapters_client::{Client, Config as ClientConfig, Target, Tls};
use adapters_ports::Forms;
use kernel::{Diagnostic, Secret};
use rusty_s3::{Bucket, UrlStyle};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The region where the mapping says none; stores beside AWS seldom have any.
const REGION: &str = "us-east-1";
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Access key, secret key, session token.
type AccessKeys = (Secret<String>, Secret<String>, Option<Secret<String>>);

/// Reads the keys; nothing where something is not known offline, or wrong.
pub(super) fn read(forms: &mut Forms, keys: &Keys<'_>) -> Option<Named> {
    let place = forms.is_known(keys.path).then(|| place(forms, keys)).flatten();
    let access = access(forms, keys);
    let timeout = keys.timeout(forms);
    let tls = tls(forms, keys);
    let server = server(forms, keys);
    let (bucket, path) = place?;
    let (folder, glob) = split(forms, &path, keys.span)?;
    let folder = if folder == "." { PathBuf::new() } else { PathBuf::from(folder) };
    let (endpoint, style, region) = server?;
    let found = open(&bucket, &endpoint, (style, &region), tls);
    let (bucket, client) = found.map_err(|why| forms.wrong(keys.span, format!("`path`: {why}"))).ok()?;
    let config = Config { bucket, keys: access?, client, timeout };
    let store = Arc::new(S3::new(config, &folder));
    Some(Named { bases: (folder.clone(), PathBuf::from("")), folder, glob, store })
}

/// Bucket, and the rest of the path.
fn place(forms: &mut Forms, keys: &Keys<'_>) -> Option<(String, String)> {
    let rest = keys.path.strip_prefix("s3://").unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    match rest.split_once('/') {
        Some((bucket, path)) if !bucket.is_empty() && bucket.chars().all(is_name) && !leads_out(path) => {
            Some((bucket.to_owned(), path.to_owned()))
        }
        _ => {
            let found = Diagnostic::new("E007", keys.span, "`path` names no objects of a bucket");
            forms.diagnose(found.hint("write s3://bucket/folder/*.csv, without `..`"));
            None
        }
    }
}

fn access(forms: &mut Forms, keys: &Keys<'_>) -> Option<AccessKeys> {
    let Some(auth) = keys.node.at("auth") else {
        forms.missing(keys.node, "auth", "write auth: { user: the access key, password: \"${secret:…}\" }");
        return None;
    };
    forms.keys(auth, "auth", &["user", "password", "token"]);
    for (key, what) in [("user", "the access key"), ("password", "the secret key, as a ${secret:…}")] {
        if auth.at(key).is_none() {
            forms.missing(auth, key, &format!("S3 knows us by two keys; here stands {what}"));
        }
    }
    let mut text = |key| forms.owned(auth, key).map(Secret::new);
    let (access, secret, token) = (text("user"), text("password"), text("token"));
    Some((access?, secret?, token))
}

fn tls(forms: &mut Forms, keys: &Keys<'_>) -> Tls {
    let Some(tls) = keys.node.at("tls") else { return Tls::default() };
    forms.keys(tls, "tls", &["ca"]);
    let authorities = keys.content(forms, tls, "ca").filter(|(text, _)| forms.is_known(text));
    Tls { authorities: authorities.map(|(text, _)| text.into_bytes()), identity: None }
}

/// The address of the store, how it is told the bucket, and its region.
fn server(forms: &mut Forms, keys: &Keys<'_>) -> Option<(String, UrlStyle, String)> {
    const STYLES: [(&str, UrlStyle); 2] = [("host", UrlStyle::VirtualHost), ("path", UrlStyle::Path)];
    let region = forms.owned(keys.node, "region").unwrap_or_else(|| REGION.to_owned());
    let endpoint = forms.text(keys.node, "endpoint");
    let style = crate::config::word(forms, keys.node, "addressing", &STYLES);
    if let Some((text, span)) = endpoint.filter(|(text, _)| forms.is_known(text))
        && let Err(why) = Target::parse(text)
    {
        forms.wrong(span, format!("`endpoint`: {why}"));
        return None;
    }
    if !forms.is_known(&region) || endpoint.is_some_and(|(text, _)| !forms.is_known(text)) {
        return None;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !region.chars().all(is_name) {
        let span = keys.node.at("region").map_or(keys.span, |region| region.span);
        forms.wrong(span, format!("`region` is a name like eu-central-1, not `{region}`"));
        return None;
    }
    let default = if endpoint.is_some() { UrlStyle::Path } else { UrlStyle::VirtualHost };
    let aws = || format!("https://s3.{region}.amazonaws.com");
    Some((endpoint.map_or_else(aws, |(text, _)| text.to_owned()), style.unwrap_or(default), region))
}

/// Makes the bucket and the client that asks for it.
fn open(
    name: &str,
    endpoint: &str,
    (style, region): (UrlStyle, &str),
    tls: Tls,
) -> Result<(Bucket, Client), String> {
    let endpoint = endpoint.parse().map_err(|_| format!("`{endpoint}` is no URL"))?;
    let bucket = Bucket::new(endpoint, style, name.to_owned(), region.to_owned());
    let bucket = bucket.map_err(|error| format!("the bucket `{name}` cannot be addressed: {error}"))?;
    let origin = Target::parse(bucket.base_url().as_str())?.origin;
    let mut config = ClientConfig::new(origin);
    config.connect_timeout = CONNECT_TIMEOUT;
    config.limits.body_bytes_max = ANSWER_BYTES_MAX;
    // What is packed is stored so, and is unpacked by what reads files.
    config.limits.unpacks = false;
    config.tls = tls;
    Ok((bucket, Client::new(config).map_err(|error| error.0)?))
}
