//! A server that is GitHub, GitLab and Azure DevOps as far as the steps call them: pull requests and their comments, as in their references.

use serde_json::{Value as Json, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// What opens each of them.
pub const TOKEN: &str = "s3cret-f0rge-t0ken";

/// Whose token that is: a name at GitHub, an id at the others.
pub const US: &str = "github-actions[bot]";

/// A host's name as the steps have it.
pub type Host = &'static str;

/// All of them.
pub const HOSTS: [Host; 3] = ["github", "gitlab", "azure"];

/// A pull request.
#[derive(Clone)]
pub struct Pull {
    pub number: u64,
    pub fork: bool,
    /// As which commit it was merged.
    pub merged: Option<String>,
}

/// A comment on one.
#[derive(Clone)]
pub struct Comment {
    pub id: u64,
    pub pull: u64,
    pub author: String,
    pub body: String,
}

#[derive(Default)]
pub struct World {
    pub pulls: Vec<Pull>,
    pub comments: Vec<Comment>,
    /// What was asked for, as `METHOD /path`.
    pub log: Vec<String>,
}

/// It runs as long as the test does.
pub struct Forge {
    pub url: String,
    world: Arc<Mutex<World>>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    token: Option<String>,
    body: Json,
}

impl Forge {
    pub fn start() -> Forge {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(Mutex::new(World::default()));
        let shared = Arc::clone(&world);
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &shared);
            }
        });
        Forge { url, world }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A new pull request.
    pub fn open(&self, number: u64, fork: bool) {
        self.world().pulls.push(Pull { number, fork, merged: None });
    }

    pub fn merged(&self, number: u64, commit: &str) {
        self.world().pulls.iter_mut().find(|p| p.number == number).unwrap().merged = Some(commit.to_owned());
    }

    pub fn say(&self, pull: u64, author: &str, body: &str) -> u64 {
        self.world().say(pull, author, body)
    }

    /// The comments of ours on a pull request: their numbers and texts.
    pub fn ours(&self, pull: u64) -> Vec<(u64, String)> {
        let world = self.world();
        world.comments.iter().filter(|c| c.pull == pull && c.author == US).map(|c| (c.id, c.body.clone())).collect()
    }
}

impl World {
    fn say(&mut self, pull: u64, author: &str, body: &str) -> u64 {
        let id = self.comments.len() as u64 + 1000;
        self.comments.push(Comment { id, pull, author: author.to_owned(), body: body.to_owned() });
        id
    }

    fn change(&mut self, id: u64, body: &str) -> (u16, Json) {
        match self.comments.iter_mut().find(|c| c.id == id && c.author == US) {
            Some(comment) => {
                comment.body = body.to_owned();
                (200, json!({ "id": id }))
            }
            None => (404, json!({ "message": "Not Found" })),
        }
    }

    /// A page of the comments of a pull request.
    fn page(&self, pull: u64, query: &str, shown: impl Fn(&Comment) -> Json) -> (u16, Json) {
        let number = |key: &str, default: usize| {
            query.split('&').find_map(|p| p.strip_prefix(key)?.strip_prefix('=')?.parse::<usize>().ok()).unwrap_or(default)
        };
        let (page, size) = (number("page", 1), number("per_page", 30).min(100));
        let all = self.comments.iter().filter(|c| c.pull == pull);
        (200, all.skip((page - 1) * size).take(size).map(shown).collect())
    }

    /// Those that were merged as a commit.
    fn became(&self, commit: &str, shown: impl Fn(&Pull) -> Json) -> Json {
        self.pulls.iter().filter(|p| p.merged.as_deref() == Some(commit)).map(shown).collect()
    }

    fn answer(&mut self, request: &Request) -> (u16, Json) {
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let number = |text: &str| text.parse::<u64>().unwrap();
        let said = |key: &str| request.body[key].as_str().unwrap().to_owned();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["github", "repos", "contoso", "access", "issues", n, "comments"]) => {
                self.page(number(n), &request.query, |c| json!({ "id": c.id, "user": { "login": c.author }, "body": c.body }))
            }
            ("POST", ["github", "repos", "contoso", "access", "issues", n, "comments"]) => {
                (201, json!({ "id": self.say(number(n), US, &said("body")) }))
            }
            ("PATCH", ["github", "repos", "contoso", "access", "issues", "comments", id]) => self.change(number(id), &said("body")),
            ("GET", ["github", "repos", "contoso", "access", "commits", commit, "pulls"]) => {
                let shown = |p: &Pull| {
                    let from = if p.fork { "mallory/access" } else { "contoso/access" };
                    json!({ "number": p.number, "merged_at": "2026-11-01T00:00:00Z", "merge_commit_sha": p.merged,
                            "base": { "ref": "main" }, "head": { "repo": { "full_name": from } } })
                };
                (200, self.became(commit, shown))
            }
            ("GET", ["gitlab", "user"]) => (200, json!({ "id": US })),
            ("GET", ["gitlab", "projects", "7", "merge_requests", n, "notes"]) => self.page(
                number(n),
                &request.query,
                |c| json!({ "id": c.id, "author": { "id": c.author }, "body": c.body, "system": false }),
            ),
            ("POST", ["gitlab", "projects", "7", "merge_requests", n, "notes"]) => {
                (201, json!({ "id": self.say(number(n), US, &said("body")) }))
            }
            ("PUT", ["gitlab", "projects", "7", "merge_requests", _, "notes", id]) => self.change(number(id), &said("body")),
            ("GET", ["gitlab", "projects", "7", "repository", "commits", commit, "merge_requests"]) => {
                let shown = |p: &Pull| {
                    json!({ "iid": p.number, "state": "merged", "target_branch": "main", "merge_commit_sha": p.merged,
                            "squash_commit_sha": null, "sha": "of the branch", "target_project_id": 7,
                            "source_project_id": if p.fork { 8 } else { 7 } })
                };
                (200, self.became(commit, shown))
            }
            ("GET", ["azure", "_apis", "connectionData"]) => (200, json!({ "authenticatedUser": { "id": US } })),
            ("GET", ["azure", "p", "_apis", "git", "repositories", "r", "pullRequests", n, "threads"]) => {
                // Comments of a thread are numbered from one on.
                let thread = |c: &Comment| {
                    json!({ "id": c.id, "isDeleted": false,
                            "comments": [{ "id": 1, "author": { "id": c.author }, "content": c.body }] })
                };
                (200, json!({ "value": self.comments.iter().filter(|c| c.pull == number(n)).map(thread).collect::<Json>() }))
            }
            ("POST", ["azure", "p", "_apis", "git", "repositories", "r", "pullRequests", n, "threads"]) => {
                let content = request.body["comments"][0]["content"].as_str().unwrap();
                (200, json!({ "id": self.say(number(n), US, content) }))
            }
            ("PATCH", ["azure", "p", "_apis", "git", "repositories", "r", "pullRequests", _, "threads", id, "comments", "1"]) => {
                self.change(number(id), &said("content"))
            }
            ("POST", ["azure", "p", "_apis", "git", "repositories", "r", "pullrequestquery"]) => {
                assert_eq!(request.body["queries"][0]["type"], "lastMergeCommit");
                let commit = request.body["queries"][0]["items"][0].as_str().unwrap().to_owned();
                let shown = |p: &Pull| {
                    let mut pull = json!({ "pullRequestId": p.number, "status": "completed", "targetRefName": "refs/heads/main" });
                    if p.fork {
                        pull["forkSource"] = json!({ "name": "refs/heads/main" });
                    }
                    pull
                };
                let found = self.became(&commit, shown);
                let none = found.as_array().unwrap().is_empty();
                (200, json!({ "results": [if none { json!({}) } else { json!({ commit: found }) }] }))
            }
            _ => (404, json!({ "message": "Not Found" })),
        }
    }
}

fn serve(mut stream: TcpStream, world: &Mutex<World>) {
    let Some(request) = read(&mut stream) else { return };
    let mut world = world.lock().unwrap();
    world.log.push(format!("{} {}", request.method, request.path));
    let (status, body) = match request.token.as_deref() {
        Some(TOKEN) => world.answer(&request),
        _ => (401, json!({ "message": "Unauthorized" })),
    };
    let body = body.to_string();
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>| {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..count]);
        Some(())
    };
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        more(&mut bytes)?;
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let header = |name: &str| head.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v));
    let length: usize = header("content-length").map_or(0, |v| v.parse().unwrap());
    assert!(header("expect").is_none(), "nothing so large is sent");
    while bytes.len() < end + length {
        more(&mut bytes)?;
    }
    let mut words = head.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let bearer = header("authorization").and_then(|v| v.strip_prefix("Bearer "));
    Some(Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        token: header("private-token").or(bearer).map(str::to_owned),
        body: serde_json::from_slice(&bytes[end..]).unwrap_or(Json::Null),
    })
}
