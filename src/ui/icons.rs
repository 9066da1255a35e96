//! Icons: one SVG file each in `assets/icons`, drawn in white and tinted by the theme.

use egui::{Color32, Image, ImageSource, Rect, Ui, Vec2, include_image};

macro_rules! icons {
    ($($name:ident = $file:literal,)+) => {
        /// The icons of the window, each named after its file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Icon {
            $(#[doc = concat!("`", $file, ".svg`")] $name,)+
        }

        impl Icon {
            /// All of them, in the order of their names.
            #[cfg(feature = "testing")]
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            fn source(self) -> ImageSource<'static> {
                match self {
                    $(Self::$name => include_image!(concat!("../../assets/icons/", $file, ".svg")),)+
                }
            }
        }
    };
}

icons! {
    AppMark = "app-mark",
    Again = "again",
    Archive = "archive",
    ArrowLeft = "arrow-left",
    ArrowRight = "arrow-right",
    ChevronDown = "chevron-down",
    ChevronRight = "chevron-right",
    ChevronUp = "chevron-up",
    Close = "close",
    Cloud = "cloud",
    Copy = "copy",
    Drop = "drop",
    Edit = "edit",
    Fail = "fail",
    File = "file",
    Folder = "folder",
    Gear = "gear",
    Globe = "globe",
    Help = "help",
    Inbox = "inbox",
    Info = "info",
    Junk = "junk",
    Key = "key",
    Lock = "lock",
    Log = "log",
    Minus = "minus",
    More = "more",
    NotApplicable = "not-applicable",
    OpenOutside = "open-outside",
    Pass = "pass",
    Paused = "paused",
    Play = "play",
    Plus = "plus",
    Practice = "practice",
    Running = "running",
    Save = "save",
    Search = "search",
    Sent = "sent",
    Server = "server",
    SortBoth = "sort-both",
    SortDown = "sort-down",
    Stop = "stop",
    Tick = "tick",
    Trash = "trash",
    Undo = "undo",
    Unknown = "unknown",
    User = "user",
    Waiting = "waiting",
    Warn = "warn",
}

/// Side of an icon in rows.
pub const ICON: f32 = 16.0;
/// Side of an icon inside chips and small buttons.
pub const SMALL_ICON: f32 = 14.0;

impl Icon {
    /// Draws the icon centred in `rect`, with this side, in this colour.
    pub fn paint(self, ui: &Ui, rect: Rect, side: f32, color: Color32) {
        let place = Rect::from_center_size(rect.center(), Vec2::splat(side));
        if ui.is_rect_visible(place) {
            Image::new(self.source()).tint(color).fit_to_exact_size(Vec2::splat(side)).paint_at(ui, place);
        }
    }
}
