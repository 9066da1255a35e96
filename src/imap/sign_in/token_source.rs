//! Where an OAuth token comes from: a file that another program keeps fresh, a command that prints one, or a provider of
//! tokens above this room, which renews them. Tokens are asked for again for each connection, so that a run can outlast any
//! of them.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::values::{CommandLine, Credential, GrantProblem, GrantTrouble, Secret};

/// Largest output that is read; tokens have some kilobytes at most.
const MAX_BYTES: u64 = 64 * 1024;
/// How long a command may take: it may have to ask a server on another continent.
const COMMAND_LIMIT: Duration = Duration::from_mins(1);
/// How long the output of a command that has ended is read at least.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Characters kept of what a command says on its error output.
const MAX_WORDS: usize = 200;

/// Why there is no token. No variant holds what was read.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token file {path} cannot be read: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The command could not be run.
    #[error("the token command “{program}” cannot be run: {source}")]
    NotRun {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The command ended with an error.
    #[error("the token command “{program}” failed ({status}){}", if words.is_empty() { String::new() } else { format!(": {words}") })]
    Failed {
        /// The program.
        program: String,
        /// `exit status: 1`.
        status: String,
        /// What it said on its error output.
        words: String,
    },
    /// The command did not end in time, and was ended.
    #[error("the token command “{program}” did not answer within {seconds} seconds")]
    TooSlow {
        /// The program.
        program: String,
        /// The time waited, in seconds.
        seconds: u64,
    },
    /// What came is no token.
    #[error("{from} provides no token: {problem}")]
    NoToken {
        /// The file or the program.
        from: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The provider that signs this mailbox in gives none.
    #[error(transparent)]
    Grant(#[from] GrantProblem),
}

impl TokenError {
    /// Whether another try later may succeed without anybody doing anything.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Grant(problem) => problem.is_temporary(),
            _ => false,
        }
    }
}

/// A token that is about to come.
pub type ComingToken<'a> = Pin<Box<dyn Future<Output = Result<Secret, GrantProblem>> + Send + 'a>>;

/// Gives tokens of one mailbox, valid for some minutes at least, and renews them when it has to.
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A token for the server of this name. `refused` is one that the server has just turned down: it is not given again.
    fn token<'a>(&'a self, host: &'a str, refused: Option<&'a Secret>) -> ComingToken<'a>;
}

/// Where the tokens of one mailbox come from.
pub(in crate::imap) struct TokenSource<'a> {
    /// What proves who signs in.
    pub credential: &'a Credential,
    /// Gives the tokens that neither a file nor a command has.
    pub provider: Option<&'a Arc<dyn TokenProvider>>,
    /// The server that they are for.
    pub host: &'a str,
}

impl TokenSource<'_> {
    /// A token; `None` where passwords are used. `refused` is what the server has just turned down.
    pub(in crate::imap) async fn read(&self, refused: Option<&Secret>) -> Option<Result<Secret, TokenError>> {
        match self.credential {
            Credential::Password | Credential::Admin(_) | Credential::AdminByName { .. } => None,
            Credential::TokenFile(path) => Some(read_file(path).await),
            Credential::TokenCommand(line) => Some(run(line, COMMAND_LIMIT).await),
            Credential::SignedIn(_) | Credential::KeyFile(_) => {
                let Some(provider) = self.provider else {
                    let nobody = GrantProblem::of(GrantTrouble::NotSignedIn, "");
                    return Some(Err(nobody.into()));
                };
                let token = provider.token(self.host, refused).await;
                Some(token.map_err(TokenError::Grant).and_then(|token| {
                    // Nothing else can slip into the sign-in with it, whoever gave it.
                    token_in(token.expose().as_bytes(), "the sign-in provider")
                }))
            }
        }
    }
}

async fn read_file(path: &Path) -> Result<Secret, TokenError> {
    let shown = path.display().to_string();
    let failed = |source| TokenError::File { path: shown.clone(), source };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    token_in(&bytes, &shown)
}

/// The first line that is not empty. A token is visible ASCII (RFC 6750 section 2.1), so nothing else can slip into
/// the sign-in with it.
fn token_in(bytes: &[u8], from: &str) -> Result<Secret, TokenError> {
    let no_token = |problem| TokenError::NoToken { from: from.to_owned(), problem };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(no_token("it is longer than any token"));
    }
    // Some editors put a byte-order mark before the first letter.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_not_text| no_token("it is not text"))?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.ok_or_else(|| no_token("it is empty"))?;
    if !line.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(no_token("its first line contains spaces or other characters that no token has"));
    }
    Ok(Secret::new(line))
}

/// Runs the command to its end, or to the end of the time.
///
/// Cancellation safe: a command whose run is dropped is ended.
async fn run(line: &CommandLine, limit: Duration) -> Result<Secret, TokenError> {
    let program = line.program();
    let not_run = |source| TokenError::NotRun { program: program.to_owned(), source };
    let mut child = Command::new(program)
        .args(line.arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(not_run)?;
    let (mut output, mut words) = (Zeroizing::new(Vec::new()), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let deadline = Instant::now() + limit;
    let status = {
        let mut reading =
            std::pin::pin!(async { tokio::join!(collect(stdout, &mut output), collect(stderr, &mut words)) });
        let mut is_read = false;
        let ended = timeout_at(deadline, async {
            loop {
                tokio::select! {
                    status = child.wait() => break status,
                    ((), ()) = &mut reading, if !is_read => is_read = true,
                }
            }
        });
        let Ok(status) = ended.await else {
            if let Err(error) = child.kill().await {
                tracing::warn!(%error, "a token command could not be stopped");
            }
            return Err(TokenError::TooSlow { program: program.to_owned(), seconds: limit.as_secs() });
        };
        // A grandchild may hold a pipe open for ever; what came until now and shortly after is all that counts.
        if !is_read && timeout_at(deadline.max(Instant::now() + LAST_WORDS), reading).await.is_err() {
            tracing::debug!("a token command left its output open");
        }
        status.map_err(not_run)?
    };
    if !status.success() {
        let words = String::from_utf8_lossy(&words)
            .lines()
            .rfind(|line| !line.trim().is_empty())
            .map(|line| line.chars().filter(|character| !character.is_control()).take(MAX_WORDS).collect())
            .unwrap_or_default();
        return Err(TokenError::Failed { program: program.to_owned(), status: status.to_string(), words });
    }
    token_in(&output, &format!("the token command “{program}”"))
}

/// Keeps what comes first. The rest goes nowhere, so that a talkative command comes to its end.
async fn collect(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let read = (&mut pipe).take(MAX_BYTES + 1).read_to_end(kept).await;
    let rest = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    if let Err(error) = read.and(rest.map(|_bytes| 0)) {
        tracing::debug!(%error, "the output of a token command was cut off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(credential: &Credential) -> Option<Result<Secret, TokenError>> {
        TokenSource { credential, provider: None, host: "imap.example.org" }.read(None).await
    }

    async fn ran(text: &str, limit: Duration) -> Result<String, TokenError> {
        run(&CommandLine::parse(text).unwrap(), limit).await.map(|secret| secret.expose().to_owned())
    }

    #[tokio::test]
    async fn a_file_is_read_anew_each_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source = Credential::TokenFile(file.path().to_owned());
        for token in ["ya29.first", "ya29.second"] {
            std::fs::write(file.path(), format!("\n  {token}\r\nrest\n")).unwrap();
            assert_eq!(read(&source).await.unwrap().unwrap().expose(), token);
        }
        std::fs::write(file.path(), b"\xef\xbb\xbfya29.third\n").unwrap();
        assert_eq!(read(&source).await.unwrap().unwrap().expose(), "ya29.third");
        let long = vec![b'a'; 70_000];
        for (bytes, words) in [
            (&b""[..], "empty"),
            (b"two words", "spaces"),
            (b"a\x01b", "spaces"),
            (b"\xff\xfe", "not text"),
            (&long, "longer"),
        ] {
            std::fs::write(file.path(), bytes).unwrap();
            let error = read(&source).await.unwrap().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("two words"), "{error}");
        }
        assert!(read(&Credential::TokenFile("/nowhere/token".into())).await.unwrap().is_err());
        assert!(read(&Credential::Password).await.is_none());
        let nobody = read(&Credential::KeyFile("/nowhere/key".into())).await.unwrap().unwrap_err();
        assert!(
            matches!(&nobody, TokenError::Grant(problem) if problem.trouble == GrantTrouble::NotSignedIn),
            "{nobody}"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_is_bounded_in_time_and_output() {
        let ample = Duration::from_mins(10);
        assert_eq!(ran("echo 'a;b$HOME'", ample).await.unwrap(), "a;b$HOME");
        assert!(matches!(ran("/no/such/program", ample).await, Err(TokenError::NotRun { .. })));
        let failed = ran("sh -c 'echo who are you >&2; exit 3'", ample).await.unwrap_err().to_string();
        assert!(failed.contains("exit status: 3") && failed.contains("who are you"), "{failed}");
        // Never comes to its end by itself.
        let endless = "sleep infinity";
        assert!(matches!(ran(endless, Duration::from_millis(100)).await, Err(TokenError::TooSlow { .. })));
        let endless = ran("sh -c 'head -c 3000000 /dev/zero | tr \"\\0\" a'", ample).await.unwrap_err();
        assert!(matches!(endless, TokenError::NoToken { .. }), "{endless}");
    }
    /// A command that leaves a child behind with its pipes, and one whose run is given up.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_blocks_nothing_and_does_not_outlive_its_run() {
        let began = std::time::Instant::now();
        let left = ran("sh -c 'sleep 600 & echo ya29.token'", Duration::from_secs(3)).await;
        assert_eq!(left.unwrap(), "ya29.token");
        assert!(began.elapsed() < Duration::from_mins(5), "{:?}", began.elapsed());

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let line = format!("sh -c 'echo $$ > {}; exec sleep 600'", file.display());
        let given_up = tokio::time::timeout(Duration::from_mins(1), async {
            tokio::select! {
                _ = ran(&line, Duration::from_mins(10)) => unreachable!("it sleeps"),
                () = async {
                    while !std::fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n')) {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                } => {}
            }
        });
        given_up.await.unwrap();
        let process = std::path::PathBuf::from("/proc").join(std::fs::read_to_string(&file).unwrap().trim());
        if Path::new("/proc/self").exists() {
            let is_gone = async {
                // What has ended and is not yet waited for is a zombie: it runs nothing.
                while std::fs::read_to_string(process.join("cmdline")).is_ok_and(|line| !line.is_empty()) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(Duration::from_mins(1), is_gone).await.unwrap();
        }
    }
}
