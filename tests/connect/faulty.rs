//! A SCIM server of our own that does as it is told: right, or wrong at one step.
//!
//! It is a bad one even when nothing is wrong: it adds a member that it has, and makes a user that there is. What is done twice is
//! seen in its numbers.

use crate::TOKEN;
use serde_json::{Value as Json, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// No answer.
    Hangs,
    /// The connection ends in the midst of the body.
    Cut,
    /// It ends before any answer.
    Closed,
    /// This status, with this `Retry-After`.
    Status(u16, Option<&'static str>),
    /// 200, and no JSON.
    Garbage,
    /// 200, and JSON that says nothing.
    Nothing,
    /// Another place to go.
    Redirect(String),
    /// More than anybody reads.
    Huge,
    /// More than anybody reads, without a length.
    Endless,
    /// The status of success.
    Lie,
    /// 400, with the token in its words.
    Echo,
}

/// When it goes wrong.
#[derive(Debug, Clone)]
pub struct Plan {
    pub fault: Fault,
    /// How the request begins: `PATCH /Groups/`.
    pub step: &'static str,
    /// How many such requests are answered well before.
    pub after: usize,
    /// Whether what was asked for is done nevertheless.
    pub acts: bool,
}

/// What the server has.
#[derive(Debug, Default)]
pub struct World {
    pub users: Vec<Json>,
    /// Id, name, members.
    pub groups: Vec<(String, String, Vec<String>)>,
    pub plan: Option<Plan>,
    /// The most that a list shows at once; 0: all.
    pub page: usize,
    /// Lists pay no heed to their filter.
    pub heedless: bool,
    /// Lists say that there is one, and show none.
    pub hides: bool,
    /// The requests so far.
    pub log: Vec<String>,
}

/// The server; it ends with the test.
pub struct Server {
    pub url: String,
    world: Arc<Mutex<World>>,
}

/// A request without its headers, but for whether it is allowed.
struct Request {
    method: String,
    /// Below `/v2`.
    path: String,
    query: Vec<(String, String)>,
    allowed: bool,
    body: Json,
}

impl Server {
    /// A server with one group, `Brand`, whose id is `g1`.
    pub fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v2", listener.local_addr().unwrap());
        let groups = vec![("g1".to_owned(), "Brand".to_owned(), Vec::new())];
        let world = Arc::new(Mutex::new(World { groups, ..World::default() }));
        let shared = Arc::clone(&world);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let world = Arc::clone(&shared);
                // A client that went away is its own affair.
                thread::spawn(move || stream.map(|stream| serve(stream, &world)));
            }
        });
        Server { url, world }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// From now on this goes wrong; `None`: nothing.
    pub fn plan(&self, plan: Option<Plan>) {
        self.world().plan = plan;
    }

    /// How many users there are of a name, and how often they are in `Brand`.
    pub fn count(&self, user_name: &str) -> (usize, usize) {
        let world = self.world();
        let ids: Vec<&str> = world.users.iter().filter(|u| u["userName"] == user_name).filter_map(|u| u["id"].as_str()).collect();
        (ids.len(), world.groups[0].2.iter().filter(|m| ids.contains(&m.as_str())).count())
    }
}

fn serve(mut stream: TcpStream, world: &Mutex<World>) {
    let Some(request) = read(&mut stream) else { return };
    let (answer, fault) = {
        let mut world = world.lock().unwrap();
        let line = format!("{} {}", request.method, request.path);
        world.log.push(line.clone());
        let fault = match &mut world.plan {
            Some(plan) if line.starts_with(plan.step) && plan.after > 0 => {
                plan.after -= 1;
                None
            }
            Some(plan) if line.starts_with(plan.step) => Some((plan.fault.clone(), plan.acts)),
            _ => None,
        };
        let answer = if fault.as_ref().is_none_or(|(_, acts)| *acts) { world.answer(&request) } else { (204, Json::Null) };
        (answer, fault.map(|(fault, _)| fault))
    };
    match fault {
        None => send(&mut stream, answer.0, "", &text(&answer.1)),
        Some(fault) => go_wrong(&mut stream, &fault, &request.method),
    }
}

fn go_wrong(stream: &mut TcpStream, fault: &Fault, method: &str) {
    match fault {
        Fault::Hangs => {
            // Until the client gives up.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
            let _ = stream.read(&mut [0; 1]);
        }
        Fault::Cut => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: 500\r\n\r\n{\"totalResults\": 0, ";
            let _ = stream.write_all(head.as_bytes());
        }
        Fault::Closed => {}
        Fault::Status(status, wait) => {
            let wait = wait.map_or_else(String::new, |wait| format!("Retry-After: {wait}\r\n"));
            send(stream, *status, &wait, &json!({ "status": status.to_string(), "detail": "as told" }).to_string());
        }
        Fault::Garbage => send(stream, 200, "", "<html>We will be back soon</html>"),
        Fault::Nothing => send(stream, 200, "", "{}"),
        Fault::Redirect(place) => send(stream, 307, &format!("Location: {place}\r\n"), ""),
        Fault::Huge => send(stream, 200, "", &format!("{{\"x\": \"{}\"}}", "x".repeat(3 * 1024 * 1024))),
        Fault::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nTransfer-Encoding: chunked\r\n\r\n");
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            while stream.write_all(chunk.as_bytes()).is_ok() {}
        }
        Fault::Lie if method == "POST" => send(stream, 201, "", &json!({ "id": "nobody" }).to_string()),
        Fault::Lie => send(stream, 204, "", ""),
        Fault::Echo => send(stream, 400, "", &json!({ "detail": format!("no\r\nto\u{202e}Bearer {TOKEN}") }).to_string()),
    }
}

fn text(json: &Json) -> String {
    if json.is_null() { String::new() } else { json.to_string() }
}

fn send(stream: &mut TcpStream, status: u16, headers: &str, body: &str) {
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/scim+json\r\nConnection: close\r\n{headers}{length}\r\n");
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        let mut part = [0; 4096];
        let count = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..count]);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let header = |name: &str| head.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v));
    let length: usize = header("content-length").map_or(0, |v| v.parse().unwrap());
    while bytes.len() < end + length {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..count]);
    }
    let mut words = head.split(' ');
    let (method, address) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (decoded(k), decoded(v)));
    Some(Request {
        method,
        path: path.strip_prefix("/v2").unwrap_or("?").to_owned(),
        query: pairs.collect(),
        allowed: header("authorization") == Some(&format!("Bearer {TOKEN}")),
        body: serde_json::from_slice(&bytes[end..]).unwrap_or_default(),
    })
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let two = if byte == b'%' {
            format!("{}{}", char::from(bytes.next().unwrap()), char::from(bytes.next().unwrap()))
        } else {
            String::new()
        };
        out.push(if two.is_empty() { byte } else { u8::from_str_radix(&two, 16).unwrap() });
    }
    String::from_utf8(out).unwrap()
}

impl World {
    fn answer(&mut self, request: &Request) -> (u16, Json) {
        if !request.allowed {
            return (401, json!({ "detail": "who are you?" }));
        }
        let parts: Vec<String> = request.path.split('/').skip(1).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["Users"]) => (200, self.list(request, &self.users, "userName")),
            ("POST", ["Users"]) => {
                let mut user = request.body.clone();
                user["id"] = json!(format!("u{}", self.users.len() + 1));
                self.users.push(user.clone());
                (201, user)
            }
            ("PATCH", ["Users", id]) => match self.users.iter_mut().find(|u| u["id"] == *id) {
                Some(user) => {
                    for operation in request.body["Operations"].as_array().unwrap() {
                        tell(user, operation);
                    }
                    (200, user.clone())
                }
                None => (404, Json::Null),
            },
            ("DELETE", ["Users", id]) => {
                self.users.retain(|u| u["id"] != *id);
                self.groups.iter_mut().for_each(|(.., members)| members.retain(|m| m != id));
                (204, Json::Null)
            }
            ("GET", ["Groups"]) => {
                let all: Vec<Json> = self.groups.iter().map(|(id, name, _)| json!({ "id": id, "displayName": name })).collect();
                (200, self.list(request, &all, "displayName"))
            }
            ("GET", ["Groups", id]) => match self.groups.iter().find(|g| g.0 == *id) {
                Some((id, name, members)) => {
                    let members: Vec<Json> = members.iter().map(|m| json!({ "value": m, "type": "User" })).collect();
                    (200, json!({ "id": id, "displayName": name, "members": members }))
                }
                None => (404, Json::Null),
            },
            ("PATCH", ["Groups", id]) => match self.groups.iter_mut().find(|g| g.0 == *id) {
                Some((_, _, members)) => {
                    change(members, &request.body["Operations"][0]);
                    (204, Json::Null)
                }
                None => (404, Json::Null),
            },
            _ => (405, Json::Null),
        }
    }

    fn list(&self, request: &Request, all: &[Json], key: &str) -> Json {
        let get = |name: &str| request.query.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v);
        let (key, literal) = get("filter").split_once(" eq ").filter(|(k, _)| *k == key || *k == "externalId").unwrap();
        let wanted: String = serde_json::from_str(literal).unwrap();
        let is = |one: &&Json| self.heedless || one[key].as_str().is_some_and(|text| text.eq_ignore_ascii_case(&wanted));
        let found: Vec<&Json> = all.iter().filter(is).collect();
        if self.hides {
            return json!({ "totalResults": 1, "Resources": [] });
        }
        let start: usize = get("startIndex").parse().unwrap();
        let most = if self.page == 0 { usize::MAX } else { self.page };
        let shown: Vec<&&Json> = found.iter().skip(start - 1).take(most).collect();
        json!({ "totalResults": found.len(), "startIndex": start, "itemsPerPage": shown.len(), "Resources": shown })
    }
}

/// A path is a name, one in another, one of the enterprise schema, or the value of the emails that a filter finds.
fn tell(user: &mut Json, operation: &Json) {
    let path = operation["path"].as_str().unwrap();
    let value = if operation["op"] == "remove" { Json::Null } else { operation["value"].clone() };
    if path.starts_with("emails[") {
        return user["emails"].as_array_mut().unwrap().iter_mut().filter(|e| e["type"] == "work").for_each(|e| e["value"] = value.clone());
    }
    match path.rsplit_once(':').or_else(|| path.split_once('.')) {
        Some((outer, inner)) => user[outer][inner] = value,
        None => user[path] = value,
    }
}

fn change(members: &mut Vec<String>, operation: &Json) {
    let path = operation["path"].as_str().unwrap();
    if operation["op"] == "add" {
        assert_eq!(path, "members");
        members.push(operation["value"][0]["value"].as_str().unwrap().to_owned());
    } else {
        let literal = path.strip_prefix("members[value eq ").and_then(|rest| rest.strip_suffix(']')).unwrap();
        let gone: String = serde_json::from_str(literal).unwrap();
        members.retain(|member| *member != gone);
    }
}
