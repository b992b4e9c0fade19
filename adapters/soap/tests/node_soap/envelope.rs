//! Envelopes of another client, taken apart as texts: the body's element, and what a security header claims.
//!
//! **Invariant.** Nothing of ours reads them, so that no mistake of ours hides in both.

use jiff::Timestamp;

/// Returns the one element of the body, with the prefixes of the envelope declared on it.
pub(crate) fn body(envelope: &str) -> Option<String> {
    let (_, rest) = envelope.split_once(":Body>")?;
    let (body, _) = rest.rsplit_once("</")?.0.rsplit_once("</")?;
    let body = body.trim();
    let (name, behind) = body.split_at(body.find([' ', '>', '/', '\n', '\r', '\t'])?);
    let tag = &body[..body.find('>')?];
    let head = &envelope[envelope.find(":Envelope")?..];
    let head = &head[..head.find('>')?];
    let declared: Vec<&str> = head
        .split_whitespace()
        .filter(|word| word.starts_with("xmlns:"))
        .filter(|word| !tag.contains(word.split_once('=').map_or(*word, |(name, _)| name)))
        .collect();
    Some(format!("{name} {}{behind}", declared.join(" ")))
}

/// Returns an envelope without its header.
pub(crate) fn without_header(envelope: &str) -> String {
    match (envelope.split_once("<s:Header>"), envelope.split_once("<soap:Header>")) {
        (Some((before, rest)), _) | (_, Some((before, rest))) => {
            let behind = rest.split_once(":Header>").map_or("", |(_, behind)| behind);
            format!("{before}{behind}")
        }
        _ => envelope.to_owned(),
    }
}

/// Returns what a security header claims: each text by the name of its element and the kind of a password; of times,
/// how long they last. A number used once, which only we send, is left out.
pub(crate) fn claims(envelope: &str) -> Vec<String> {
    let header = envelope.split_once("Security").map_or("", |(_, rest)| rest);
    let header = header.split_once("Security>").map_or(header, |(header, _)| header);
    let mut claims = Vec::new();
    let mut created: Option<Timestamp> = None;
    for piece in header.split('<').skip(1).filter(|piece| !piece.starts_with('/')) {
        let Some((tag, text)) = piece.split_once('>') else { continue };
        let name = tag.split([' ', '\n', ':']).nth(1).unwrap_or(tag);
        let time = text.trim().parse::<Timestamp>().ok();
        match name {
            "Nonce" => {}
            "Created" => {
                created = time;
                claims.push(format!("Created: {}", time.is_some()));
            }
            "Expires" => {
                let lasts = created.zip(time).map(|(from, to)| to.duration_since(from).as_secs());
                claims.push(format!("Expires: after {lasts:?}"));
            }
            "Password" => {
                let kind = tag.split('#').nth(1).map(|kind| kind.trim_end_matches('"'));
                claims.push(format!("Password {kind:?}: {text}"));
            }
            _ => claims.push(format!("{name}: {}", text.trim())),
        }
    }
    claims
}

#[test]
fn what_a_header_claims_is_told_without_what_is_made_anew() {
    let token = |password: &str, expires: &str| {
        format!(
            "<s:Envelope><s:Header><w:Security xmlns:w='urn:w'><u:Timestamp u:Id='1'><u:Created>2014-10-12T01:02:03Z</u:Created>\
             <u:Expires>{expires}</u:Expires></u:Timestamp><w:UsernameToken><w:Username>me</w:Username>\
             <w:Password Type=\"urn:p#PasswordText\">{password}</w:Password><w:Nonce>AA==</w:Nonce></w:UsernameToken></w:Security>\
             </s:Header><s:Body><x/></s:Body></s:Envelope>"
        )
    };
    let expected = [
        "Timestamp: ",
        "Created: true",
        "Expires: after Some(600)",
        "UsernameToken: ",
        "Username: me",
        "Password Some(\"PasswordText\"): secret",
    ];
    assert_eq!(claims(&token("secret", "2014-10-12T01:12:03Z")), expected);
    assert_ne!(claims(&token("other", "2014-10-12T01:12:03Z")), expected);
    assert_ne!(claims(&token("secret", "2014-10-12T01:12:04Z")), expected);
    let bare = without_header(&token("secret", "2014-10-12T01:12:03Z"));
    assert_eq!(bare, "<s:Envelope><s:Body><x/></s:Body></s:Envelope>");
}

#[test]
fn the_element_of_a_body_keeps_the_prefixes_of_its_envelope() {
    let envelope = "<?xml version='1.0'?><soap:Envelope xmlns:soap='urn:s' xmlns:n='urn:n' xmlns:m='urn:m'><soap:Body>\
                    <n:a xmlns:n='urn:n'><m:b/></n:a></soap:Body></soap:Envelope>";
    let expected = "<n:a xmlns:soap='urn:s' xmlns:m='urn:m' xmlns:n='urn:n'><m:b/></n:a>";
    assert_eq!(body(envelope).as_deref(), Some(expected));
}
