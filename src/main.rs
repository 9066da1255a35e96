//! Arguments in, window or headless command out.

use std::process::ExitCode;

use clap::Parser as _;
use mailferry::cli;
use mailferry::engine::LogRing;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let log = LogRing::default();
    cli::start_logging(&log, arguments.command.is_none());
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
    use mailferry::engine::{Command, Engine, EngineConfig, EngineHandle as _};
    use mailferry::ui;

    let first = match (is_rehearsal, project) {
        (true, _) => Some(Command::Rehearse),
        (false, Some(path)) => Some(Command::OpenProject(path)),
        (false, None) => None,
    };
    let config = EngineConfig::for_this_user();
    let options = ui::WindowOptions {
        renderer: renderer.map(|choice| match choice {
            cli::RendererChoice::Glow => ui::Renderer::Glow,
            cli::RendererChoice::Wgpu => ui::Renderer::Wgpu,
        }),
    };
    let outcome = ui::run(options, move |waker| {
        let engine = Engine::start(config, log, waker)?;
        if let Some(command) = first {
            engine.send(command);
        }
        Ok(Box::new(engine))
    });
    match outcome {
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
