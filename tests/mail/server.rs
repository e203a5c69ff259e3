//! The server that the tests send to, and what it kept.

use serde_json::Value as Json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use writ::config::{self, Encryption, MailSettings, Mailbox};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Python that has the server.
fn python() -> Option<PathBuf> {
    let candidates = [root().join("target/venv/bin/python"), PathBuf::from("python3")];
    let has_it = |python: &PathBuf| Command::new(python).args(["-c", "import aiosmtpd"]).output().is_ok_and(|o| o.status.success());
    candidates.into_iter().find(has_it)
}

/// That something is missing, which only a developer's machine may be without.
fn skipped<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "{what}");
    eprintln!("SKIPPED: no mail was sent, {what}");
    None
}

/// Settings for a server on loopback.
pub fn settings(port: u16) -> MailSettings {
    MailSettings {
        from: Mailbox { name: Some("Writ".to_owned()), address: "access@contoso.example".to_owned() },
        reply_to: Some(Mailbox { name: None, address: "help@contoso.example".to_owned() }),
        server: config::Server { host: "127.0.0.1".to_owned(), port, encryption: Encryption::Loopback },
        username_env: "WRIT_SMTP_USERNAME".to_owned(),
        password_env: "WRIT_SMTP_PASSWORD".to_owned(),
        portal: None,
    }
}

/// A running server; it ends with this.
pub struct Server {
    process: Child,
    port: u16,
    python: PathBuf,
    place: TempDir,
}

impl Server {
    /// One with these flags; `None` where there is none to be had.
    pub fn start(flags: &[&str]) -> Option<Server> {
        let how = "python3 -m venv target/venv && target/venv/bin/pip install -r tests/mail/requirements.txt";
        let Some(python) = python() else { return skipped(&format!("there is no Python with `aiosmtpd`: {how}")) };
        let place = tempfile::tempdir().unwrap();
        let mut process = Command::new(&python)
            .args([root().join("tests/mail/server.py"), place.path().join("kept")])
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(place.path().join("said")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = || fs::read_to_string(place.path().join("said")).unwrap_or_default();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("the server did not start: {}", said()));
        Some(Server { process, port, python, place })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn settings(&self) -> MailSettings {
        settings(self.port)
    }

    /// The same server, spoken to so.
    pub fn encrypted(&self, encryption: Encryption) -> MailSettings {
        let mut settings = self.settings();
        settings.server.host = "localhost".to_owned();
        settings.server.encryption = encryption;
        settings
    }

    /// What it took, in order.
    pub fn kept(&self) -> Vec<Json> {
        let text = fs::read_to_string(self.place.path().join("kept")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A mail as a program that is not ours reads it.
    pub fn read(&self, kept: &Json) -> Json {
        let script = "import email, email.policy, json, sys\n\
            m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n\
            assert not m.defects, m.defects\n\
            parts = [[p.get_content_type(), p.get_content()] for p in m.iter_parts()]\n\
            print(json.dumps({'type': m.get_content_type(), 'headers': dict(m.items()), 'parts': parts}))";
        let mut reader = Command::new(&self.python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut reader.stdin.take().unwrap(), kept["content"].as_str().unwrap().as_bytes()).unwrap();
        let output = reader.wait_with_output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its input ends; should it not, it is stopped.
        self.process.stdin.take();
        let began = std::time::Instant::now();
        while self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            if began.elapsed().as_secs() >= 5 {
                self.process.kill().ok();
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// A certificate of `localhost`, with its key.
pub struct Pair {
    pub certificate: String,
    key: String,
    _place: TempDir,
}

impl Pair {
    pub fn flags(&self) -> [&str; 3] {
        ["--certificate", &self.certificate, &self.key]
    }
}

/// One that nobody vouches for; `None` where there is no `openssl`.
pub fn certificate() -> Option<Pair> {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate])
        .output();
    match made {
        Ok(output) if output.status.success() => Some(Pair { certificate, key, _place: place }),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => skipped("there is no `openssl` to make a certificate"),
    }
}
