//! Pictures of the window: a few are compared with those in `tests/snapshots`, all can be drawn to be looked at.

#[path = "support/window.rs"]
mod window;

use eframe::egui::Vec2;
use mailferry::engine::Step;
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use window::{Opened, USUAL, every_page};

/// Writes every page as a picture into the folder that `MAILFERRY_PICTURES` names, to be looked at.
#[test]
#[ignore = "draws pictures for people: MAILFERRY_PICTURES=folder cargo test --test page_pictures -- --ignored"]
fn draw_every_page() {
    let folder = std::path::PathBuf::from(std::env::var_os("MAILFERRY_PICTURES").unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    let only = std::env::var("MAILFERRY_PICTURE").unwrap_or_default();
    for (name, snapshot, place) in every_page() {
        for (is_dark, theme) in [(false, "light"), (true, "dark")] {
            let file = format!("{name}-{theme}.png");
            if !file.contains(&only) {
                continue;
            }
            let mut opened = Opened::at(snapshot.clone(), place, is_dark, USUAL);
            opened.harness.render().unwrap().save(folder.join(file)).unwrap();
        }
    }
    for is_dark in [false, true] {
        let theme = if is_dark { "dark" } else { "light" };
        let mut opened = Opened::step(samples::audited(), Step::Audit, is_dark);
        opened.click_containing("Fail: SPF needs 12 DNS lookups");
        opened.harness.render().unwrap().save(folder.join(format!("03-finding-{theme}.png"))).unwrap();
        let mut opened = Opened::step(samples::every_sign_in_state(), Step::Mailboxes, is_dark);
        opened.click("Look at it… termine@weber-familie.example");
        opened.harness.render().unwrap().save(folder.join(format!("08-editor-{theme}.png"))).unwrap();
        let mut opened = Opened::new(samples::copying_snapshot(), is_dark, USUAL);
        opened.click("More");
        opened.harness.render().unwrap().save(folder.join(format!("menu-{theme}.png"))).unwrap();
        opened.click("Stop copying…");
        opened.harness.render().unwrap().save(folder.join(format!("confirm-{theme}.png"))).unwrap();
        window::draw_components(is_dark)
            .render()
            .unwrap()
            .save(folder.join(format!("16-components-{theme}.png")))
            .unwrap();
        let zoomed = Some(Place::Step(Step::Mailboxes));
        let mut opened = Opened::at(
            samples::with(samples::every_sign_in_state()),
            zoomed,
            is_dark,
            Vec2::new(640.0, 400.0),
        );
        opened.harness.render().unwrap().save(folder.join(format!("zoom-200-{theme}.png"))).unwrap();
    }
    if only.is_empty() || "14".contains(&only) {
        let size = Vec2::new(1024.0, 700.0);
        let snapshot = samples::with(samples::practice());
        let mut opened = Opened::at(snapshot, Some(Place::Step(Step::Copy)), true, size);
        opened.harness.render().unwrap().save(folder.join("14-copy-1024-practice-dark.png")).unwrap();
    }
}

/// Pictures need a renderer; Debian's `mesa-vulkan-drivers` brings one that needs no card.
#[expect(clippy::print_stderr, reason = "says that a test was skipped")]
fn can_draw() -> bool {
    let drivers = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let has_driver =
        drivers.iter().any(|folder| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()));
    if !has_driver {
        let line = "no Vulkan driver: apt-get install mesa-vulkan-drivers";
        assert!(std::env::var_os("MAILFERRY_REQUIRE_SERVERS").is_none_or(|value| value != "1"), "{line}");
        eprintln!("skipped: {line}");
    }
    has_driver
}

#[test]
fn components_and_the_copy_page_look_as_before() {
    if !can_draw() {
        return;
    }
    let mut results = egui_kittest::SnapshotResults::new();
    let tolerant = egui_kittest::SnapshotOptions::new().threshold(1.2).max_failed_pixels(400_usize);
    for (is_dark, theme) in [(false, "light"), (true, "dark")] {
        let mut sheet = window::draw_components(is_dark);
        results.add(sheet.try_snapshot_options(format!("components-{theme}"), &tolerant));
        let mut opened = Opened::new(samples::copying_snapshot(), is_dark, USUAL);
        results.add(opened.harness.try_snapshot_options(format!("copy-{theme}"), &tolerant));
        let mut opened = Opened::step(samples::stopped_mailboxes(), Step::Copy, is_dark);
        results.add(opened.harness.try_snapshot_options(format!("error-card-{theme}"), &tolerant));
    }
}
