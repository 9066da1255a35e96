//! The frame around every page: step rail, header, footer, status line.

mod failure;
mod footer;
mod header;
mod hover_banner;
mod page;
mod rail;
mod status_line;
mod trust;

pub use failure::{failure, is_kept};
pub use footer::{Act, Footer, FooterButton, footer};
pub use header::{TROUBLES, header, practice_band};
pub use hover_banner::hover_banner;
pub use page::{captioned_head, page_head, scroll_page};
pub use rail::{RailEvent, app_mark, marker, rail, rail_stop, rail_width};
pub use status_line::status_line;
pub use trust::question_of_trust;
