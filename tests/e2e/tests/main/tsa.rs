//! A time-stamping authority of the test: `openssl ts` behind a few lines of HTTP, that can be told to lie.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::state::{State, free_port};

const CONFIG: &str = "\
[one]
dir = .
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ess_cert_id_alg = sha256
[stamping]
basicConstraints = CA:FALSE
extendedKeyUsage = critical, timeStamping
";

/// How the authority behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    Honest,
    /// It answers another request than it was asked.
    OtherNonce,
    /// It stamps another digest.
    OtherImprint,
    /// It is somebody else, with keys of its own.
    Foreign,
    /// It says nothing of use.
    Failing,
    /// Its answer has no end.
    Endless,
    /// It takes the request, and never answers.
    Silent,
}

/// An authority that serves while this is there.
pub(crate) struct Tsa {
    pub(crate) at: SocketAddr,
    folder: PathBuf,
    manner: Arc<Mutex<Manner>>,
    serving: Option<JoinHandle<()>>,
}

impl Tsa {
    /// Makes its keys, and those of another one, in `folder`; nobody answers yet.
    pub(crate) fn make(folder: &Path) -> Self {
        for name in ["tsa", "foreign"] {
            authority(&folder.join(name));
        }
        let manner = Arc::new(Mutex::new(Manner::Honest));
        Self { at: free_port(), folder: folder.to_path_buf(), manner, serving: None }
    }

    /// Begins to answer.
    pub(crate) async fn serve(&mut self) {
        let listener = TcpListener::bind(self.at).await.unwrap();
        let (folder, manner) = (self.folder.clone(), self.manner.clone());
        self.serving = Some(tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (folder, manner) = (folder.clone(), *manner.lock().unwrap());
                tokio::spawn(async move { drop(answer(stream, &folder, manner).await) });
            }
        }));
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// The certificate of who vouches for it.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("tsa/ca.pem")
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("tsa/tsa.pem")
    }

    /// The certificate of an authority that has nothing to do with it.
    pub(crate) fn foreign(&self) -> PathBuf {
        self.folder.join("foreign/tsa.pem")
    }

    /// Has a gateway ask it, from its next start on. Heads strike each second.
    pub(crate) fn configure(&self, state: &State) {
        let path = state.gateway_dir().join("gateway.toml");
        let (text, at, roots) = (fs::read_to_string(&path).unwrap(), self.at, self.root());
        let tsa = format!("[ledger.tsa]\nurl = \"http://{at}/\"\nroots = \"{}\"\ntimeout_s = 2\n", roots.display());
        fs::write(&path, format!("{text}\n[ledger]\ntick_s = 1\n{tsa}")).unwrap();
    }
}

impl Drop for Tsa {
    fn drop(&mut self) {
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

pub(crate) fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

fn authority(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("tsa.cnf"), CONFIG).unwrap();
    fs::write(folder.join("serial"), "01\n").unwrap();
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(folder, &format!("req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=TSA-CA -days 30"));
    openssl(folder, &format!("req {new} -keyout tsa.key -out tsa.csr -subj /CN=Clock-of-the-test"));
    let issue = "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -out tsa.pem";
    openssl(folder, &format!("{issue} -extfile tsa.cnf -extensions stamping"));
}

async fn answer(mut stream: TcpStream, folder: &Path, manner: Manner) -> std::io::Result<()> {
    let mut query = read(&mut stream).await?;
    match manner {
        Manner::Silent => std::future::pending().await,
        Manner::Failing => return stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await,
        Manner::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            loop {
                stream.write_all(&[0x30; 4096]).await?;
            }
        }
        // The digest stands after 24 bytes, the nonce after two more.
        Manner::OtherImprint => query[24] ^= 1,
        Manner::OtherNonce => query[60] ^= 1,
        Manner::Honest | Manner::Foreign => {}
    }
    let folder = folder.join(if manner == Manner::Foreign { "foreign" } else { "tsa" });
    fs::write(folder.join("query.tsq"), query)?;
    openssl(&folder, "ts -reply -config tsa.cnf -section one -queryfile query.tsq -out reply.tsr");
    let reply = fs::read(folder.join("reply.tsr"))?;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        reply.len()
    );
    stream.write_all(&[head.as_bytes(), &reply].concat()).await
}

/// The body of a POST.
async fn read(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        assert!(head.contains("content-type: application/timestamp-query"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().trim().parse().unwrap();
        if read.len() >= end + 4 + length {
            return Ok(read[end + 4..].to_vec());
        }
    }
}
