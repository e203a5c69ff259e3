//! Against a server that is not ours: Python's `scim2-server`, as `requirements.txt` names it, in `target/venv` or on the path.
//! Where it is not to be had the test says so and passes; with `CI=true` it fails.

use crate::{TOKEN, account, connector, membership, person};
use serde_json::{Value as Json, json};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use writ::connect::{Connector, Delivered, Retry, Secret, Wish, deliver};

const PATIENCE: Duration = Duration::from_secs(30);

/// The server, stopped with the test.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    let candidates = [Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/scim2-server"), PathBuf::from("scim2-server")];
    candidates.into_iter().find(|p| Command::new(p).arg("--help").output().is_ok_and(|o| o.status.success()))
}

/// A server on a port that was free a moment ago; another one if somebody was faster.
pub fn start() -> Option<Server> {
    let Some(program) = program() else {
        let how = "python3 -m venv target/venv && target/venv/bin/pip install -r tests/connect/requirements.txt";
        assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "no `scim2-server`: {how}");
        eprintln!("SKIPPED: nothing was delivered into a real server, there is no `scim2-server`: {how}");
        return None;
    };
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments = ["--port", &port.to_string(), "--bearer-token", TOKEN];
        let child = Command::new(&program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Server { child, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..600 {
            if server.child.try_wait().unwrap().is_some() {
                break;
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                // It may be somebody else who was faster.
                if server.is_there() {
                    return Some(server);
                }
                break;
            }
            sleep(Duration::from_millis(50));
        }
    }
    panic!("`scim2-server` does not start");
}

impl Server {
    /// Whether it is this sort of server that answers.
    fn is_there(&self) -> bool {
        let request = ureq::get(format!("{}/ServiceProviderConfig", self.url)).header("Authorization", format!("Bearer {TOKEN}"));
        let answer = request.config().timeout_global(Some(PATIENCE)).build().call();
        answer.is_ok_and(|a| a.headers().get("Server").is_some_and(|s| s.to_str().is_ok_and(|s| s.starts_with("WSGIServer"))))
    }

    fn get(&self, path: &str) -> Json {
        let request = ureq::get(format!("{}{path}", self.url)).header("Authorization", format!("Bearer {TOKEN}"));
        serde_json::from_str(&request.call().unwrap().body_mut().read_to_string().unwrap()).unwrap()
    }

    fn post(&self, path: &str, body: &Json) -> Json {
        let request = ureq::post(format!("{}{path}", self.url)).header("Authorization", format!("Bearer {TOKEN}"));
        let request = request.content_type("application/scim+json");
        serde_json::from_str(&request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap()).unwrap()
    }

    /// A new group: its id.
    pub fn group(&self, name: &str) -> String {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
        self.post("/Groups", &json!({ "schemas": [schema], "displayName": name }))["id"].as_str().unwrap().to_owned()
    }

    pub fn users(&self) -> Vec<Json> {
        self.get("/Users")["Resources"].as_array().cloned().unwrap_or_default()
    }

    pub fn members(&self, id: &str) -> Vec<String> {
        let members = self.get(&format!("/Groups/{id}"))["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|m| m["value"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_real_server_is_brought_to_what_is_wished() {
    let Some(server) = start() else { return };
    let to = connector(&server.url, PATIENCE);
    let brand = server.group("Brand");
    let sales = server.group("Sales \"EMEA\" \\ é");
    let wish = |name: &str, held| deliver(&to, &membership(name, "Brand", held));

    // Taking out of what is not there is done.
    assert_eq!(wish("ann@contoso.example", false), Ok(Delivered::Already));
    assert_eq!(deliver(&to, &account("ann@contoso.example", false)), Ok(Delivered::Already));
    assert!(server.users().is_empty());

    // A first membership makes the account, with what is known of the person.
    assert_eq!(wish("ann@contoso.example", true), Ok(Delivered::Changed));
    assert_eq!(wish("ANN@contoso.example", true), Ok(Delivered::Already));
    let users = server.users();
    assert_eq!(users.len(), 1);
    let (ann, known) = (&users[0], person("ann@contoso.example"));
    assert_eq!(ann["externalId"], json!(known.id));
    assert_eq!((&ann["displayName"], &ann["active"], &ann["title"]), (&json!("Ann Lee"), &json!(true), &json!("Lead")));
    assert_eq!(ann["emails"][0]["value"], json!("ann@contoso.example"));
    assert_eq!(ann["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["department"], json!("Marketing"));
    let id = ann["id"].as_str().unwrap();
    assert_eq!(server.members(&brand), [id]);

    // Others come and go without touching her. Names are names, whatever stands in them.
    for name in ["bo@contoso.example", "o'brien@contoso.example", "a\"b\\c@contoso.example", "zoé+x@contoso.example"] {
        assert_eq!(wish(name, true), Ok(Delivered::Changed), "{name}");
        assert_eq!(wish(name, true), Ok(Delivered::Already), "{name}");
    }
    assert_eq!((server.users().len(), server.members(&brand).len()), (5, 5));
    assert_eq!(wish("a\"b\\c@contoso.example", false), Ok(Delivered::Changed));
    assert_eq!(wish("a\"b\\c@contoso.example", false), Ok(Delivered::Already));
    assert_eq!((server.users().len(), server.members(&brand).len()), (5, 4));

    // A group by a name that needs escaping, and by its id.
    let in_sales = |group: &str, held| deliver(&to, &membership("ann@contoso.example", group, held));
    assert_eq!(in_sales("Sales \"EMEA\" \\ é", true), Ok(Delivered::Changed));
    assert_eq!(in_sales(&sales, true), Ok(Delivered::Already));
    assert_eq!(in_sales(&sales, false), Ok(Delivered::Changed));
    assert_eq!(server.members(&sales), [] as [&str; 0]);
    assert_eq!(in_sales("No such group", true).unwrap_err().retry, Retry::Never);
    assert_eq!(in_sales("No such group", false), Ok(Delivered::Already));

    // Accounts sleep and wake; what they hold stays.
    let active = |active| deliver(&to, &account("ann@contoso.example", active));
    assert_eq!([active(true), active(false), active(false)], [Ok(Delivered::Already), Ok(Delivered::Changed), Ok(Delivered::Already)]);
    assert_eq!(server.get(&format!("/Users/{id}"))["active"], json!(false));
    assert_eq!(active(true), Ok(Delivered::Changed));
    assert_eq!(server.get(&format!("/Users/{id}"))["active"], json!(true));
    assert!(server.members(&brand).contains(&id.to_owned()));

    // The wrong token changes nothing, and is worth another try once somebody mended it.
    let stranger = Connector::new("crm", &server.url, Secret::new("wr0ng-t0ken"), PATIENCE).unwrap();
    let told = deliver(&stranger, &membership("eve@contoso.example", "Brand", true)).unwrap_err();
    assert_eq!(told.retry, Retry::Later);
    assert!(!told.what.contains("wr0ng-t0ken"), "{told}");
    assert_eq!(server.users().len(), 5);
}

/// Ten at once, each wish three times over.
#[test]
fn many_at_once_are_each_delivered_once() {
    let Some(server) = start() else { return };
    let brand = server.group("Brand");
    std::thread::scope(|scope| {
        for n in 0..10 {
            let url = &server.url;
            scope.spawn(move || {
                let to = connector(url, PATIENCE);
                let wish: Wish = membership(&format!("p{n}@contoso.example"), "Brand", true);
                for _ in 0..3 {
                    // A conflict with another writer is worth another try.
                    let mut tries = (0..20).map(|_| deliver(&to, &wish));
                    assert!(tries.any(|told| told.is_ok()), "{:?}", deliver(&to, &wish));
                }
            });
        }
    });
    let mut members = server.members(&brand);
    members.sort();
    members.dedup();
    assert_eq!((server.users().len(), members.len(), server.members(&brand).len()), (10, 10, 10));
}
