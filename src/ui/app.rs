//! The window: it draws the rail, the open page and the footer, and sends what the page asked for to the engine.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{
    CentralPanel, Context, Frame, Key, KeyboardShortcut, Modifiers, Panel, ThemePreference, Ui, UiBuilder,
    UserAttentionType, ViewportCommand,
};

use super::format;
use super::news::{News, news};
use super::page_cx::{Action, PageCx, Place};
use super::pages::about::AboutPage;
use super::pages::help::HelpPage;
use super::pages::log::LogPage;
use super::pages::start::{StartPage, opening};
use super::pages::{Pages, copy, settings};
use super::platform::{
    Desktop, DialogAnswer, Dialogs, ListeningWindow, Purpose, Settings, ThemeChoice, WindowCalls,
    file_address, save_settings,
};
use super::shell::{self, RailEvent};
use super::shortcuts;
use super::theme::{NARROW_WINDOW, Theme, Tone};
use super::undo::Undo;
use super::widgets::confirm::{self, Answer, Question};
use super::widgets::copy_field::take_copied;
use super::widgets::drop_zone::hovered_files;
use super::widgets::toast::{ToastAct, Toasts};
use crate::engine::{
    AuditView, Command, CopyPhase, EngineHandle, Event, ProjectView, Snapshot, Step, StepState, UserError,
    copy_percent, step_state,
};

/// What to do if the answer is yes.
enum Pending {
    Send(Command),
    Quit,
}

/// What the window asks of the desktop around it.
pub struct Around {
    /// File dialogs.
    pub dialogs: Box<dyn Dialogs>,
    /// Notifications, sleep, and the file manager.
    pub desktop: Box<dyn Desktop>,
}

/// The window's own state: the current page, unfinished input, the open question.
#[expect(clippy::struct_excessive_bools, reason = "independent states of one window")]
pub struct Window {
    engine: Box<dyn EngineHandle>,
    around: Around,
    snapshot: Arc<Snapshot>,
    place: Place,
    project: Option<PathBuf>,
    /// Lets a second start of the program with the same project find this window.
    listening: Option<ListeningWindow>,
    start: StartPage,
    pages: Pages,
    log: LogPage,
    about: AboutPage,
    help: HelpPage,
    toasts: Toasts,
    question: Option<(Question, Pending)>,
    failure: Option<(Place, UserError)>,
    picked: Option<(Purpose, PathBuf)>,
    settings: Settings,
    keeps_settings: bool,
    title: String,
    is_quitting: bool,
    may_close: bool,
    /// Whether the computer was asked to stay awake.
    is_kept_awake: bool,
    /// What had the keyboard in the last frame.
    had_keyboard: Option<egui::Id>,
    /// What the last frame showed.
    drawn: Option<(Arc<Snapshot>, Place)>,
}

impl Window {
    /// A window on this engine. `keeps_settings` is false if nothing may be written, as in tests.
    pub fn new(
        engine: Box<dyn EngineHandle>,
        around: Around,
        settings: Settings,
        keeps_settings: bool,
    ) -> Self {
        let snapshot = engine.snapshot();
        let mut window = Self {
            engine,
            around,
            snapshot: Arc::default(),
            place: Place::Step(Step::Domain),
            project: None,
            listening: None,
            start: StartPage::default(),
            pages: Pages::default(),
            log: LogPage::default(),
            about: AboutPage::default(),
            help: HelpPage::default(),
            toasts: Toasts::default(),
            question: None,
            failure: None,
            picked: None,
            settings,
            keeps_settings,
            title: String::new(),
            is_quitting: false,
            may_close: false,
            is_kept_awake: false,
            had_keyboard: None,
            drawn: None,
        };
        window.take_snapshot(snapshot);
        window
    }

    /// Installs fonts, themes and image loaders, and applies the settings. Call once at start.
    pub fn install(&self, ctx: &Context) {
        egui_extras::install_image_loaders(ctx);
        ctx.add_plugin(super::clean_output::CleanOutput);
        super::fonts::install(ctx);
        super::theme::install(ctx);
        // Quitting goes through the same question as closing.
        ctx.options_mut(|options| options.quit_shortcuts.clear());
        apply_theme(ctx, self.settings.theme);
        ctx.set_zoom_factor(self.settings.zoom);
    }

    /// The current page.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Shows another page.
    pub fn show(&mut self, place: Place) {
        self.place = place;
    }

    fn take_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        let path = snapshot.project.as_ref().map(|project| project.path.clone());
        if path != self.project {
            // Another project: fresh view state, and the step that follows from its facts.
            self.pages = Pages::default();
            self.failure = None;
            self.start = StartPage::default();
            self.place = Place::Step(snapshot.project.as_ref().map_or(Step::Domain, open_step));
            self.project = path;
        }
        self.snapshot = snapshot;
    }

    /// Reads the engine's events and handles closing. Also runs while the window is hidden.
    pub fn drain(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        // Events first, so that none is newer than the snapshot it is compared with.
        let events: Vec<Event> = std::iter::from_fn(|| self.engine.next_event()).collect();
        let snapshot = self.engine.snapshot();
        if !Arc::ptr_eq(&snapshot, &self.snapshot) {
            let before = std::mem::replace(&mut self.snapshot, Arc::clone(&snapshot));
            self.tell_the_desktop(ctx, &before, &snapshot);
            let before = self.project.clone();
            self.take_snapshot(snapshot);
            if self.project != before {
                self.listen(ctx);
            }
        }
        for event in events {
            self.event(ctx, event, now);
        }
        while let Some(DialogAnswer { purpose, path, was_shown }) = self.around.dialogs.answer() {
            match path {
                Some(path) if purpose == Purpose::OpenProject && self.snapshot.project.is_some() => {
                    self.open_other(path, now);
                }
                Some(path) => self.picked = Some((purpose, path)),
                None if !was_shown => {
                    self.toasts.add(
                        Tone::Warn,
                        "This desktop has no file dialog",
                        without_dialog(purpose),
                        now,
                    );
                }
                None => {}
            }
        }
        while let Some(path) = self.around.desktop.unshown() {
            let folder = path.parent().unwrap_or(&path);
            ctx.open_url(egui::OpenUrl::new_tab(file_address(folder)));
        }
        self.closing(ctx);
        if self.is_quitting {
            // The engine's reports are drawn twice a second; its end is not waited for that long.
            ctx.request_repaint_after(std::time::Duration::from_millis(10));
        }
        self.set_title(ctx);
    }

    /// Comes to the front when the open project is opened once more.
    fn listen(&mut self, ctx: &Context) {
        self.listening = None;
        let Some(project) = self.project.as_ref().filter(|_| self.keeps_settings) else { return };
        let Some(calls) = WindowCalls::of_this_user() else { return };
        let ctx = ctx.clone();
        let front = move || {
            ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd(ViewportCommand::Focus);
            // Where a program may not take the focus, its window asks for it.
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(UserAttentionType::Informational));
            ctx.request_repaint();
        };
        match calls.listen(project, front) {
            Ok(listening) => self.listening = Some(listening),
            Err(error) => tracing::warn!(%error, "a second start of this project will not find this window"),
        }
    }

    fn event(&mut self, ctx: &Context, event: Event, now: f64) {
        match event {
            Event::Notice(notice) => {
                let Some(path) = notice.path else {
                    return self.toasts.add(Tone::Info, notice.words, "", now);
                };
                let words = path.display().to_string();
                let acts = vec![
                    ("Open".to_owned(), ToastAct::Open(path.clone())),
                    ("Show in folder".to_owned(), ToastAct::ShowInFolder(path)),
                ];
                self.toasts.add_with(Tone::Pass, notice.words, words, acts, now);
            }
            Event::Failed { error, .. } => {
                let is_kept = shell::is_kept(&self.snapshot, &error);
                match (is_kept, &self.snapshot.project) {
                    // The start page has a card for it.
                    (true, None) => {}
                    (true, Some(_)) | (false, None) => {
                        self.toasts.add(Tone::Fail, error.title, error.cause, now);
                    }
                    (false, Some(_)) => self.failure = Some((self.place, error)),
                }
            }
            Event::CopyFinished => {
                self.toasts.add(Tone::Pass, "The copy is finished", "", now);
                ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(
                    UserAttentionType::Informational,
                ));
            }
            Event::Ended => {
                self.may_close = true;
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        }
    }

    /// While a copy runs, closing asks first, then lets the engine shut down before the window closes.
    fn closing(&mut self, ctx: &Context) {
        let wants_quit =
            ctx.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(Modifiers::COMMAND, Key::Q)));
        let wants_close = ctx.input(|input| input.viewport().close_requested());
        if self.may_close || !(wants_quit || wants_close) {
            return;
        }
        if wants_close {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        }
        if self.is_quitting {
            return;
        }
        match self.snapshot.project.as_ref().filter(|_| self.is_copying()) {
            Some(project) => {
                self.question = Some((copy::close_question(project), Pending::Quit));
                ctx.request_repaint();
            }
            None => self.quit(ctx),
        }
    }

    /// Another project instead of the open one; asks first while mail is copied.
    fn open_other(&mut self, path: PathBuf, now: f64) {
        let command = opening(path);
        match self.snapshot.project.as_ref().filter(|_| self.is_copying()) {
            Some(project) => self.question = Some((copy::close_question(project), Pending::Send(command))),
            None if self.engine.send(command) => {}
            None => self.toasts.add(Tone::Fail, NOT_ACCEPTED, BUSY, now),
        }
    }

    /// Tells somebody who looks elsewhere, and keeps the computer awake while mail is copied.
    fn tell_the_desktop(&mut self, ctx: &Context, before: &Snapshot, after: &Snapshot) {
        let is_looked_at = ctx.input(|input| input.viewport().focused).unwrap_or(false);
        if let (Some(before), Some(after)) = (&before.project, &after.project)
            && before.path == after.path
            && !is_looked_at
            && let Some(News { title, words }) = news(before, after)
        {
            self.around.desktop.notify(&title, &words);
        }
        let is_wanted =
            after.project.as_ref().is_some_and(|project| project.copy.phase == CopyPhase::Running);
        if is_wanted != self.is_kept_awake {
            self.is_kept_awake = is_wanted;
            self.around.desktop.keep_awake(is_wanted);
        }
    }

    fn quit(&mut self, ctx: &Context) {
        self.is_quitting = true;
        ctx.request_repaint();
        if !self.engine.send(Command::Quit) {
            // An engine that accepts no commands has already ended.
            self.may_close = true;
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn is_copying(&self) -> bool {
        self.snapshot.project.as_ref().is_some_and(|project| {
            matches!(project.copy.phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping)
        })
    }

    fn set_title(&mut self, ctx: &Context) {
        let title = window_title(&self.snapshot);
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// Draws the whole window and sends the commands it produced.
    pub fn ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        self.keep_zoom(&ctx);
        if let Place::Step(step) = self.place {
            self.help.about(step);
        }
        self.keep_keyboard(&ctx);
        let mut actions = Vec::new();
        self.keys(&ctx, &mut actions);
        let mut commands = self.dropped_files(&ctx);
        let snapshot = Arc::clone(&self.snapshot);
        let is_narrow = ui.available_width() < NARROW_WINDOW;
        let mut picked = self.picked.take();
        let mut cx = PageCx {
            snapshot: &snapshot,
            commands: &mut commands,
            actions: &mut actions,
            picked: &mut picked,
            settings: self.settings,
            is_narrow,
        };
        let wakefulness = self.around.desktop.wakefulness();
        bar(Panel::bottom("status"), 24.0).show(ui, |ui| shell::status_line(ui, &snapshot, wakefulness));
        match &snapshot.project {
            Some(project) => self.project(ui, project, &mut cx),
            None => self.without_project(ui, &mut cx),
        }
        self.picked = picked;
        for words in take_copied(&ctx) {
            self.toasts.add(Tone::Pass, words, "", ctx.input(|input| input.time));
        }
        self.hovering(ui);
        match self.toasts.show(&ctx, 80.0) {
            Some(ToastAct::Send(command)) => commands.push(*command),
            Some(ToastAct::Open(path)) => ctx.open_url(egui::OpenUrl::new_tab(file_address(&path))),
            Some(ToastAct::ShowInFolder(path)) => self.around.desktop.show_in_folder(&path),
            None => {}
        }
        self.answer(&ctx, &mut commands);
        self.act(&ctx, actions);
        self.send(&ctx, commands);
    }

    fn project(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let side = if cx.is_narrow { 20.0 } else { 24.0 };
        let place = self.place;
        let rail = Panel::left("rail")
            .resizable(false)
            .show_separator_line(false)
            .exact_size(shell::rail_width(ui.available_width()))
            .frame(Frame::NONE);
        let event = rail.show(ui, |ui| shell::rail(ui, project, place, cx.is_narrow)).inner;
        bar(Panel::top("header"), 52.0).show(ui, |ui| shell::header(ui, project, side));
        if project.is_practice {
            bar(Panel::top("practice"), 26.0).show(ui, |ui| shell::practice_band(ui, side, cx));
        }
        let trust = project.question_of_trust();
        let footer_step = match place {
            Place::Step(step) if trust.is_none() => Some(step),
            _ => None,
        };
        // Its place comes first, its buttons last: Tab goes through the page before it comes to them.
        let footer_place = footer_step.map(|step| {
            let place = bar(Panel::bottom("footer"), 56.0).show(ui, |ui| ui.max_rect()).inner;
            (step, place)
        });
        if let Some((_, error)) = self.failure.as_ref().filter(|(at, _)| *at == place)
            && shell::failure(ui, error, side, cx.commands)
        {
            self.failure = None;
        }
        let canvas = Theme::of(ui).canvas;
        CentralPanel::default().frame(Frame::NONE.fill(canvas)).show(ui, |ui| {
            // Each project has its own places to scroll to.
            ui.push_id(&project.path, |ui| match place {
                Place::Step(step) => match &trust {
                    Some(question) => shell::question_of_trust(ui, question, cx),
                    None => self.pages.ui(ui, step, project, cx),
                },
                Place::Log => self.log.ui(ui, cx),
                Place::Settings => settings::settings(ui, cx),
                Place::Help => self.help.ui(ui, cx),
                Place::About => self.about.ui(ui, cx),
            })
        });
        if let Some((step, place)) = footer_place {
            let footer = self.pages.footer(step, project, cx.snapshot);
            let mut ui = ui.new_child(UiBuilder::new().id_salt("foot").max_rect(place));
            ui.set_clip_rect(place);
            shell::footer(&mut ui, &footer, side, cx);
        }
        match event {
            Some(RailEvent::Go(place)) => {
                if project.messages.list.is_some() {
                    // The rail leads to pages, not to the list that was open on one of them.
                    cx.send(Command::HideMessages);
                }
                self.place = place;
            }
            Some(RailEvent::SwitchProject) if self.is_copying() => {
                let question = copy::close_question(project);
                self.question = Some((question, Pending::Send(Command::CloseProject)));
            }
            Some(RailEvent::SwitchProject) => cx.send(Command::CloseProject),
            None => {}
        }
    }

    fn without_project(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let canvas = Theme::of(ui).canvas;
        CentralPanel::default().frame(Frame::NONE.fill(canvas)).show(ui, |ui| {
            if matches!(self.place, Place::Step(_)) {
                self.start.ui(ui, cx);
                return;
            }
            let frame = Frame::new().inner_margin(egui::Margin { left: 18, top: 10, right: 0, bottom: 0 });
            frame.show(ui, |ui| {
                let back = super::widgets::button::Button::link("Back to projects")
                    .icon(super::icons::Icon::ArrowLeft);
                if back.show(ui).clicked() {
                    self.place = Place::Step(Step::Domain);
                }
            });
            match self.place {
                Place::Settings => settings::settings(ui, cx),
                Place::Log => self.log.ui(ui, cx),
                Place::About => self.about.ui(ui, cx),
                Place::Help | Place::Step(_) => self.help.ui(ui, cx),
            }
        });
    }

    /// Ctrl with plus, minus or 0 is a choice like one on the page Settings, and is kept.
    fn keep_zoom(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        if (zoom - self.settings.zoom).abs() < 0.001 {
            return;
        }
        self.settings.zoom = zoom;
        if self.keeps_settings {
            save_settings(&self.settings);
        }
    }

    /// Where what had the keyboard is gone, its page in the rail gets it, next to which the content is.
    fn keep_keyboard(&mut self, ctx: &Context) {
        let now = ctx.memory(egui::Memory::focused);
        let is_by_hand = ctx.input(|input| {
            input.pointer.any_down() || input.pointer.any_released() || input.key_down(Key::Escape)
        });
        if now.is_none() && self.had_keyboard.is_some() && !is_by_hand && self.snapshot.project.is_some() {
            let stop = shell::rail_stop(self.place);
            ctx.memory_mut(|memory| memory.request_focus(stop));
        }
        self.had_keyboard = ctx.memory(egui::Memory::focused);
        let is_drawn = self
            .drawn
            .as_ref()
            .is_some_and(|(drawn, place)| Arc::ptr_eq(drawn, &self.snapshot) && *place == self.place);
        if !is_drawn {
            self.drawn = Some((Arc::clone(&self.snapshot), self.place));
            if self.had_keyboard.is_some() {
                // Only after this frame it shows whether what has the keyboard is still there.
                ctx.request_repaint();
            }
        }
    }

    /// Says what happens to files that hover over the window, while they can still be taken elsewhere.
    fn hovering(&self, ui: &Ui) {
        let names = hovered_files(ui);
        let Some(name) = names.first().filter(|_| self.snapshot.project.is_some()) else { return };
        let fate = drop_of(name, self.place, true);
        let words = match fate {
            Drop::Project => format!("Let go to open {name} instead of this project"),
            Drop::Facts => format!("Let go to judge {name}"),
            Drop::Mailboxes => format!("Let go to read the mailboxes in {name}"),
            Drop::Evidence => format!("Let go to read {name} as evidence"),
            Drop::TestMessage => format!("Let go to judge {name} as a test message"),
            Drop::Nothing(why) => format!("{name} cannot be read here. {why}"),
        };
        shell::hover_banner(ui, &words, !matches!(fate, Drop::Nothing(_)));
    }

    /// Ctrl+1 to Ctrl+9, F1, Ctrl+O, and what the open page has for Ctrl+F and Ctrl+S.
    fn keys(&mut self, ctx: &Context, actions: &mut Vec<Action>) {
        if self.question.is_some() {
            return;
        }
        shortcuts::listen(ctx);
        let opens = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
        if ctx.input_mut(|input| input.consume_shortcut(&opens)) {
            let start = self.snapshot.recent.first().map(|project| project.path.clone());
            actions.push(Action::Pick { purpose: Purpose::OpenProject, start });
        }
        let keys = [
            Key::Num1,
            Key::Num2,
            Key::Num3,
            Key::Num4,
            Key::Num5,
            Key::Num6,
            Key::Num7,
            Key::Num8,
            Key::Num9,
            // Ctrl+0 is the usual zoom, here as everywhere.
            Key::D,
        ];
        let pressed = ctx.input_mut(|input| {
            if input.consume_key(Modifiers::NONE, Key::F1) {
                return Some(Place::Help);
            }
            let steps = Step::ALL.into_iter().zip(keys);
            steps
                .into_iter()
                .find(|(_, key)| input.consume_shortcut(&KeyboardShortcut::new(Modifiers::COMMAND, *key)))
                .map(|(step, _)| Place::Step(step))
        });
        if let Some(place) = pressed {
            self.place = place;
        }
    }

    /// Opens dropped projects, and reads other files as what the open page takes: accounts, evidence or test messages.
    fn dropped_files(&mut self, ctx: &Context) -> Vec<Command> {
        let mut commands = Vec::new();
        let (mut evidence, mut accounts, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        let paths: Vec<PathBuf> = ctx
            .input(|input| input.raw.dropped_files.iter().map(|file| PathBuf::from(file.path())).collect());
        for path in paths {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let now = ctx.input(|input| input.time);
            match drop_of(&name, self.place, self.snapshot.project.is_some()) {
                Drop::Project => self.open_other(path, now),
                Drop::Facts => commands.push(Command::OpenFacts(path)),
                Drop::Mailboxes => accounts.push(path),
                Drop::Evidence => evidence.push(path),
                Drop::TestMessage => messages.push(path),
                Drop::Nothing(why) => {
                    self.toasts.add(Tone::Warn, format!("{name} was not read"), why, now);
                }
            }
        }
        if !accounts.is_empty() {
            self.place = Place::Step(Step::Mailboxes);
            commands.push(Command::ReadAccounts(accounts));
        }
        if !evidence.is_empty() {
            commands.push(Command::ReadEvidence(evidence));
        }
        if !messages.is_empty() {
            commands.push(Command::JudgeMessages(messages));
        }
        commands
    }

    /// Shows the open question and carries out its answer.
    fn answer(&mut self, ctx: &Context, commands: &mut Vec<Command>) {
        let Some((question, _)) = &self.question else { return };
        let Some(answer) = confirm::show(ctx, question) else { return };
        let pending = self.question.take();
        if answer == Answer::Danger {
            match pending {
                Some((_, Pending::Send(command))) => commands.push(command),
                Some((_, Pending::Quit)) => self.quit(ctx),
                None => {}
            }
        }
    }

    fn act(&mut self, ctx: &Context, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Go(place) => {
                    self.place = place;
                    ctx.request_repaint();
                }
                Action::Pick { purpose, start } => self.around.dialogs.ask(purpose, start),
                Action::Ask { question, command } => {
                    self.question = Some((question, Pending::Send(command)));
                    ctx.request_repaint();
                }
                Action::Set(settings) => {
                    apply_theme(ctx, settings.theme);
                    ctx.set_zoom_factor(settings.zoom);
                    self.settings = settings;
                    if self.keeps_settings {
                        save_settings(&settings);
                    }
                }
            }
        }
    }

    fn send(&mut self, ctx: &Context, commands: Vec<Command>) {
        if !commands.is_empty() {
            // A user who does something else has read it.
            self.failure = None;
        }
        let now = ctx.input(|input| input.time);
        for command in commands {
            let undo = Undo::of(&command, &self.snapshot);
            if !self.engine.send(command) {
                self.toasts.add(Tone::Fail, NOT_ACCEPTED, BUSY, now);
                ctx.request_repaint();
            } else if let Some(Undo { words, back }) = undo {
                let acts = vec![("Undo".to_owned(), ToastAct::Send(Box::new(back)))];
                self.toasts.add_with(Tone::Info, words, "", acts, now);
                ctx.request_repaint();
            }
        }
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.drain(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        Self::ui(self, ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        // Only the window's geometry is saved; the rest belongs to the project.
        false
    }
}

/// The way out where no dialog can be shown.
const fn without_dialog(purpose: Purpose) -> &'static str {
    match purpose {
        // Ctrl+O works on every page, and has no field of its own.
        Purpose::OpenProject => "Drop the project file into this window, or start “mailferry FILE”.",
        _ => "Type the path into the field instead.",
    }
}

const NOT_ACCEPTED: &str = "That was not accepted";
const BUSY: &str = "Mailferry is busy with many requests. Try again in a moment.";
const WHERE_TO_DROP: &str = "Drop a project file (.mailferry) anywhere, the facts of an audit (.json) on the start page, a list or export of mailboxes on the page Mailboxes, a mail log on the page Audit, or a test message (.eml) on the page Switch.";
const NO_MAILBOXES: &str = "It is a message, not a list of mailboxes. Drop it on the page Switch to judge it, or on the page Audit as evidence.";
const NO_MESSAGE: &str = "The page Switch takes test messages (.eml). Drop lists of mailboxes on the page Mailboxes, and mail logs on the page Audit.";

/// What becomes of a file that is let go over the window.
#[derive(Debug, PartialEq, Eq)]
enum Drop {
    Project,
    Facts,
    Mailboxes,
    Evidence,
    TestMessage,
    /// It stays where it is, and why.
    Nothing(&'static str),
}

/// By its name, and by the page that is open. What a file really is shows when it is read.
fn drop_of(name: &str, place: Place, has_project: bool) -> Drop {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let is_message = matches!(ending.as_deref(), Some("eml" | "msg"));
    match (ending.as_deref(), place) {
        (Some("mailferry"), _) => Drop::Project,
        (Some("json"), _) if !has_project => Drop::Facts,
        _ if !has_project => Drop::Nothing(WHERE_TO_DROP),
        (Some("csv"), _) => Drop::Mailboxes,
        (_, Place::Step(Step::Audit)) => Drop::Evidence,
        (_, Place::Step(Step::Mailboxes)) if is_message => Drop::Nothing(NO_MAILBOXES),
        (_, Place::Step(Step::Mailboxes)) => Drop::Mailboxes,
        (_, Place::Step(Step::Switch)) if is_message || ending.is_none() => Drop::TestMessage,
        (_, Place::Step(Step::Switch)) => Drop::Nothing(NO_MESSAGE),
        _ => Drop::Nothing(WHERE_TO_DROP),
    }
}

fn bar(panel: Panel, height: f32) -> Panel {
    panel.resizable(false).show_separator_line(false).exact_size(height).frame(Frame::NONE)
}

fn apply_theme(ctx: &Context, theme: ThemeChoice) {
    ctx.set_theme(match theme {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Light => ThemePreference::Light,
        ThemeChoice::Dark => ThemePreference::Dark,
    });
}

/// The step a project opens on: one that runs or needs the user, otherwise the first that is not done.
fn open_step(project: &ProjectView) -> Step {
    let is_new = project.audit == AuditView::NotRun && project.copy.phase == CopyPhase::NotStarted;
    if project.is_practice && is_new {
        // Who rehearses sees every step, from the first one on.
        return Step::Domain;
    }
    let states = || Step::ALL.into_iter().map(|step| (step, step_state(step, project)));
    states()
        .find(|(_, state)| matches!(state, StepState::Running(_) | StepState::Paused | StepState::NeedsYou))
        .or_else(|| states().find(|(_, state)| *state == StepState::Available))
        .map_or(Step::Done, |(step, _)| step)
}

fn window_title(snapshot: &Snapshot) -> String {
    let Some(project) = &snapshot.project else { return "Mailferry".to_owned() };
    let (name, _) = format::domain_forms(&project.domain.name);
    let practice = if project.is_practice { "Practice: " } else { "" };
    let percent = match project.copy.phase {
        CopyPhase::Running => {
            format!("{} % - ", copy_percent(project))
        }
        _ => String::new(),
    };
    format!("{percent}{practice}{name} - Mailferry")
}
