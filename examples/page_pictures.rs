//! Draws every page in light and dark as a picture, to be looked at: `cargo run --example page_pictures FOLDER [NAME]`.
//! With a name, only pictures whose names have it in them.

use std::error::Error;
use std::path::PathBuf;

use egui::Vec2;
use mailferry::engine::Step;
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry_test_support::sign_in_samples::{at_microsoft, known};
use mailferry_test_support::window::{self, Opened, USUAL, every_page};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the folder that the pictures go to")?);
    std::fs::create_dir_all(&folder)?;
    let pictures = Pictures { folder, only: arguments.next().unwrap_or_default() };
    for is_dark in [false, true] {
        for (name, snapshot, place) in every_page() {
            pictures.draw(name, is_dark, || Opened::at(snapshot.clone(), place, is_dark, USUAL))?;
        }
        pictures.opened(is_dark)?;
        pictures.small(is_dark)?;
        let name = format!("16-components-{}.png", theme(is_dark));
        if name.contains(&pictures.only) {
            window::draw_components(is_dark).render()?.save(pictures.folder.join(name))?;
        }
    }
    Ok(())
}

const fn theme(is_dark: bool) -> &'static str {
    if is_dark { "dark" } else { "light" }
}

struct Pictures {
    folder: PathBuf,
    only: String,
}

impl Pictures {
    fn draw(&self, name: &str, is_dark: bool, open: impl FnOnce() -> Opened) -> Outcome {
        let file = format!("{name}-{}.png", theme(is_dark));
        if file.contains(&self.only) {
            open().harness.render()?.save(self.folder.join(file))?;
        }
        Ok(())
    }

    /// Pages on which something was clicked.
    fn opened(&self, is_dark: bool) -> Outcome {
        type Clicks = &'static [&'static str];
        let clicked: &[(&str, samples::Sample, Step, Clicks)] = &[
            ("copy-lost-line", samples::lost_line, Step::Copy, &["anna@weber-familie.example, 74%"]),
            ("07-destination-list", samples::chosen, Step::Destination, &["Add a column…"]),
            ("07-destination-doubt", samples::chosen, Step::Destination, &["Add a column…", "Gandi"]),
            ("03-finding", samples::audited, Step::Audit, &["Fail: SPF needs 12 DNS lookups"]),
            ("04-address-range", samples::judged, Step::Audit, &["Address range 203.0.113.0/24"]),
            ("audit-evidence", samples::judged, Step::Audit, &["Evidence"]),
            (
                "05-receivers",
                samples::judged,
                Step::Audit,
                &["Receivers 5", "Distrusts the range: Microsoft consumer"],
            ),
            (
                "08-editor",
                samples::every_sign_in_state,
                Step::Mailboxes,
                &["Check it… termine@weber-familie.example"],
            ),
            (
                "08-sign-in-key",
                || at_microsoft(known()),
                Step::Mailboxes,
                &["All mailboxes with one key", "Show each click that leads to a key"],
            ),
            (
                "08-app-password",
                samples::every_sign_in_state,
                Step::Mailboxes,
                &["Enter again… opa.karl@weber-familie.example"],
            ),
            ("08-aliases", samples::with_aliases, Step::Mailboxes, &[]),
            ("08-accounts-read", samples::accounts_to_add, Step::Mailboxes, &[]),
            ("08-read-panel", samples::signed_in, Step::Mailboxes, &["Read from your server…"]),
            ("12-way-back", samples::switching, Step::Switch, &["Show and save…"]),
            ("menu", samples::copying, Step::Copy, &["More"]),
            ("confirm", samples::copying, Step::Copy, &["More", "Stop copying…"]),
            ("plan-decision", samples::planned, Step::Plan, &["Projekte/haus goes to"]),
            ("plan-options", samples::tried, Step::Plan, &["Options…"]),
            ("copy-mailbox", samples::copying, Step::Copy, &["anna@weber-familie.example, 74%"]),
            ("copy-problem", samples::finished, Step::Copy, &["Show the messages: Larger than Fastmail"]),
            ("copy-message", samples::message_list, Step::Copy, &["UID 4715"]),
        ];
        for &(name, sample, step, clicks) in clicked {
            self.draw(name, is_dark, || {
                let mut opened = Opened::step(sample(), step, is_dark);
                for words in clicks {
                    opened.click_containing(words);
                }
                opened
            })?;
        }
        Ok(())
    }

    /// Pages in a small window and at a large zoom.
    fn small(&self, is_dark: bool) -> Outcome {
        let at =
            |project, step, size| Opened::at(samples::with(project), Some(Place::Step(step)), is_dark, size);
        let small = Vec2::new(1024.0, 700.0);
        self.draw("14-copy-1024-practice", is_dark, || at(samples::practice(), Step::Copy, small))?;
        self.draw("plan-1024", is_dark, || at(samples::tried(), Step::Plan, small))?;
        let zoomed = Vec2::new(640.0, 400.0);
        self.draw("zoom-200", is_dark, || at(samples::every_sign_in_state(), Step::Mailboxes, zoomed))
    }
}
