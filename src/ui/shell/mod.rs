//! The frame around every page: step rail, header, footer, status line.

mod failure;
mod footer;
mod header;
mod page;
mod rail;
mod status_line;
mod trust;

pub use failure::{failure, is_kept};
pub use footer::{Act, Footer, FooterButton, footer};
pub use header::{header, practice_band};
pub use page::{captioned_head, page_head, scroll_page};
pub use rail::{RailEvent, app_mark, rail, rail_width};
pub use status_line::status_line;
pub use trust::question_of_trust;
