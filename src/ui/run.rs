//! Opens the window, and chooses a renderer that works on this computer.

use std::cell::{Cell, RefCell};
use std::iter;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eframe::{NativeOptions, Renderer};
use egui::{Context, IconData, Vec2, ViewportBuilder};
use thiserror::Error;

use super::app::Around;
use super::platform::{
    NativeDesktop, NativeDialogs, RendererChoice, Settings, load_settings, save_settings, watch_color_scheme,
};
use super::{APP_ID, Window};
use crate::engine::{Command, EngineHandle};

/// Wakes the window. The engine calls it after every change.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// How the window is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowOptions {
    /// The renderer; overrides the saved setting.
    pub renderer: Option<RendererChoice>,
    /// The first commands for the engine, such as opening a project or the rehearsal.
    pub first_command: Option<Command>,
}

/// Why the window failed.
#[derive(Debug, Error)]
pub enum WindowError {
    /// There is no display.
    #[error(
        "there is no display to open a window on. Start Mailferry on a desktop, or use the headless commands: mailferry --help"
    )]
    NoDisplay(#[source] eframe::Error),
    /// No renderer works here.
    #[error("no window could be opened, as {tried} cannot draw on this computer. {DRAWING_ADVICE}")]
    NoRenderer {
        /// The renderers that were tried.
        tried: String,
        /// The last one's own error.
        #[source]
        source: eframe::Error,
    },
    /// The wished renderer is no part of this build.
    #[error(
        "this build draws with OpenGL only: leave out --renderer wgpu, or build with --features wgpu for Vulkan"
    )]
    NotBuilt,
    /// The window ended with an error after it was open.
    #[error("the window ended: {0}")]
    Ended(#[source] eframe::Error),
}

/// What makes a computer draw: Mesa draws in software where there is no card.
#[cfg(target_os = "linux")]
const DRAWING_ADVICE: &str = "Install the OpenGL driver of Mesa (Debian, Ubuntu: libgl1-mesa-dri and libegl1), or draw without a graphics \
     card: LIBGL_ALWAYS_SOFTWARE=1 mailferry. Without a window, use the headless commands: mailferry --help";
/// Over remote desktop a driver is often missing.
#[cfg(not(target_os = "linux"))]
const DRAWING_ADVICE: &str = "Install the driver of the graphics card; over remote desktop or in a virtual machine, try \
     WGPU_BACKEND=dx12, vulkan or gl. Without a window, use the headless commands: mailferry --help";

/// Least time between two frames requested by the engine: a running job repaints twice a second.
const WAKE_GAP: Duration = Duration::from_millis(500);

/// Opens the window and runs it until it closes. Starts the engine once the window can be woken.
pub fn run<F>(start_engine: F, options: WindowOptions) -> Result<(), WindowError>
where
    F: FnOnce(Waker) -> Box<dyn EngineHandle> + 'static,
{
    if options.renderer.is_some_and(|choice| renderer_of(choice).is_none()) {
        return Err(WindowError::NotBuilt);
    }
    let settings = load_settings();
    let start: Start = Rc::new(RefCell::new(Some(Box::new(start_engine))));
    let first_command = Rc::new(RefCell::new(options.first_command));
    let mut tried = Vec::new();
    let mut last = None;
    for renderer in renderer_chain(options.renderer.unwrap_or(settings.renderer), settings.worked) {
        let was_open = Rc::new(Cell::new(false));
        let outcome = run_with(renderer, settings, &start, &first_command, &was_open);
        match outcome {
            Ok(()) => return Ok(()),
            Err(error) if was_open.get() => return Err(WindowError::Ended(error)),
            Err(error @ (eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_))) if tried.is_empty() => {
                return Err(WindowError::NoDisplay(error));
            }
            Err(error) => {
                tracing::warn!(%error, renderer = renderer_name(renderer), "this renderer does not work here");
                tried.push(renderer_name(renderer));
                last = Some(error);
            }
        }
    }
    match last {
        Some(source) => Err(WindowError::NoRenderer { tried: tried.join(" and "), source }),
        None => Ok(()),
    }
}

type Start = Rc<RefCell<Option<Box<dyn FnOnce(Waker) -> Box<dyn EngineHandle>>>>>;

fn run_with(
    renderer: Renderer,
    settings: Settings,
    start: &Start,
    first_command: &Rc<RefCell<Option<Command>>>,
    was_open: &Rc<Cell<bool>>,
) -> eframe::Result {
    let (start, first_command, was_open) = (Rc::clone(start), Rc::clone(first_command), Rc::clone(was_open));
    eframe::run_native(
        "Mailferry",
        native_options(renderer),
        Box::new(move |creation| {
            let Some(start) = start.borrow_mut().take() else { return Err("the engine runs already".into()) };
            was_open.set(true);
            let ctx = &creation.egui_ctx;
            remember(settings, renderer);
            let engine = start(waker(ctx));
            if let Some(command) = first_command.borrow_mut().take() {
                engine.send(command);
            }
            let around = Around {
                dialogs: Box::new(NativeDialogs::new(ctx.clone())),
                desktop: Box::new(NativeDesktop::new(ctx.clone())),
            };
            let window = Window::new(engine, around, settings, true);
            window.install(ctx);
            watch_color_scheme(ctx);
            Ok(Box::new(window))
        }),
    )
}

fn native_options(renderer: Renderer) -> NativeOptions {
    let mut viewport = ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Mailferry")
        .with_inner_size(Vec2::new(1280.0, 800.0))
        .with_min_inner_size(Vec2::new(960.0, 640.0));
    if let Some(icon) = window_icon() {
        viewport = viewport.with_icon(icon);
    }
    NativeOptions { viewport, renderer, centered: true, ..NativeOptions::default() }
}

#[expect(clippy::default_trait_access, reason = "the type belongs to a crate that we do not name")]
fn window_icon() -> Option<IconData> {
    let svg = include_bytes!("../../assets/icons/app-icon.svg");
    let hint = egui::load::SizeHint::Size { width: 128, height: 128, maintain_aspect_ratio: true };
    let image = egui_extras::image::load_svg_bytes_with_size(svg, hint, &Default::default()).ok()?;
    let [width, height] = image.size;
    let rgba = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
    Some(IconData { rgba, width: u32::try_from(width).ok()?, height: u32::try_from(height).ok()? })
}

/// The order in which renderers are tried.
///
/// On Linux OpenGL nearly always works, with Mesa's software renderer where there is no card; elsewhere the other one does, also
/// over remote desktop.
fn renderer_chain(wanted: RendererChoice, worked: RendererChoice) -> Vec<Renderer> {
    let default = if cfg!(target_os = "linux") {
        [RendererChoice::OpenGl, RendererChoice::Wgpu]
    } else {
        [RendererChoice::Wgpu, RendererChoice::OpenGl]
    };
    let first = if wanted == RendererChoice::Automatic { worked } else { wanted };
    let others = default.into_iter().filter(|choice| *choice != first);
    iter::once(first).chain(others).filter_map(renderer_of).collect()
}

/// The renderer that was chosen, if this build has it.
const fn renderer_of(choice: RendererChoice) -> Option<Renderer> {
    match choice {
        RendererChoice::Automatic => None,
        RendererChoice::OpenGl => Some(Renderer::Glow),
        #[cfg(any(feature = "wgpu", not(target_os = "linux")))]
        RendererChoice::Wgpu => Some(Renderer::Wgpu),
        #[cfg(not(any(feature = "wgpu", not(target_os = "linux"))))]
        RendererChoice::Wgpu => None,
    }
}

fn choice_of(renderer: Renderer) -> RendererChoice {
    if renderer == Renderer::Glow { RendererChoice::OpenGl } else { RendererChoice::Wgpu }
}

fn renderer_name(renderer: Renderer) -> &'static str {
    if renderer == Renderer::Glow { "OpenGL" } else { "wgpu" }
}

/// Saves the renderer that worked, so that the next start tries it first.
fn remember(settings: Settings, renderer: Renderer) {
    let worked = choice_of(renderer);
    if settings.worked != worked {
        save_settings(&Settings { worked, ..settings });
    }
}

/// Wakes immediately after a quiet spell; during constant reports, twice a second.
fn waker(ctx: &Context) -> Waker {
    let ctx = ctx.clone();
    let last = Mutex::new(None::<Instant>);
    Arc::new(move || {
        let now = Instant::now();
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match last.map(|last| now.duration_since(last)) {
            Some(since) if since < WAKE_GAP => ctx.request_repaint_after(WAKE_GAP.saturating_sub(since)),
            _ => {
                *last = Some(now);
                ctx.request_repaint();
            }
        }
    })
}
