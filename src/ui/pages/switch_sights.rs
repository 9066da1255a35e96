//! Who sees what: every name server and resolver in a row of the page Switch.

use egui::{Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::cutover::{ProofKind, Sees, Sight, Viewer, proof_words};
use crate::engine::{PracticeView, ProjectView, SwitchView, public_resolvers};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::badge::{Badge, badge_at};
use crate::ui::widgets::{panel, text};
use crate::values::UnixTime;

/// The short answer to “what does it see”.
fn badge_of(sight: &Sight, switch: &SwitchView) -> Badge {
    let is_resolver = matches!(sight.viewer, Viewer::Resolver(_));
    match &sight.sees {
        Sees::New => Badge::of(Tone::Pass, Icon::Pass, "New"),
        Sees::Old => {
            // Before the switch, a resolver would only fetch the old records again.
            let is_last = is_resolver && switch.published_at.is_some();
            let until = switch.looked_at.zip(sight.ttl_secs).filter(|_| is_last);
            let words = until.map_or_else(
                || "Old".to_owned(),
                |(at, ttl_secs)| {
                    let end = UnixTime(at.0.saturating_add(i64::from(ttl_secs)));
                    format!("Old until {}", format::time(end))
                },
            );
            Badge::with(Tone::Paused, Icon::Waiting, words)
        }
        Sees::Lagging => Badge::of(Tone::Paused, Icon::Waiting, "Not fetched yet"),
        Sees::Mixed => Badge::of(Tone::Warn, Icon::Warn, "Old and new"),
        Sees::Other => Badge::of(Tone::Warn, Icon::Warn, "Neither"),
        Sees::Lying(_) => Badge::of(Tone::Fail, Icon::Fail, "Wrong"),
        Sees::OutOfReach => Badge::of(Tone::Unknown, Icon::Unknown, "Not reached"),
        Sees::Down(_) => Badge::of(Tone::Unknown, Icon::Unknown, "No answer"),
    }
}

/// Who was asked.
struct Asked {
    name: String,
    /// Its address, or who runs it.
    what: String,
}

impl Asked {
    fn of(viewer: &Viewer, practice: Option<&PracticeView>) -> Self {
        match viewer {
            Viewer::Server(server) => {
                Self { name: server.name.to_string(), what: server.address.to_string() }
            }
            Viewer::Resolver(label) => {
                let operator = public_resolvers().iter().find(|known| known.address.to_string() == *label);
                let of_practice = || practice.and_then(|practice| practice.resolver_words(label));
                let what = operator.map_or_else(
                    || of_practice().unwrap_or("your resolver").to_owned(),
                    |known| known.operator.clone(),
                );
                Self { name: label.clone(), what }
            }
        }
    }
}

/// What stands behind the badge: the version of the zone, or what is wrong.
fn detail(sight: &Sight) -> String {
    match (&sight.sees, sight.serial) {
        (Sees::New | Sees::Old, Some(serial)) => format!("zone version {serial}"),
        (Sees::New, None) => "sends mail the new way".to_owned(),
        (Sees::Old, None) => "remembers the old mail hosts".to_owned(),
        _ => sight.words(),
    }
}

/// A row for everybody that was asked, with what it sees of MX, and of SPF, DKIM and DMARC where the plan has them.
pub(super) fn who_sees_what(ui: &mut Ui, project: &ProjectView, sights: &[Sight]) {
    let new = sights.iter().filter(|sight| sight.sees == Sees::New).count();
    let kinds: Vec<ProofKind> = ProofKind::ALL
        .into_iter()
        .filter(|kind| sights.iter().any(|sight| sight.proof_of(*kind).is_some()))
        .collect();
    panel::flush_panel(ui, |ui| {
        let caption = format!("{new} of {} see the new mail hosts (MX)", sights.len());
        panel::panel_head(ui, "Who sees what", &caption);
        if !kinds.is_empty() {
            head(ui, &kinds);
        }
        for sight in sights {
            if kinds.is_empty() {
                sight_row(ui, sight, project);
            } else {
                proof_row(ui, sight, project, &kinds);
            }
        }
    });
}

/// Where the columns of a row with SPF, DKIM and DMARC begin.
struct Columns {
    names: Rect,
    mx: Rect,
    kinds: Vec<Rect>,
}

impl Columns {
    fn of(row: Rect, kinds: usize) -> Self {
        let (left, right) = (row.left() + 15.0, row.right() - 8.0);
        let (mx_width, kind_width) = (128.0, 92.0);
        let mut place = right;
        let mut columns = Vec::new();
        for _ in 0..kinds {
            columns.push(Rect::from_x_y_ranges(place - kind_width..=place, row.y_range()));
            place -= kind_width;
        }
        columns.reverse();
        let mx = place - mx_width;
        Self {
            names: Rect::from_x_y_ranges(left..=(mx - 10.0).max(left), row.y_range()),
            mx: Rect::from_x_y_ranges(mx..=place, row.y_range()),
            kinds: columns,
        }
    }
}

fn head(ui: &mut Ui, kinds: &[ProofKind]) {
    let theme = Theme::of(ui);
    let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::hover());
    ui.painter().hline(row.x_range(), row.bottom() - 0.5, theme.hairline());
    let columns = Columns::of(row, kinds.len());
    text::left(ui, columns.names, "Who is asked", Type::SmallLabel, theme.text3);
    text::left(ui, columns.mx, "MX", Type::SmallLabel, theme.text3);
    for (kind, place) in kinds.iter().zip(columns.kinds) {
        text::left(ui, place, kind.name(), Type::SmallLabel, theme.text3);
    }
}

fn proof_row(ui: &mut Ui, sight: &Sight, project: &ProjectView, kinds: &[ProofKind]) {
    let theme = Theme::of(ui);
    let Badge { tone, icon, word } = badge_of(sight, &project.switch);
    let Asked { name, what } = Asked::of(&sight.viewer, project.practice.as_ref());
    let said = detail(sight);
    let proof = proof_words(sight).unwrap_or_default();
    // What is as planned needs no second line.
    let is_plain = matches!(sight.sees, Sees::New | Sees::Old);
    let under: Vec<&str> = [(is_plain, said.as_str()), (sight.is_proven() || is_old(sight), proof.as_str())]
        .into_iter()
        .filter_map(|(is_plain, words)| (!is_plain && !words.is_empty()).then_some(words))
        .collect();
    let width = ui.available_width();
    let lines = text::wrapped(ui, under.join(". "), Type::Small, theme.text2, width - 30.0);
    let more = if under.is_empty() { 0.0 } else { lines.size().y + 8.0 };
    let (row, response) = ui.allocate_exact_size(Vec2::new(width, 36.0 + more), Sense::hover());
    let label = format!("{name}, {what}: {word}. {said}; {proof}");
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &label));
    ui.painter().hline(row.x_range(), row.bottom() - 0.5, theme.hairline());
    let columns = Columns::of(Rect::from_min_size(row.min, Vec2::new(width, 36.0)), kinds.len());
    let place = text::left(ui, columns.names, &name, Type::Mono, theme.text);
    let rest = columns.names.with_min_x((place.right() + 8.0).min(columns.names.right()));
    if rest.width() > 24.0 {
        text::left(ui, rest, &what, Type::Small, theme.text2);
    }
    badge_at(ui, columns.mx, tone, icon, &word);
    for (kind, place) in kinds.iter().zip(columns.kinds) {
        let Some(sees) = sight.proof_of(*kind) else { continue };
        let Badge { tone, icon, word } = proof_badge(sees);
        badge_at(ui, place, tone, icon, &word);
    }
    if !under.is_empty() {
        text::paint_galley(ui, Pos2::new(row.left() + 15.0, row.top() + 33.0), lines, theme.text2);
    }
    response.on_hover_text(label);
}

/// Whether nothing of the new SPF, DKIM and DMARC is there yet, which the badges say already.
fn is_old(sight: &Sight) -> bool {
    sight.proof.iter().all(|one| matches!(one.sees, Sees::New | Sees::Old))
}

/// The short answer for SPF, DKIM and DMARC.
const fn proof_badge(sees: &Sees) -> Badge {
    match sees {
        Sees::New => Badge::of(Tone::Pass, Icon::Pass, "New"),
        Sees::Old => Badge::of(Tone::Paused, Icon::Waiting, "Old"),
        Sees::Lagging => Badge::of(Tone::Paused, Icon::Waiting, "Waits"),
        Sees::Mixed => Badge::of(Tone::Warn, Icon::Warn, "Both"),
        Sees::Other => Badge::of(Tone::Warn, Icon::Warn, "Neither"),
        Sees::Lying(_) => Badge::of(Tone::Fail, Icon::Fail, "Wrong"),
        Sees::OutOfReach | Sees::Down(_) => Badge::of(Tone::Unknown, Icon::Unknown, "Silent"),
    }
}

fn sight_row(ui: &mut Ui, sight: &Sight, project: &ProjectView) {
    let theme = Theme::of(ui);
    let Badge { tone, icon, word } = badge_of(sight, &project.switch);
    let Asked { name, what } = Asked::of(&sight.viewer, project.practice.as_ref());
    let detail = detail(sight);
    let width = ui.available_width();
    let (name_width, badge_width) = (width * 0.44, 134.0);
    let room = width - 15.0 - name_width - badge_width - 15.0;
    let lines = text::wrapped(ui, &detail, Type::Small, theme.text2, room);
    let height = (lines.size().y + 14.0).max(36.0);
    let (row, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
    response
        .widget_info(|| WidgetInfo::labeled(Role::Row, true, format!("{name}, {what}: {word}. {detail}")));
    ui.painter().hline(row.x_range(), row.bottom() - 0.5, theme.hairline());
    let first = Rect::from_min_size(row.min, Vec2::new(width, 36.0));
    let left = first.left() + 15.0;
    let names = Rect::from_x_y_ranges(left..=left + name_width - 12.0, first.y_range());
    let place = text::left(ui, names, &name, Type::Mono, theme.text);
    let rest = names.with_min_x((place.right() + 8.0).min(names.right()));
    if rest.width() > 24.0 {
        text::left(ui, rest, &what, Type::Small, theme.text2);
    }
    let badge = Rect::from_x_y_ranges(left + name_width..=left + name_width + badge_width, first.y_range());
    badge_at(ui, badge, tone, icon, &word);
    let at = Pos2::new(badge.right(), first.center().y - 8.5);
    text::paint_galley(ui, at, lines, theme.text2);
}
