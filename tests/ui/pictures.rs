//! Pictures of the window, compared with those in `tests/snapshots`. All pages are drawn by the example `page_pictures`.

use mailferry::engine::Step;
use mailferry::ui::testing::samples;
use mailferry_test_support::window::{self, Opened, USUAL};

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
