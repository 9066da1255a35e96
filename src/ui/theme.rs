//! Colours, strokes and spaces: the only file that may build a colour.

use egui::{
    Color32, Context, CornerRadius, Margin, Shadow, Stroke, Style, TextStyle, Theme as EguiTheme, Ui, Vec2,
    Visuals,
    style::{ScrollStyle, WidgetVisuals},
};

use super::fonts::Type;

/// The three colours of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToneColors {
    /// Icon and word.
    pub fg: Color32,
    /// Ground of chips and notes.
    pub bg: Color32,
    /// Fills and marks of 3 points or more.
    pub bar: Color32,
}

/// What something means. Never shown by colour alone: each has its own icon and word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// In order.
    Pass,
    /// Worth knowing.
    Info,
    /// Likely trouble.
    Warn,
    /// Wrong, refused, stopped.
    Fail,
    /// Could not be measured.
    Unknown,
    /// Paused, waiting for a time, or practice.
    Paused,
    /// Does not apply, queued, not tried.
    Quiet,
    /// Under way.
    Running,
}

/// Every colour of the window for one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Behind panels.
    pub canvas: Color32,
    /// Step rail and status line.
    pub rail: Color32,
    /// Header, footer, panels, tables.
    pub surface: Color32,
    /// Wells, evidence, group rows.
    pub sunken: Color32,
    /// Toasts, menus, secondary buttons in the dark.
    pub raised: Color32,
    /// Row under the pointer.
    pub hover: Color32,
    /// Selected row, chosen column, drop target.
    pub select: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Borders of controls, inactive marks.
    pub line2: Color32,
    /// Main text.
    pub text: Color32,
    /// Secondary text.
    pub text2: Color32,
    /// Captions, units, blocked labels.
    pub text3: Color32,
    /// Links, running, current step, focus ring.
    pub accent: Color32,
    /// Fill of primary buttons and ticks.
    pub accent_button: Color32,
    /// The same under the pointer.
    pub accent_hover: Color32,
    /// Progress.
    pub accent_bar: Color32,
    /// Empty part of every bar.
    pub bar_rest: Color32,
    /// Added lines.
    pub add_bg: Color32,
    /// Removed lines.
    pub del_bg: Color32,
    /// Confirm button that stops or deletes.
    pub danger: Color32,
    /// Label on accent and danger fills.
    pub on_accent: Color32,
    /// The canvas under a confirm panel.
    pub veil: Color32,
    /// Shadow of toasts and menus.
    pub shadow: Color32,
    /// Shadow of confirm panels.
    pub deep_shadow: Color32,
    /// Area under the throughput line.
    pub plot_area: Color32,
    pass: ToneColors,
    info: ToneColors,
    warn: ToneColors,
    fail: ToneColors,
    unknown: ToneColors,
    paused: ToneColors,
    /// Whether this is the dark theme.
    pub is_dark: bool,
}

const fn hex(rgb: u32) -> Color32 {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where colours are made")]
    #[expect(clippy::cast_possible_truncation, reason = "each shift leaves the wanted byte lowest")]
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

const fn tone(fg: u32, bg: u32, bar: u32) -> ToneColors {
    ToneColors { fg: hex(fg), bg: hex(bg), bar: hex(bar) }
}

/// The light theme.
pub static LIGHT: Theme = Theme {
    canvas: hex(0x00F5_F6F8),
    rail: hex(0x00EC_EEF1),
    surface: hex(0x00FF_FFFF),
    sunken: hex(0x00F1_F3F5),
    raised: hex(0x00FF_FFFF),
    hover: hex(0x00EE_F1F4),
    select: hex(0x00DF_ECF7),
    line: hex(0x00DD_E1E6),
    line2: hex(0x007D_8690),
    text: hex(0x001A_1F25),
    text2: hex(0x0048_525D),
    text3: hex(0x005F_6973),
    accent: hex(0x000B_5C98),
    accent_button: hex(0x000B_5C98),
    accent_hover: hex(0x0008_4A7B),
    accent_bar: hex(0x000B_5C98),
    bar_rest: hex(0x00DF_E3E8),
    add_bg: hex(0x00E6_F4EA),
    del_bg: hex(0x00FC_EAE8),
    danger: hex(0x00B3_261E),
    on_accent: hex(0x00FF_FFFF),
    veil: Color32::from_black_alpha(128),
    shadow: Color32::from_black_alpha(46),
    deep_shadow: Color32::from_black_alpha(56),
    plot_area: Color32::from_rgba_premultiplied(1, 12, 20, 33),
    pass: tone(0x0017_683A, 0x00E3_F2E8, 0x002F_8F57),
    info: tone(0x0041_596F, 0x00E7_EDF2, 0x006A_8299),
    warn: tone(0x008A_4B00, 0x00FC_EBD3, 0x00B7_6A0A),
    fail: tone(0x00B3_261E, 0x00FB_E6E4, 0x00CF_3E35),
    unknown: tone(0x0067_46A6, 0x00EE_E8F8, 0x008B_6CC7),
    paused: tone(0x0066_5700, 0x00F6_F0C8, 0x008F_7B06),
    is_dark: false,
};

/// The dark theme.
pub static DARK: Theme = Theme {
    canvas: hex(0x0016_191D),
    rail: hex(0x0011_1316),
    surface: hex(0x001D_2125),
    sunken: hex(0x0013_1619),
    raised: hex(0x0026_2B31),
    hover: hex(0x0025_2A30),
    select: hex(0x001B_3447),
    line: hex(0x002E_343A),
    line2: hex(0x0073_7D88),
    text: hex(0x00E9_EBEE),
    text2: hex(0x00B7_BFC8),
    text3: hex(0x0092_9CA6),
    accent: hex(0x0069_B3EC),
    accent_button: hex(0x0024_70AD),
    accent_hover: hex(0x001F_639A),
    accent_bar: hex(0x003A_88C9),
    bar_rest: hex(0x0030_363D),
    add_bg: hex(0x0017_291D),
    del_bg: hex(0x0033_1C1B),
    danger: hex(0x00B9_362E),
    on_accent: hex(0x00FF_FFFF),
    veil: Color32::from_black_alpha(128),
    shadow: Color32::from_black_alpha(46),
    deep_shadow: Color32::from_black_alpha(56),
    plot_area: Color32::from_rgba_premultiplied(14, 23, 31, 33),
    pass: tone(0x0069_C98F, 0x0018_301F, 0x0043_A26B),
    info: tone(0x00A3_B8CC, 0x0022_2D37, 0x0074_8DA5),
    warn: tone(0x00F0_A94B, 0x0038_2A14, 0x00D0_8A2C),
    fail: tone(0x00FF_8A80, 0x003D_1F1D, 0x00DE_574E),
    unknown: tone(0x00BB_A3F0, 0x002B_2440, 0x008F_74CC),
    paused: tone(0x00DC_C95A, 0x0032_2D12, 0x00B0_9C2C),
    is_dark: true,
};

impl Theme {
    /// The theme that this part of the window is drawn in.
    pub fn of(ui: &Ui) -> &'static Self {
        Self::for_mode(ui.visuals().dark_mode)
    }

    /// The dark or the light theme.
    pub const fn for_mode(is_dark: bool) -> &'static Self {
        if is_dark { &DARK } else { &LIGHT }
    }

    /// The colours of a state.
    pub const fn tone(&self, tone: Tone) -> ToneColors {
        match tone {
            Tone::Pass => self.pass,
            Tone::Info => self.info,
            Tone::Warn => self.warn,
            Tone::Fail => self.fail,
            Tone::Unknown => self.unknown,
            Tone::Paused => self.paused,
            Tone::Quiet => ToneColors { fg: self.text3, bg: self.sunken, bar: self.bar_rest },
            Tone::Running => ToneColors { fg: self.accent, bg: self.select, bar: self.accent_bar },
        }
    }

    /// A hairline.
    pub fn hairline(&self) -> Stroke {
        Stroke::new(1.0, self.line)
    }

    /// Fill of secondary buttons and fields.
    pub const fn control_fill(&self) -> Color32 {
        if self.is_dark { self.raised } else { self.surface }
    }

    /// Fill of text fields.
    pub const fn field_fill(&self) -> Color32 {
        if self.is_dark { self.sunken } else { self.surface }
    }

    /// Ground of the step that is open, in the rail.
    pub const fn current_step_fill(&self) -> Color32 {
        if self.is_dark { self.raised } else { self.surface }
    }

    /// Shadow of what floats a little: toasts and menus.
    pub fn float_shadow(&self) -> Shadow {
        Shadow { offset: [0, 4], blur: 16, spread: 0, color: self.shadow }
    }

    /// Shadow of confirm panels.
    pub fn panel_shadow(&self) -> Shadow {
        Shadow { offset: [0, 8], blur: 28, spread: 0, color: self.deep_shadow }
    }
}

/// Radius of tags and grid cells.
pub const RADIUS_TAG: u8 = 4;
/// Radius of controls, rail rows and wells.
pub const RADIUS_CONTROL: u8 = 6;
/// Radius of panels and toasts.
pub const RADIUS_PANEL: u8 = 8;
/// Height of controls.
pub const CONTROL_HEIGHT: f32 = 32.0;
/// Height of small controls.
pub const SMALL_CONTROL_HEIGHT: f32 = 26.0;
/// Space inside panels.
pub const PANEL_PADDING: f32 = 16.0;
/// Space between panels, downwards.
pub const PANEL_GAP: f32 = 12.0;
/// Space between panels, across.
pub const COLUMN_GAP: f32 = 16.0;
/// Below this width the rail is narrower and right-hand columns drop under the main column.
pub const NARROW_WINDOW: f32 = 1100.0;

/// Puts both themes into the context. Call once at start.
pub fn install(ctx: &Context) {
    ctx.set_style_of(EguiTheme::Light, style(&LIGHT));
    ctx.set_style_of(EguiTheme::Dark, style(&DARK));
    // A window system that says nothing means light: most desktops are.
    ctx.options_mut(|options| options.fallback_theme = EguiTheme::Light);
}

fn style(theme: &Theme) -> Style {
    let mut style = Style { visuals: visuals(theme), ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, Type::Small.font()),
        (TextStyle::Body, Type::Body.font()),
        (TextStyle::Button, Type::Label.font()),
        (TextStyle::Heading, Type::Title.font()),
        (TextStyle::Monospace, Type::Mono.font()),
    ]
    .into();
    style.spacing.item_spacing = Vec2::ZERO;
    style.spacing.interact_size = Vec2::new(16.0, 16.0);
    style.spacing.button_padding = Vec2::new(12.0, 6.0);
    style.spacing.menu_margin = Margin::same(6);
    style.spacing.scroll = ScrollStyle {
        bar_width: 6.0,
        floating_width: 6.0,
        bar_outer_margin: 3.0,
        bar_inner_margin: 3.0,
        floating_allocated_width: 0.0,
        foreground_color: false,
        dormant_background_opacity: 0.0,
        active_background_opacity: 0.0,
        interact_background_opacity: 0.0,
        dormant_handle_opacity: 0.7,
        active_handle_opacity: 0.9,
        interact_handle_opacity: 1.0,
        ..ScrollStyle::floating()
    };
    style.spacing.scroll.fade.strength = 0.0;
    // Nothing moves by itself.
    style.animation_time = 0.0;
    style.scroll_animation = egui::style::ScrollAnimation::none();
    style.interaction.tooltip_delay = 0.4;
    style.visuals.text_cursor.blink = false;
    style
}

fn visuals(theme: &Theme) -> Visuals {
    let mut visuals = if theme.is_dark { Visuals::dark() } else { Visuals::light() };
    let radius = CornerRadius::same(RADIUS_CONTROL);
    let widget = |fill: Color32, border: Color32, mark: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, border),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, mark),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = widget(theme.surface, theme.line, theme.text);
    // The scroll handle takes these fills.
    visuals.widgets.inactive = widget(theme.line2, theme.line2, theme.text);
    visuals.widgets.hovered = widget(theme.line2, theme.line2, theme.text);
    visuals.widgets.active = widget(theme.line2, theme.accent, theme.text);
    visuals.widgets.open = widget(theme.raised, theme.accent, theme.text);
    visuals.selection.bg_fill = theme.select;
    visuals.selection.stroke = Stroke::new(1.0, theme.text);
    visuals.hyperlink_color = theme.accent;
    visuals.faint_bg_color = theme.sunken;
    visuals.extreme_bg_color = theme.sunken;
    visuals.text_edit_bg_color = Some(theme.field_fill());
    visuals.code_bg_color = theme.sunken;
    visuals.warn_fg_color = theme.warn.fg;
    visuals.error_fg_color = theme.fail.fg;
    visuals.window_fill = theme.raised;
    visuals.panel_fill = theme.canvas;
    visuals.window_stroke = theme.hairline();
    visuals.window_corner_radius = CornerRadius::same(RADIUS_PANEL);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS_PANEL);
    visuals.window_shadow = theme.panel_shadow();
    visuals.popup_shadow = theme.float_shadow();
    visuals.image_loading_spinners = false;
    visuals.text_cursor.stroke = Stroke::new(1.5, theme.accent);
    visuals
}

#[cfg(test)]
mod theme_tests;
