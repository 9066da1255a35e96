//! Commands about signing in at OAuth providers: the owner's application, each mailbox in the browser or with a code, and
//! one key for all of them.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::assets::{AppPasswords, SignInProvider, check_tenant, read_app_passwords};
use crate::engine::actor::Actor;
use crate::engine::api::sign_ins::{
    ConsentStage, ConsentView, ExchangeApp, ExchangeScript, KnownClient, SideSignIn,
};
use crate::engine::api::snapshot::{SignInState, SignInView, sign_in_of};
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::consent::{self, Asked};
use crate::engine::jobs::results::Message;
use crate::engine::system::input::is_readable_by_others;
use crate::plan::Mailbox;
use crate::providers::{ProviderId, SignInMethod};
use crate::secrets::{Deletion, Kept};
use crate::signin::{ClientApp, KeyFile, TokenDesk, Way};
use crate::values::{Credential, GrantProblem, MailboxId, Side, SignInId, SignInWay};

/// How long the practice browser shows its page before it allows the sign-in.
const PRACTICE_DELAY: Duration = Duration::from_secs(3);

const SIDES: [Side; 2] = [Side::Source, Side::Destination];

static APP_PASSWORDS: LazyLock<Vec<Arc<AppPasswords>>> = LazyLock::new(|| {
    // The build has read the file with the same reader.
    let read = read_app_passwords(include_str!("../../../assets/app_passwords.toml")).unwrap_or_default();
    read.into_iter().map(Arc::new).collect()
});

fn app_passwords_of(provider: &ProviderId) -> Option<Arc<AppPasswords>> {
    APP_PASSWORDS.iter().find(|help| help.providers.contains(&provider.0)).cloned()
}

impl Actor {
    /// Who gives out tokens: those of practice are of no use elsewhere.
    fn desk(&self) -> TokenDesk {
        let practice = self.open.as_ref().filter(|open| open.practice.is_some());
        practice.map_or_else(|| self.tokens.clone(), |open| open.tokens.clone())
    }

    /// The provider whose tokens a server takes.
    fn provider_at(&self, host: &str) -> Option<&Arc<SignInProvider>> {
        self.sign_in_providers
            .iter()
            .find(|provider| provider.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)))
    }

    /// Shows what the servers of both sides take, after one of them may have changed.
    pub(super) fn refresh_sign_ins(&mut self) {
        let Some(open) = self.open.as_ref() else { return };
        let sides = SIDES.map(|side| {
            let server = open.server(side);
            let chosen = open.view.destination.chosen.as_ref().filter(|_| side == Side::Destination);
            let known = self.catalogue.provider_of(chosen.map(|(id, _)| id), server);
            // Both practice servers have the same address, and only the new one takes tokens.
            let takes_tokens = !open.project.is_practice() || side == Side::Destination;
            let provider = server.and_then(|server| self.provider_at(&server.host));
            let provider = provider.filter(|_| takes_tokens).cloned();
            let before = open.view.sign_ins.side(side);
            let is_same = before.provider == provider;
            SideSignIn {
                is_only_way: provider.is_some()
                    && known.is_some_and(|known| known.sign_in.method == SignInMethod::OAuth),
                provider,
                client: if is_same { before.client.clone() } else { KnownClient::NotAsked },
                // The passwords of the rehearsal are filled in.
                app_passwords: known
                    .filter(|_| !open.project.is_practice())
                    .and_then(|known| app_passwords_of(&known.id)),
            }
        });
        let unasked = sides.iter().filter(|side| side.client == KnownClient::NotAsked);
        let unasked: Vec<SignInId> =
            unasked.filter_map(|side| side.provider.as_ref()).map(|provider| provider.id.clone()).collect();
        let [source, destination] = sides;
        let Some(open) = self.open.as_mut() else { return };
        let view = &mut open.view.sign_ins;
        let before = [view.source.provider.take(), view.destination.provider.take()];
        (view.source, view.destination) = (source, destination);
        if before != [view.source.provider.clone(), view.destination.provider.clone()] {
            self.fit_ways();
        }
        if !unasked.is_empty() {
            self.recall_clients(unasked);
        }
    }

    /// Looks in the background for the owner's applications at these providers.
    fn recall_clients(&mut self, providers: Vec<SignInId>) {
        let clients = self.desk().clients().clone();
        self.launch(
            JobKind::RecallClients,
            |context| async move {
                let mut known = Vec::new();
                for provider in providers {
                    let found = tokio::select! {
                        () = context.token.cancelled() => return known,
                        found = clients.find(&provider) => found,
                    };
                    known.push((provider, found.map_or(KnownClient::NotAsked, shown)));
                }
                known
            },
            |number, known| Message::ClientsRecalled { number, known },
        );
    }

    pub(super) fn clients_recalled(&mut self, known: Vec<(SignInId, KnownClient)>) {
        for (provider, client) in known {
            self.show_client(&provider, &client);
        }
    }

    fn show_client(&mut self, provider: &SignInId, client: &KnownClient) {
        let Some(open) = self.open.as_mut() else { return };
        for side in SIDES {
            let view = open.view.sign_ins.side_mut(side);
            if view.provider.as_ref().is_some_and(|known| known.id == *provider) {
                view.client = client.clone();
            }
        }
    }

    /// Where a server takes no passwords, its mailboxes sign in at its provider; where it takes other tokens than those of the
    /// provider before, that sign-in is of no use.
    pub(super) fn fit_ways(&mut self) {
        let Some(open) = self.open.as_ref() else { return };
        let mut fitting = Vec::new();
        for row in open.view.mailboxes.iter() {
            for side in SIDES {
                let has_password = row.sign_in(side).has_password();
                let fits = self.fitting_way(&row.mailbox, side, has_password);
                fitting.extend(fits.map(|credential| (row.id, side, credential)));
            }
        }
        for (id, side, credential) in fitting {
            self.show_way(id, side, SignInWay::with(credential));
            if let Some(open) = self.open.as_mut() {
                open.has_new_reach = true;
            }
        }
    }

    /// A better way in than that of the mailbox, where there is one.
    fn fitting_way(&self, mailbox: &Mailbox, side: Side, has_password: bool) -> Option<Credential> {
        let open = self.open.as_ref()?;
        let (view, server) = (open.view.sign_ins.side(side), open.server(side)?);
        match &mailbox.way(side).credential {
            Credential::Password if !has_password => view.only_way(),
            Credential::SignedIn(id) => {
                let is_known = self.sign_in_providers.iter().find(|provider| provider.id == *id)?;
                let is_useless = !is_known.hosts.iter().any(|host| host.eq_ignore_ascii_case(&server.host));
                is_useless.then(|| view.only_way().unwrap_or_default())
            }
            _ => None,
        }
    }

    /// Keeps the owner's application at a provider.
    pub(super) async fn set_client_app(&mut self, provider: &SignInId, client: ClientApp) {
        let Some(known) = self.sign_in_providers.iter().find(|known| known.id == *provider).cloned() else {
            let ids: Vec<SignInId> = self.sign_in_providers.iter().map(|known| known.id.clone()).collect();
            return self.fail(explain::unknown_sign_in(provider.as_str(), &ids));
        };
        if let Err(error) = check_client(&known, &client) {
            return self.fail(*error);
        }
        let kept = self.desk().clients().keep(provider, &client).await;
        self.show_client(provider, &shown(Some(client)));
        let words = format!("The application at {} was saved{}", known.name, for_how_long(kept));
        self.notice(words, None);
        self.watch_keyring();
    }

    /// Forgets the owner's application at a provider.
    pub(super) async fn forget_client_app(&mut self, provider: &SignInId) {
        if self.desk().clients().forget(provider).await == Deletion::Waits {
            return self.fail(explain::passwords_not_deleted(&self.passwords().status()));
        }
        self.show_client(provider, &KnownClient::Missing);
        self.notice("The application is no longer stored", None);
    }

    /// Signs the user of a mailbox in at the provider whose tokens the server takes.
    pub(super) fn sign_in_at_provider(&mut self, mailbox: MailboxId, side: Side, way: Way) {
        let Some(open) = self.open.as_mut() else { return };
        let Some(row) = open.mailbox(mailbox) else { return };
        let user = row.mailbox.user(side).to_owned();
        let Some(provider) = open.view.sign_ins.side(side).provider.clone() else {
            return self.fail(explain::no_provider_sign_in(&user));
        };
        let is_new = row.mailbox.way(side).credential != Credential::SignedIn(provider.id.clone());
        if is_new && self.refuse_while_copying("change how a mailbox signs in") {
            return;
        }
        if let Some(open) = self.open.as_mut() {
            let (user, stage) = (user.clone(), ConsentStage::Starting);
            open.view.sign_ins.under_way = Some(ConsentView { mailbox, side, user, stage, strays: 0 });
        }
        let is_practice = self.open.as_ref().is_some_and(|open| open.practice.is_some());
        let browser = match () {
            // One sees what happens.
            () if is_practice => consent::Browser::Practice {
                delay: if self.config.rehearses_slowly { PRACTICE_DELAY } else { Duration::ZERO },
            },
            () if self.config.opens_browser => consent::Browser::System,
            () => consent::Browser::Shown,
        };
        let question = consent::Question { provider, user, way, browser };
        let desk = self.desk();
        self.launch(
            JobKind::Consent,
            |context| consent::run(question, desk, context),
            |number, outcome| Message::Consented { number, outcome },
        );
    }

    /// Gives a sign-in at a provider up, or forgets why it failed.
    pub(super) fn cancel_provider_sign_in(&mut self) {
        self.jobs.cancel(JobKind::Consent);
        if let Some(open) = self.open.as_mut() {
            open.view.sign_ins.under_way = None;
        }
    }

    /// Shows what a sign-in at a provider asks of the person.
    pub(super) fn consent_asked(&mut self, asked: Asked) {
        let under_way = self.open.as_mut().and_then(|open| open.view.sign_ins.under_way.as_mut());
        let Some(under_way) = under_way else { return };
        match asked {
            Asked::Stage(stage) => under_way.stage = stage,
            Asked::Stray => under_way.strays = under_way.strays.saturating_add(1),
        }
    }

    /// A sign-in at a provider ended: the mailbox tries its server, and a copy that waited for it continues.
    pub(super) fn consented(&mut self, outcome: Option<Result<Kept, Box<UserError>>>) {
        let Some(open) = self.open.as_mut() else { return };
        let Some(under_way) = open.view.sign_ins.under_way.take() else { return };
        let kept = match outcome {
            None => return,
            Some(Err(error)) => {
                let stage = ConsentStage::Failed(error);
                open.view.sign_ins.under_way = Some(ConsentView { stage, ..under_way });
                return;
            }
            Some(Ok(kept)) => kept,
        };
        let ConsentView { mailbox, side, user, .. } = under_way;
        if let Some(practice) = &open.practice {
            practice.world.remember_sign_in(&user);
        }
        let Some(provider) = open.view.sign_ins.side(side).provider.clone() else { return };
        let words = format!("{user} is signed in at {}{}", provider.name, for_how_long(kept));
        self.notice(words, None);
        let way = SignInWay::with(Credential::SignedIn(provider.id.clone()));
        let known = self.open.as_ref().and_then(|open| open.mailbox(mailbox));
        if known.is_some_and(|row| row.mailbox.way(side).credential != way.credential) {
            self.show_way(mailbox, side, way);
        }
        self.watch_keyring();
        self.recall_passwords();
        self.test_sign_in(&[mailbox]);
        self.copy_again(|id, error| id == mailbox && error.code == Some(explain::SIGN_IN_FAILED));
    }

    /// Lets every chosen mailbox sign in with the key of an organisation.
    pub(super) async fn use_key_file(&mut self, side: Side, path: &Path) {
        if self.refuse_while_copying("change how mailboxes sign in") {
            return;
        }
        // The project may later be opened from another folder.
        let path = std::path::absolute(path).unwrap_or_else(|_unknown| path.to_path_buf());
        let key = match KeyFile::load(&path).await {
            Ok(key) => key,
            Err(error) => return self.fail(explain::key_file(&path, &GrantProblem::from(error))),
        };
        let Some(open) = self.open.as_ref() else { return };
        if let Some(server) = open.server(side).filter(|server| !key.may_go_to(&server.host)) {
            return self.fail(explain::key_of_other_server(&path, &key.whose(), server));
        }
        let chosen = open.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen);
        let chosen: Vec<MailboxId> = chosen.map(|row| row.id).collect();
        if is_readable_by_others(&path) {
            self.notice("Other users of this computer can read this key", Some(path.clone()));
        }
        for id in &chosen {
            let way = SignInWay::with(Credential::KeyFile(path.clone()));
            self.set_sign_in_way(*id, side, way).await;
        }
        let mailboxes = crate::values::counted_as(chosen.len(), "mailbox signs", "mailboxes sign");
        self.notice(format!("{mailboxes} in with the key of {}", key.whose()), None);
        if !chosen.is_empty() {
            self.test_sign_in(&chosen);
        }
    }

    /// Writes PowerShell that lets an application into the chosen mailboxes, or takes that back.
    pub(super) fn save_exchange_script(&self, path: &Path, script: ExchangeScript, app: &ExchangeApp) {
        let Some(open) = self.open.as_ref() else { return };
        self.write("Saved the script", path, &script.text(app, &open.view));
    }

    /// Shows until when tokens are good, where that has changed.
    pub(in crate::engine) fn refresh_token_times(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        let mut changed = Vec::new();
        for row in open.view.mailboxes.iter() {
            for side in SIDES {
                let view = row.sign_in(side);
                if view.state == SignInState::SignedIn && view.token_until.is_some() {
                    let (way, user) = (row.mailbox.way(side), row.mailbox.user(side));
                    let until = open.tokens.token_until(&way.credential, user);
                    changed.extend(
                        until.filter(|_| until != view.token_until).map(|until| (row.id, side, until)),
                    );
                }
            }
        }
        for (id, side, until) in &changed {
            if let Some(row) = open.mailbox_mut(*id) {
                sign_in_of(row, *side).token_until = Some(*until);
            }
        }
        if !changed.is_empty() {
            self.touch();
        }
    }

    /// Stores and shows another way in, and resets the sign-in.
    fn show_way(&mut self, id: MailboxId, side: Side, way: SignInWay) {
        self.change_mailbox(id, |row| {
            *row.mailbox.way_mut(side) = way;
            *sign_in_of(row, side) = SignInView::default();
        });
    }
}

fn shown(client: Option<ClientApp>) -> KnownClient {
    match client {
        Some(ClientApp { id, tenant, .. }) => KnownClient::Known { id, tenant },
        None => KnownClient::Missing,
    }
}

const fn for_how_long(kept: Kept) -> &'static str {
    match kept {
        Kept::InKeyring => "",
        Kept::ThisSession => ", until Mailferry quits: no keyring takes it",
    }
}

/// Whether the application has what the provider wants, in its form.
fn check_client(provider: &SignInProvider, client: &ClientApp) -> Result<(), Box<UserError>> {
    let wrong = |what: &str, mistake| Box::new(explain::client_mistake(&provider.name, what, &mistake));
    let form = &provider.client_form;
    form.check_id(&client.id).map_err(|mistake| wrong("client ID", mistake))?;
    match &client.secret {
        Some(secret) => {
            form.check_secret(secret.expose()).map_err(|mistake| wrong("client secret", mistake))?;
        }
        None if provider.needs_client_secret => {
            return Err(Box::new(explain::no_client_secret(&provider.name)));
        }
        None => {}
    }
    match &client.tenant {
        Some(tenant) => check_tenant(tenant).map_err(|mistake| wrong("directory ID", mistake)),
        None => Ok(()),
    }
}
