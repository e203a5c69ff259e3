//! Requests to one server: a deadline for all of them, a bound on each answer, and what a status means.

use super::retry::{Retry, Undelivered, retry_after};
use super::{Connector, Secret};
use serde_json::Value as Json;
use std::time::{Duration, Instant, SystemTime};
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, Error, RequestBuilder};

/// The most that is read of one answer, in bytes: 1 MiB.
pub const MOST_BYTES: u64 = 1024 * 1024;

/// What SCIM's bodies are.
const SCIM_JSON: &str = "application/scim+json";

/// A client that follows nothing, trusts whom the machine trusts, and takes every status for an answer.
pub(super) fn agent(url: &str) -> Agent {
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(RootCerts::PlatformVerifier).build();
    let mut config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("writ/", env!("CARGO_PKG_VERSION")));
    if url.starts_with("http://") {
        // Only this machine is reached without TLS, and no proxy stands in between.
        config = config.proxy(None);
    }
    Agent::new_with_config(config.build())
}

/// The requests of one delivery.
pub(super) struct Session<'a> {
    connector: &'a Connector,
    until: Instant,
}

/// An answer that its asker has to look at: done, or refused in a way that may be what was wanted.
pub(super) struct Answer<'a> {
    /// 2xx, or 4xx other than 401, 403, 408, 425 and 429.
    pub status: u16,
    body: Vec<u8>,
    name: &'a str,
    token: &'a Secret,
    doing: String,
}

impl<'a> Session<'a> {
    /// The clock of a delivery begins.
    pub(super) fn begin(connector: &'a Connector) -> Session<'a> {
        let now = Instant::now();
        Session { connector, until: now.checked_add(connector.timeout).unwrap_or(now) }
    }

    /// Reads. `doing` says for whom: `finding ann@contoso.example`.
    pub(super) fn get(&self, doing: &str, path: &str, query: &[(&str, &str)]) -> Result<Answer<'a>, Undelivered> {
        let request = self.connector.agent.get(self.address(path, query));
        self.finish(doing, self.prepared(doing, request)?.call())
    }

    /// Makes something.
    pub(super) fn post(&self, doing: &str, path: &str, body: &Json) -> Result<Answer<'a>, Undelivered> {
        let request = self.connector.agent.post(self.address(path, &[])).content_type(SCIM_JSON);
        self.finish(doing, self.prepared(doing, request)?.send(body.to_string()))
    }

    /// Changes something.
    pub(super) fn patch(&self, doing: &str, path: &str, body: &Json) -> Result<Answer<'a>, Undelivered> {
        let request = self.connector.agent.patch(self.address(path, &[])).content_type(SCIM_JSON);
        self.finish(doing, self.prepared(doing, request)?.send(body.to_string()))
    }

    /// Takes something away.
    pub(super) fn delete(&self, doing: &str, path: &str) -> Result<Answer<'a>, Undelivered> {
        let request = self.connector.agent.delete(self.address(path, &[]));
        self.finish(doing, self.prepared(doing, request)?.call())
    }

    /// Something did not work out, in the words of this connector.
    pub(super) fn fault(&self, doing: &str, why: &str, retry: Retry) -> Undelivered {
        let why = self.connector.token.hidden_in(why);
        Undelivered::new(&format!("{}: {doing}: {why}", self.connector.name), retry)
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut address = format!("{}/{path}", self.connector.url);
        for (number, (name, value)) in query.iter().enumerate() {
            address.push(if number == 0 { '?' } else { '&' });
            address.push_str(&format!("{name}={}", encoded(value)));
        }
        address
    }

    /// The request with what every one has, and with the time that is left.
    fn prepared<B>(&self, doing: &str, request: RequestBuilder<B>) -> Result<RequestBuilder<B>, Undelivered> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(1) {
            return Err(self.fault(doing, &self.no_answer(), Retry::Later));
        }
        let request = request.config().timeout_global(Some(left)).build();
        let bearer = format!("Bearer {}", self.connector.token.reveal());
        Ok(request.header("Authorization", bearer).header("Accept", format!("{SCIM_JSON}, application/json")))
    }

    fn finish(&self, doing: &str, sent: Result<Response<Body>, Error>) -> Result<Answer<'a>, Undelivered> {
        let mut response = sent.map_err(|error| self.broken(doing, &error))?;
        let status = response.status().as_u16();
        let wait = response.headers().get("Retry-After").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let read = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        // Of an answer that is an error anyway, the status says more than its torn body.
        let body = match read {
            Ok(body) => body,
            Err(_) if status >= 300 => Vec::new(),
            Err(error) => return Err(self.broken(doing, &error)),
        };
        let Connector { name, token, .. } = self.connector;
        let answer = Answer { status, body, name, token, doing: doing.to_owned() };
        match status {
            200..=299 => Ok(answer),
            429 | 500..=599 => {
                let wait = wait.and_then(|header| retry_after(&header, SystemTime::now().into()));
                Err(answer.refused_until(wait.map_or(Retry::Later, Retry::After)))
            }
            300..=399 => Err(self.fault(doing, &format!("the server sends us elsewhere ({status}), where no token goes"), Retry::Later)),
            400..=499 if !matches!(status, 401 | 403 | 408 | 425) => Ok(answer),
            _ => Err(answer.refused_until(Retry::Later)),
        }
    }

    fn no_answer(&self) -> String {
        no_answer(self.connector.timeout)
    }

    /// A request that got no whole answer. All of these may pass, or be mended on the other side.
    fn broken(&self, doing: &str, error: &Error) -> Undelivered {
        self.fault(doing, &why_broken(error, self.connector.timeout), Retry::Later)
    }
}

fn no_answer(timeout: Duration) -> String {
    format!("no answer within {} s", timeout.as_secs_f64())
}

/// Why a request got no whole answer, in words that repeat nothing of it.
pub(super) fn why_broken(error: &Error, timeout: Duration) -> String {
    match error {
        Error::Timeout(_) => no_answer(timeout),
        Error::Io(io) if io.kind() == std::io::ErrorKind::TimedOut => no_answer(timeout),
        // So come what rustls says, and certificates that nobody trusts.
        Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => format!("no secure connection: {io}"),
        Error::Io(io) => format!("the connection broke ({})", io.kind()),
        Error::HostNotFound => "its host is not known".to_owned(),
        Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..) => "the answer is larger than 1 MiB".to_owned(),
        Error::Rustls(tls) => format!("no secure connection: {tls}"),
        Error::Tls(tls) => format!("no secure connection: {tls}"),
        Error::Protocol(_) => "the answer is no whole HTTP answer".to_owned(),
        Error::ConnectionFailed => "no connection".to_owned(),
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => "the proxy lets nothing through".to_owned(),
        // Others could hold parts of the request.
        _ => "the request did not get through".to_owned(),
    }
}

impl Answer<'_> {
    /// Whether the server says that it did what was asked.
    pub(super) fn is_done(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// Its body.
    ///
    /// # Errors
    /// A body that is no JSON object, which is worth another try: servers that are ill answer with pages for people.
    pub(super) fn object(&self) -> Result<Json, Undelivered> {
        match serde_json::from_slice::<Json>(&self.body) {
            Ok(json) if json.is_object() => Ok(json),
            _ => Err(self.fault("the answer is no JSON object", Retry::Later)),
        }
    }

    /// That it is not what was asked for. Conflicts are worth another try, other refusals are not.
    pub(super) fn refused(&self) -> Undelivered {
        let conflict = matches!(self.status, 409 | 412) || self.is_done();
        self.refused_until(if conflict { Retry::Later } else { Retry::Never })
    }

    fn refused_until(&self, retry: Retry) -> Undelivered {
        let said = serde_json::from_slice::<Json>(&self.body).ok();
        let word = |key: &str| said.as_ref().and_then(|json| json.get(key)).and_then(Json::as_str).filter(|text| !text.is_empty());
        let words: Vec<&str> = [word("scimType"), word("detail")].into_iter().flatten().collect();
        let more = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
        self.fault(&format!("the server answers {}{more}", self.status), retry)
    }

    fn fault(&self, why: &str, retry: Retry) -> Undelivered {
        Undelivered::new(&format!("{}: {}: {}", self.name, self.doing, self.token.hidden_in(why)), retry)
    }
}

/// A text in a path or a query: all but RFC 3986's unreserved characters as `%XX`.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place_in_an_address() {
        assert_eq!(encoded("userName eq \"a&b=c#d/é+\""), "userName%20eq%20%22a%26b%3Dc%23d%2F%C3%A9%2B%22");
        assert_eq!(encoded("a-b.c_d~e9"), "a-b.c_d~e9");
    }
}
