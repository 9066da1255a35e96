//! Arguments in, window or headless command out.

use std::process::ExitCode;

use clap::Parser as _;
use mailferry::cli;
use mailferry::engine::LogRing;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let log = LogRing::default();
    cli::start_logging(&log, arguments.command.is_none());
    mailferry::engine::keep_no_core_files();
    mailferry::engine::report_crashes();
    match arguments.command {
        Some(cli::Task::Rehearse(rehearse)) if !rehearse.headless => {
            window(None, true, arguments.renderer, log)
        }
        Some(task) => cli::run(task, log),
        None => window(arguments.project, false, arguments.renderer, log),
    }
}

#[cfg(feature = "gui")]
fn window(
    project: Option<std::path::PathBuf>,
    is_rehearsal: bool,
    renderer: Option<cli::RendererChoice>,
    log: LogRing,
) -> ExitCode {
    use std::sync::{Arc, OnceLock};

    use mailferry::engine::{Command, Engine, EngineConfig};
    use mailferry::ui;

    let calls = ui::platform::WindowCalls::of_this_user();
    if let Some(project) = project.as_deref()
        && calls.is_some_and(|calls| calls.call(project))
    {
        return cli::is_open_already(project);
    }
    let first_command = match (is_rehearsal, project) {
        (true, _) => Some(Command::Rehearse),
        (false, Some(path)) => Some(Command::OpenProject(path)),
        (false, None) => None,
    };
    // The engine starts before there is a window to wake; the window puts its waker in once it is there.
    let waker: Arc<OnceLock<ui::Waker>> = Arc::default();
    let to_wake = Arc::clone(&waker);
    let wake = Arc::new(move || {
        if let Some(wake) = to_wake.get() {
            wake();
        }
    });
    let engine = match Engine::start(EngineConfig::for_this_user(), log, wake) {
        Ok(engine) => engine,
        Err(error) => return cli::could_not_run(&error),
    };
    let options = ui::WindowOptions {
        renderer: renderer.map(|choice| match choice {
            cli::RendererChoice::Glow => ui::platform::RendererChoice::OpenGl,
            cli::RendererChoice::Wgpu => ui::platform::RendererChoice::Wgpu,
        }),
        first_command,
    };
    let opened = ui::run(
        move |window_waker| {
            // Only one window is ever opened, so the place is free.
            let _was_free = waker.set(window_waker);
            Box::new(engine)
        },
        options,
    );
    match opened {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::could_not_run(&error),
    }
}

#[cfg(not(feature = "gui"))]
fn window(
    _project: Option<std::path::PathBuf>,
    _is_rehearsal: bool,
    _renderer: Option<cli::RendererChoice>,
    _log: LogRing,
) -> ExitCode {
    cli::could_not_run(&cli::NoWindow)
}
