//! The sign-in of a person at an OAuth provider.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::assets::SignInProvider;
use crate::engine::api::sign_ins::ConsentStage;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::results::Message;
use crate::engine::system::browser::open_in_browser;
use crate::rehearsal;
use crate::secrets::Kept;
use crate::signin::{BROWSER_PATIENCE, DeviceCode, FirstSignIn, Prompt, TokenDesk, Way};
use crate::values::{GrantProblem, UnixTime};

/// Who signs in, where and how.
pub(in crate::engine) struct Question {
    pub(in crate::engine) provider: Arc<SignInProvider>,
    pub(in crate::engine) user: String,
    pub(in crate::engine) way: Way,
    /// Which browser.
    pub(in crate::engine) browser: Browser,
}

/// In which browser somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Browser {
    /// That of this computer, which is opened.
    System,
    /// Any: its address is only shown.
    Shown,
    /// The one inside a practice project, which allows the sign-in after a moment.
    Practice {
        /// How long it waits.
        delay: Duration,
    },
}

/// What the practice browser does.
enum Click {
    Allow(String),
    Type(DeviceCode),
}

/// What a person is shown meanwhile.
pub(in crate::engine) enum Asked {
    /// What to do now.
    Stage(ConsentStage),
    /// The browser brought the answer to another sign-in.
    Stray,
}

/// Passes on what the sign-in asks of the person.
struct Person {
    asked: UnboundedSender<Asked>,
    browser: Browser,
    clicks: UnboundedSender<Click>,
}

impl Person {
    fn tell(&self, asked: Asked) {
        // Fails only where the job has been given up.
        let _nobody_listens = self.asked.send(asked);
    }

    fn click(&self, click: Click) {
        let _nobody_listens = self.clicks.send(click);
    }
}

impl Prompt for Person {
    fn open(&self, address: &str) {
        let stage = ConsentStage::Browser { address: address.to_owned(), until: after(BROWSER_PATIENCE) };
        self.tell(Asked::Stage(stage));
        match self.browser {
            Browser::System => open_in_browser(address),
            Browser::Shown => {}
            Browser::Practice { .. } => self.click(Click::Allow(address.to_owned())),
        }
    }

    fn show(&self, code: &DeviceCode) {
        let until = after(code.valid);
        self.tell(Asked::Stage(ConsentStage::Code { code: code.clone(), until }));
        if matches!(self.browser, Browser::Practice { .. }) {
            self.click(Click::Type(code.clone()));
        }
    }

    fn stray(&self) {
        self.tell(Asked::Stray);
    }
}

fn after(time: Duration) -> UnixTime {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    UnixTime(UnixTime::now().0.saturating_add(seconds))
}

/// Signs in and keeps what renews the tokens. `None` where it was given up.
pub(in crate::engine) async fn run(
    question: Question,
    desk: TokenDesk,
    context: JobContext,
) -> Option<Result<Kept, Box<UserError>>> {
    let (asked, heard) = unbounded_channel();
    let (clicks, clicked) = unbounded_channel();
    let person = Person { asked, browser: question.browser, clicks };
    let browsing = browse(clicked, question.browser, question.user.clone());
    // The sender goes with the sign-in, so that passing on ends with it.
    let signing_in = async move { sign_in(&question, &desk, &person).await };
    tokio::select! {
        () = context.token.cancelled() => None,
        (outcome, (), ()) = async { tokio::join!(signing_in, pass_on(heard, &context), browsing) } => Some(outcome),
    }
}

/// Plays the browser of a practice project, until nobody asks it any more.
async fn browse(mut clicked: UnboundedReceiver<Click>, browser: Browser, user: String) {
    let Browser::Practice { delay } = browser else { return };
    while let Some(click) = clicked.recv().await {
        tokio::time::sleep(delay).await;
        let done = match &click {
            Click::Allow(address) => rehearsal::Browser::allow(address).await,
            Click::Type(code) => rehearsal::Browser::type_code(&code.page, &code.code, &user).await,
        };
        if let Err(error) = done {
            // The sign-in shows its address or its code, and ends when its time is over.
            tracing::warn!(%error, "the practice browser could not sign in");
        }
    }
}

async fn sign_in(question: &Question, desk: &TokenDesk, person: &Person) -> Result<Kept, Box<UserError>> {
    let told = |problem: &GrantProblem| Box::new(explain::grant(&question.user, problem));
    let client = desk.clients().find(&question.provider.id).await.map_err(|problem| told(&problem))?;
    let Some(client) = client else { return Err(Box::new(explain::no_client(&question.provider.name))) };
    let first = FirstSignIn {
        provider: &question.provider,
        client: &client,
        user: &question.user,
        way: question.way,
    };
    desk.sign_in(&first, person).await.map_err(|problem| told(&problem))
}

async fn pass_on(mut heard: UnboundedReceiver<Asked>, context: &JobContext) {
    while let Some(asked) = heard.recv().await {
        context.tell(Message::Asked { number: context.number, asked }).await;
    }
}
