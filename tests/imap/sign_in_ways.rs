//! Ways into a mailbox at a real Dovecot: SCRAM, admins, tokens; and the copy through them, compressed on both sides.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use mailferry::imap::{Access, Compression, SignInError, TokenError};
use mailferry::values::{CommandLine, Credential, Mechanism, NameForm, Secret, Security, SignInWay};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, large_message, mixed_mailbox};
use mailferry_test_support::fakes::cutting_proxy::{Cut, CuttingProxy};
use mailferry_test_support::fakes::odd_imap::{OddImap, Stored};
use mailferry_test_support::scenes::copy_bench::{Bench, assert_same, contents};
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings, access};
use ring::hmac;

/// The password of the admin.
const ADMIN_PASSWORD: &str = "the keys to \\everything\\";
/// Dovecot lets an address wait for longer after each refusal.
const NO_PENALTY: &str = "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n";
/// What the server checks tokens with.
const TOKEN_KEY: &[u8] = b"a key that only the server and this test know";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("ways-").tempdir_in("/tmp").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

/// A server with SCRAM and with the admin `root`, whose name goes behind the mailbox and a star, or into the
/// authorisation identity.
fn with_admin(files: &Path, users: &[&str]) -> Option<Dovecot> {
    with_separator(files, users, '*')
}

fn with_separator(files: &Path, users: &[&str], separator: char) -> Option<Dovecot> {
    std::fs::write(files.join("admins"), format!("root:{{PLAIN}}{ADMIN_PASSWORD}\n")).unwrap();
    let extra = format!(
        "auth_mechanisms = plain login scram-sha-256
auth_master_user_separator = {separator}
passdb {{
  driver = passwd-file
  args = {}/admins
  master = yes
  # Whom the admin signs in for has to exist.
  result_success = continue
}}
{NO_PENALTY}",
        files.display()
    );
    Dovecot::start(users, &Settings { extra, ..Settings::default() })
}

fn with_way(mut access: Access, credential: Credential, mechanism: Option<Mechanism>) -> Access {
    access.options.way = SignInWay { credential, mechanism };
    access
}

#[tokio::test]
async fn scram_is_preferred_and_every_password_mechanism_works() {
    let files = folder();
    let Some(server) = with_admin(files.path(), &["anna", "jörg"]) else { return };
    let anna = || access(server.clear_port, Security::Clear, "anna");
    let mut session = anna().open_new().await.unwrap();
    let used: Vec<String> = session.trace().lines().map(str::to_owned).collect();
    assert!(used.iter().any(|line| line.contains("AUTHENTICATE SCRAM-SHA-256")), "{used:#?}");
    for mechanism in [Mechanism::Plain, Mechanism::Login, Mechanism::ScramSha256] {
        let way = with_way(anna(), Credential::Password, Some(mechanism));
        drop(way.open_new().await.unwrap_or_else(|error| panic!("{mechanism}: {error}")));
        let mut wrong = way.clone();
        wrong.secret = Secret::new("wrong");
        let error = wrong.open_new().await.unwrap_err();
        assert!(matches!(error, SignInError::PasswordRefused { .. }), "{mechanism}: {error}");
    }
    // Beyond ASCII the name goes as it is, which SCRAM would not allow.
    drop(access(server.clear_port, Security::Clear, "jörg").open_new().await.unwrap());
    let missing = with_way(anna(), Credential::TokenFile("/nowhere".into()), None).open_new().await;
    assert!(matches!(missing, Err(SignInError::Token(TokenError::File { .. }))), "{missing:?}");
}

#[tokio::test]
async fn an_admin_opens_the_mailbox_and_not_the_own_one() {
    let files = folder();
    // One admin without a mailbox, and one who has one under the same name and password.
    let Some(server) = with_admin(files.path(), &["anna", "root"]) else { return };
    let mut client = PlainImap::open(server.clear_port, "anna");
    let mails = mixed_mailbox(5, '/', "");
    client.store(&mails);
    let mut anna = with_way(
        access(server.clear_port, Security::Clear, "anna"),
        Credential::Admin("root".to_owned()),
        None,
    );
    anna.secret = Secret::new(ADMIN_PASSWORD);
    let mut session = anna.open_new().await.unwrap();
    let words = session.server_words();
    assert!(words.contains("signed in by root for anna"), "{words}");
    let folders = session.list_folders().await.unwrap();
    let count: u64 = folders.iter().filter_map(|folder| folder.status?.messages).sum();
    assert_eq!(count, mails.len() as u64, "it is the mailbox of anna");

    // The same through a user name of the server's own form.
    let mut star = access(server.clear_port, Security::Clear, "anna*root");
    star.secret = Secret::new(ADMIN_PASSWORD);
    let folders = star.open_new().await.unwrap().list_folders().await.unwrap();
    assert_eq!(folders.iter().filter_map(|folder| folder.status?.messages).sum::<u64>(), mails.len() as u64);

    let mut wrong = anna.clone();
    wrong.secret = Secret::new("wrong");
    // Dovecot does not say which of the two it is.
    let error = wrong.open_new().await.unwrap_err();
    let is_told = matches!(error, SignInError::PasswordRefused { .. } | SignInError::AdminRefused { .. });
    assert!(is_told, "{error}");
    let mut nobody = anna.clone();
    nobody.user = "nobody-here".to_owned();
    assert!(nobody.open_new().await.is_err());
}

#[tokio::test]
async fn an_admin_s_name_stands_beside_the_mailbox_s_in_the_server_s_own_form() {
    let files = folder();
    for (separator, form) in [('+', "+"), ('%', "{user}%{admin}")] {
        let Some(server) = with_separator(files.path(), &["anna", "root"], separator) else { return };
        // The admin's password is that of everybody, so that root's own mailbox opens as well.
        std::fs::write(files.path().join("admins"), format!("root:{{PLAIN}}{PASSWORD}\n")).unwrap();
        PlainImap::open(server.clear_port, "anna").store(&mixed_mailbox(3, '/', ""));
        let by_name = |user: &str, form: &str| {
            let credential =
                Credential::AdminByName { admin: "root".to_owned(), form: NameForm::parse(form).unwrap() };
            with_way(access(server.clear_port, Security::Clear, user), credential, None)
        };
        let mut session = by_name("anna", form).open_new().await.unwrap();
        let words = session.server_words();
        assert!(words.contains("signed in by root for anna: its inbox was compared"), "{words}");
        let folders = session.list_folders().await.unwrap();
        assert!(folders.iter().filter_map(|folder| folder.status?.messages).sum::<u64>() > 0);
        // The LOGIN command takes such a name as well, and a name that has the form already stays.
        let mut plain = by_name(&format!("anna{separator}root"), form);
        plain.options.way.mechanism = Some(Mechanism::Login);
        assert!(plain.open_new().await.unwrap().server_words().contains("was compared"));
        // Root asks for root's own: that is not the mailbox of somebody else.
        let own = by_name("root", form).open_new().await.unwrap_err();
        assert!(matches!(own, SignInError::AdminsOwnMailbox { .. }), "{own}");
        let wrong = by_name("anna", "|").open_new().await.unwrap_err();
        assert!(matches!(wrong, SignInError::PasswordRefused { .. }), "{wrong}");
    }
}

#[tokio::test]
async fn empty_inboxes_that_were_made_in_the_same_second_are_distinguished() {
    let files = folder();
    let Some(server) = with_admin(files.path(), &["anna", "root"]) else { return };
    // The admin's password is that of everybody, so that root's own mailbox opens as well.
    std::fs::write(files.path().join("admins"), format!("root:{{PLAIN}}{PASSWORD}\n")).unwrap();
    let anna = with_way(
        access(server.clear_port, Security::Clear, "anna"),
        Credential::Admin("root".to_owned()),
        None,
    );
    let words = anna.open_new().await.unwrap().server_words();
    assert!(words.contains("compared with the admin's own"), "{words}");
    // The next connection of this run knows already.
    assert_eq!(anna.open_new().await.unwrap().server_words(), words);
}

#[tokio::test]
async fn a_server_that_overlooks_the_mailbox_is_found_out() {
    let odd = |messages: u32, capabilities| {
        let stored = |uid: u32| Stored {
            bytes: format!("Subject: {uid}\r\n\r\n").into_bytes(),
            date: "01-Mar-2024 10:00:00 +0000".to_owned(),
            ..Stored::default()
        };
        let server = OddImap::start((1..=messages).map(stored));
        server.set(|state| state.capabilities = capabilities);
        server
    };
    let plain = "IMAP4rev1 SASL-IR AUTH=PLAIN";
    let by_name = Credential::AdminByName { admin: "root".to_owned(), form: NameForm::parse("*").unwrap() };
    for (server, is_empty, credential) in [
        (odd(3, plain), false, Credential::Admin("root".to_owned())),
        (odd(3, plain), false, by_name),
        (odd(0, plain), true, Credential::Admin("root".to_owned())),
    ] {
        let anna = with_way(server.access(), credential, None);
        match anna.open_new().await.unwrap_err() {
            SignInError::AdminsOwnMailbox { admin } if !is_empty => assert_eq!(admin, "root"),
            SignInError::MailboxNotProven { admin } if is_empty => assert_eq!(admin, "root"),
            other => panic!("{other}"),
        }
    }
    let none = with_way(odd(1, "IMAP4rev1").access(), Credential::Admin("root".to_owned()), None);
    assert!(matches!(none.open_new().await.unwrap_err(), SignInError::NotOffered { .. }));
}

/// A server that takes tokens, signed with [`TOKEN_KEY`], whose subject is the user.
fn with_tokens(files: &Path, mechanisms: &str) -> Option<Dovecot> {
    let keys = files.join("keys/default/HS256");
    std::fs::create_dir_all(&keys).unwrap();
    std::fs::write(keys.join("default"), BASE64.encode(TOKEN_KEY)).unwrap();
    let oauth = format!(
        "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/keys/\nusername_attribute = sub\n",
        files.display()
    );
    std::fs::write(files.join("oauth2"), oauth).unwrap();
    let extra = format!(
        "auth_mechanisms = plain {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {}/oauth2
}}
{NO_PENALTY}",
        files.display()
    );
    Dovecot::start(&["anna", "ben"], &Settings { extra, ..Settings::default() })
}

/// A token for a user that is valid for so many seconds from now on.
fn token(user: &str, seconds: i64) -> String {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let claims = serde_json::json!({ "sub": user, "iat": now - 1_000, "exp": now + seconds });
    let encode = |text: String| BASE64URL_NOPAD.encode(text.as_bytes());
    let signed =
        format!("{}.{}", encode(r#"{"alg":"HS256","typ":"JWT"}"#.to_owned()), encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, TOKEN_KEY);
    format!("{signed}.{}", BASE64URL_NOPAD.encode(hmac::sign(&key, signed.as_bytes()).as_ref()))
}

#[tokio::test]
async fn tokens_are_taken_refused_and_asked_for_again() {
    let files = folder();
    let Some(server) = with_tokens(files.path(), "xoauth2 oauthbearer") else { return };
    let path = files.path().join("token");
    let anna = access(server.clear_port, Security::Clear, "anna");
    std::fs::write(&path, token("anna", 600)).unwrap();
    let command = CommandLine::parse(&format!("cat '{}'", path.display())).unwrap();
    for credential in [Credential::TokenFile(path.clone()), Credential::TokenCommand(command)] {
        for mechanism in [None, Some(Mechanism::XOAuth2), Some(Mechanism::OAuthBearer)] {
            let way = with_way(anna.clone(), credential.clone(), mechanism);
            let opened = way.open_new().await;
            let mut session =
                opened.unwrap_or_else(|error| panic!("{mechanism:?}: {error}\n{}", server.log()));
            assert!(session.trace().lines().all(|line| !line.contains("eyJ")), "a token in the trace");
            session.examine("INBOX").await.unwrap();
        }
    }
    // For somebody else, and expired for good: the server explains, and the words are shown without the token.
    let refused = [
        (token("ben", 600), Mechanism::XOAuth2),
        (token("anna", -600), Mechanism::OAuthBearer),
        ("nonsense".to_owned(), Mechanism::XOAuth2),
    ];
    // At the same time, as each waits for a fresh token first.
    let tries = refused.iter().enumerate().map(|(number, (text, mechanism))| {
        let path = files.path().join(format!("refused-{number}"));
        std::fs::write(&path, text).unwrap();
        let way = with_way(anna.clone(), Credential::TokenFile(path), Some(*mechanism));
        async move {
            let error = way.open_new().await.unwrap_err();
            let SignInError::TokenRefused { words } = &error else { panic!("{error}") };
            assert!(words.contains("status") && !words.contains(text), "{words}");
        }
    });
    futures::future::join_all(tries).await;
}

/// Puts a file in place at once and whole.
fn replace(path: &Path, text: &str) {
    let unfinished = path.with_extension("new");
    std::fs::write(&unfinished, text).unwrap();
    std::fs::rename(&unfinished, path).unwrap();
}

/// The tokens of the sign-ins through a line to a server: each is followed by another one in the file, before the
/// server has seen it.
struct TokenLine {
    proxy: CuttingProxy,
    sent: Arc<Mutex<Vec<String>>>,
}

impl TokenLine {
    fn start(port: u16, file: &Path, cuts: impl IntoIterator<Item = Cut>) -> Self {
        let sent = Arc::<Mutex<Vec<String>>>::default();
        let (kept, file) = (Arc::clone(&sent), file.to_owned());
        let watch = move |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let Some((_tag, command)) = text.split_once(" AUTHENTICATE ") else { return };
            let initial = command.split_ascii_whitespace().nth(1).unwrap();
            let initial = String::from_utf8(BASE64.decode(initial.as_bytes()).unwrap()).unwrap();
            let used = initial.split_once("Bearer ").unwrap().1.trim_end_matches('\u{1}');
            let mut kept = kept.lock().unwrap();
            kept.push(used.to_owned());
            replace(&file, &token("anna", 600 + i64::try_from(kept.len()).unwrap()));
        };
        Self { proxy: CuttingProxy::start_watched(port, cuts, watch), sent }
    }

    /// The way in with the token of the file.
    fn access(&self, file: &Path) -> Access {
        let anna = access(self.proxy.port, Security::Clear, "anna");
        with_way(anna, Credential::TokenFile(file.to_owned()), None)
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_token_that_has_just_expired_is_followed_by_the_next() {
    let files = folder();
    let Some(server) = with_tokens(files.path(), "oauthbearer") else { return };
    let path = files.path().join("token");
    let expired = token("anna", -10);
    std::fs::write(&path, &expired).unwrap();
    let line = TokenLine::start(server.clear_port, &path, []);
    let anna = line.access(&path);
    anna.open_new().await.unwrap_or_else(|error| panic!("{error}\n{}", server.log()));
    let sent = line.sent();
    assert!(sent.len() == 2 && sent[0] == expired && sent[1] != expired, "{} sign-ins", sent.len());
    // A run that outlives its token: every new connection has the token of its own time.
    for opened in 3..6 {
        drop(anna.open_new().await.unwrap());
        let sent = line.sent();
        assert_eq!((sent.len(), sent.iter().collect::<BTreeSet<_>>().len()), (opened, opened));
    }
}

#[tokio::test]
async fn a_copy_whose_connections_break_outlives_its_token() {
    let files = folder();
    let Some(source) = with_tokens(files.path(), "xoauth2") else { return };
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let mails = mixed_mailbox(300, '/', "");
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let path = files.path().join("token");
    std::fs::write(&path, token("anna", 600)).unwrap();
    let way_in = with_way(
        access(source.clear_port, Security::Clear, "anna"),
        Credential::TokenFile(path.clone()),
        None,
    );
    let mut bench = Bench::new(way_in, access(destination.clear_port, Security::Clear, "anna")).await;
    let line =
        TokenLine::start(source.clear_port, &path, [15_000, 18_000, 21_000, 24_000].map(Cut::Downward));
    bench.request.source = line.access(&path);
    bench.request.limits.max_breaks = 20;
    // One connection after the other, so that each break is followed by a sign-in.
    bench.request.limits.pairs = 1;
    bench.copy(&|_| {}).await.unwrap();
    let (sent, cuts) = (line.sent(), line.proxy.cut_count());
    assert!(cuts >= 2 && sent.len() > cuts, "{cuts} cuts, {} sign-ins", sent.len());
    // None had a token that was over by then: that of an earlier connection.
    assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), sent.len());
    assert_same(&contents(source.clear_port, '/', ""), &contents(destination.clear_port, '/', ""));
}

const COMPRESS: &str = "protocol imap {\n  mail_plugins = $mail_plugins imap_zlib\n}\n";

#[tokio::test]
async fn a_copy_compressed_on_both_sides_arrives_whole() {
    let settings = Settings { extra: COMPRESS.to_owned(), ..Settings::default() };
    let Some(source) = Dovecot::start(&["anna"], &settings) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &settings) else { return };
    let mut mails = mixed_mailbox(400, '/', "");
    let large = Mail {
        folder: "INBOX".to_owned(),
        flags: vec!["\\Seen"],
        date: "01-Mar-2024 10:00:00 +0000".to_owned(),
        bytes: large_message(3 << 20),
    };
    mails.push(large);
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let compressed = |server: &Dovecot| {
        let mut access = access(server.clear_port, Security::Clear, "anna");
        access.options.compression = Compression::Always;
        access
    };
    assert!(compressed(&source).open_new().await.unwrap().is_compressed());
    let near = access(source.clear_port, Security::Clear, "anna");
    assert!(!near.open_new().await.unwrap().is_compressed(), "loopback is not worth it");
    let bench = Bench::new(compressed(&source), compressed(&destination)).await;
    bench.copy_all().await;
    assert_same(&contents(source.clear_port, '/', ""), &contents(destination.clear_port, '/', ""));
    bench.assert_verified(mails.len()).await;
}

fn mailferry(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
    command.env("HOME", home).env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home);
    command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    command
}

#[test]
fn headless_an_admin_and_a_token_move_a_mailbox_and_the_project_keeps_how() {
    let files = folder();
    let Some(source) = with_admin(files.path(), &["anna"]) else { return };
    let Some(destination) = with_tokens(files.path(), "xoauth2") else { return };
    let mails = mixed_mailbox(30, '/', "");
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let (password, token_file) = (files.path().join("password"), files.path().join("token"));
    std::fs::write(&password, format!("{ADMIN_PASSWORD}\n")).unwrap();
    std::fs::write(&token_file, token("anna", 600)).unwrap();
    let project = files.path().join("anna.mailferry");
    let run = |arguments: &[&str]| {
        let mut command = mailferry(files.path());
        command.args(["copy", "--json", "-", "--verify", "full", "--project"]).arg(&project).args(arguments);
        command.arg("--from-password-file").arg(&password);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(outcome["is_complete"], true, "{outcome:#}");
        assert_eq!(outcome["sum"]["source_count"], mails.len(), "{outcome:#}");
    };
    let from = format!("imap://anna@127.0.0.1:{}", source.clear_port);
    let to = format!("imap://anna;AUTH=XOAUTH2@127.0.0.1:{}", destination.clear_port);
    let command = format!("cat '{}'", token_file.display());
    run(&["--from", &from, "--to", &to, "--from-admin", "root", "--to-token-command", &command]);
    assert_same(&contents(source.clear_port, '/', ""), &contents(destination.clear_port, '/', ""));
    // The second run names nothing: the project knows.
    run(&[]);
    let text = String::from_utf8_lossy(&std::fs::read(&project).unwrap()).into_owned();
    assert!(!text.contains(token("anna", 600).split('.').next().unwrap()) && !text.contains(ADMIN_PASSWORD));

    // The server's own form of an admin's name; whose inbox that opens is proven as well.
    let star = format!("imap://anna@127.0.0.1:{}", source.clear_port);
    let mut command = mailferry(files.path());
    command.args(["copy", "--json", "-", "--from", &star, "--to", &to, "--to-token-file"]).arg(&token_file);
    command.arg("--from-password-file").arg(&password);
    command.args(["--from-admin", "root", "--from-admin-form", "*"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["sum"]["already_there"], mails.len(), "{outcome:#}");
}

/// A server that knows the admin only by both names in one: it offers no mechanism with an authorisation identity.
fn with_names_only(files: &Path, users: &[&str]) -> Option<Dovecot> {
    std::fs::write(files.join("admins"), format!("root:{{PLAIN}}{ADMIN_PASSWORD}\n")).unwrap();
    let extra = format!(
        "auth_mechanisms = login
auth_master_user_separator = *
passdb {{
  driver = passwd-file
  args = {}/admins
  master = yes
  result_success = continue
}}
{NO_PENALTY}",
        files.display()
    );
    Dovecot::start(users, &Settings { extra, ..Settings::default() })
}

#[test]
fn a_master_user_is_tried_in_both_forms_and_the_project_keeps_the_one_that_works() {
    let files = folder();
    let Some(source) = with_names_only(files.path(), &["anna", "ben"]) else { return };
    let Some(destination) = Dovecot::start(&["anna", "ben"], &Settings::default()) else { return };
    let master = files.path().join("master");
    std::fs::write(&master, format!("{ADMIN_PASSWORD}\n")).unwrap();
    let own = files.path().join("own");
    std::fs::write(&own, format!("{PASSWORD}\n")).unwrap();
    for user in ["anna", "ben"] {
        PlainImap::open_by_mechanism(source.clear_port, user).store(&mixed_mailbox(10, '/', ""));
    }
    let list = "address,source_user,source_admin,destination_user\n\
        anna@weber.example,anna,root,anna\nben@weber.example,ben,root,ben\n";
    std::fs::write(files.path().join("list.csv"), list).unwrap();
    let project = files.path().join("master.mailferry");
    let run = |password: &Path| {
        let mut command = mailferry(files.path());
        command
            .args(["copy", "--from", &format!("imap://127.0.0.1:{}", source.clear_port)])
            .args([
                "--to",
                &format!("imap://127.0.0.1:{}", destination.clear_port),
                "--json",
                "-",
                "--accounts",
            ])
            .arg(files.path().join("list.csv"))
            .arg("--project")
            .arg(&project)
            .arg("--from-password-file")
            .arg(password)
            .arg("--to-password-file")
            .arg(&own);
        command.output().unwrap()
    };
    let output = run(&master);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for user in ["anna", "ben"] {
        let at_source = PlainImap::open_by_mechanism(source.clear_port, user).multiset(str::to_owned);
        let at_destination = PlainImap::open(destination.clear_port, user).multiset(str::to_owned);
        assert_eq!(at_source, at_destination, "{user}");
    }
    let opened = mailferry::project::Project::open(&project).unwrap();
    for (_, mailbox) in opened.mailboxes().unwrap() {
        let form = NameForm::parse("*").unwrap();
        let expected = Credential::AdminByName { admin: "root".to_owned(), form };
        assert_eq!(mailbox.way(mailferry::values::Side::Source).credential, expected);
    }
    opened.close().unwrap();
    drop(opened);

    // A wrong password is refused in both forms, and told as the first one was.
    std::fs::remove_file(&project).unwrap();
    let wrong = files.path().join("wrong");
    std::fs::write(&wrong, "wrong\n").unwrap();
    let output = run(&wrong);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("anna"), "{said}");
}

#[test]
fn a_list_gives_each_mailbox_its_way() {
    let files = folder();
    let Some(source) = with_admin(files.path(), &["anna", "ben"]) else { return };
    let Some(destination) = with_tokens(files.path(), "xoauth2") else { return };
    for user in ["anna", "ben"] {
        PlainImap::open(source.clear_port, user).store(&mixed_mailbox(10, '/', ""));
        std::fs::write(files.path().join(format!("{user}.token")), token(user, 600)).unwrap();
    }
    let list = "address,source_user,source_admin,destination_user,destination_token_file\n\
        anna@weber.example,anna,root,anna,anna.token\nben@weber.example,ben,root,ben,ben.token\n";
    std::fs::write(files.path().join("list.csv"), list).unwrap();
    std::fs::write(files.path().join("password"), ADMIN_PASSWORD).unwrap();
    let output = mailferry(files.path())
        .args(["copy", "--from", &format!("imap://127.0.0.1:{}", source.clear_port)])
        .args(["--to", &format!("imap://127.0.0.1:{}", destination.clear_port), "--json", "-", "--accounts"])
        .arg(files.path().join("list.csv"))
        .arg("--from-password-file")
        .arg(files.path().join("password"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for user in ["anna", "ben"] {
        let seen = |port| PlainImap::open(port, user).multiset(str::to_owned);
        assert_eq!(seen(source.clear_port), seen(destination.clear_port), "{user}");
    }
}
