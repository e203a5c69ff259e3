//! A browser at the other end of a pipe: Chromium without a window, spoken to over the DevTools protocol.

use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// How long any answer may take: the first comes from a browser that is just starting.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Browser {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Json>,
    sent: u64,
    /// What it told without being asked.
    events: Vec<Json>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it, if it is there. CI has to have it.
    pub fn start() -> Option<Browser> {
        let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success());
        let Some(program) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(is_there) else {
            assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "there is no Chromium here, and CI needs it");
            eprintln!("SKIPPED: there is no Chromium here, so nobody looked at the page");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // The protocol is spoken on the descriptors 3 and 4; a shell puts them there.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null", "sh", program]);
        // Without a sandbox, which a container's root cannot have: it is shown our own file, and nothing else.
        command.args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]);
        command.args(["--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update"]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        command.env("HOME", profile.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (to, out) = (child.stdin.take(), child.stdout.take().unwrap());
        let (give, from) = channel();
        std::thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut message = Vec::new();
            while out.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                if give.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
                message.clear();
            }
        });
        Some(Browser { child, to, from, sent: 0, events: Vec::new(), _profile: profile })
    }

    fn next(&mut self) -> Json {
        self.from.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("the browser says nothing: {e}"))
    }

    fn call(&mut self, page: Option<&str>, method: &str, params: Json) -> Json {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(page) = page {
            message["sessionId"] = json!(page);
        }
        let to = self.to.as_mut().unwrap();
        to.write_all(format!("{message}\0").as_bytes()).and_then(|()| to.flush()).unwrap();
        loop {
            let got = self.next();
            if got["id"] == json!(self.sent) {
                assert!(got.get("error").is_none(), "{method}: {}", got["error"]);
                return got["result"].clone();
            }
            self.events.push(got);
        }
    }

    /// Opens a file as somebody looks at it.
    pub fn open(&mut self, file: &Path, look: &Look) -> Page<'_> {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let page = self.call(None, "Target.attachToTarget", json!({ "targetId": target, "flatten": true }))["sessionId"].clone();
        let id = page.as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(Some(&id), &format!("{domain}.enable"), json!({}));
        }
        let screen = json!({ "width": look.width, "height": 800, "deviceScaleFactor": 1, "mobile": look.width < 600 });
        self.call(Some(&id), "Emulation.setDeviceMetricsOverride", screen);
        let features = json!([{ "name": "prefers-color-scheme", "value": if look.dark { "dark" } else { "light" } }]);
        self.call(Some(&id), "Emulation.setEmulatedMedia", json!({ "media": look.medium, "features": features }));
        self.call(Some(&id), "Emulation.setScriptExecutionDisabled", json!({ "value": !look.scripts }));
        let url = format!("file://{}", file.display());
        self.events.clear();
        self.call(Some(&id), "Page.navigate", json!({ "url": url }));
        let is_loaded = |e: &Json| e["sessionId"] == json!(id) && e["method"] == "Page.loadEventFired";
        while !self.events.iter().any(is_loaded) {
            let event = self.next();
            self.events.push(event);
        }
        Page { browser: self, id, url }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends by itself when nobody speaks to it any more, and takes its own processes along; a stuck one is ended.
        self.to = None;
        for _ in 0..50 {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How somebody looks at a page.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub dark: bool,
    pub scripts: bool,
    pub width: u32,
    /// `screen` or `print`.
    pub medium: &'static str,
}

pub struct Page<'b> {
    browser: &'b mut Browser,
    id: String,
    url: String,
}

impl Page<'_> {
    /// What an expression is worth there.
    pub fn ask(&mut self, expression: &str) -> Json {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut result = self.browser.call(Some(&self.id), "Runtime.evaluate", params);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].take()
    }

    /// What the browser complained of since the page was opened: errors, warnings, and requests that are not for the page itself.
    pub fn complaints(&mut self) -> Vec<String> {
        let own = |event: &Json| event["params"]["request"]["url"] == json!(self.url);
        let complains = |event: &&Json| match event["method"].as_str() {
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded") => true,
            Some("Network.requestWillBeSent") => !own(event),
            _ => false,
        };
        let told = self.browser.events.iter().filter(|e| e["sessionId"] == json!(self.id)).filter(complains);
        told.map(ToString::to_string).collect()
    }

    /// A picture, for whoever wants to see it: base64 of a PNG.
    pub fn picture(&mut self) -> String {
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        self.browser.call(Some(&self.id), "Page.captureScreenshot", params)["data"].as_str().unwrap().to_owned()
    }
}
