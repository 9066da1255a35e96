//! Keys that mean what is on the open page: Ctrl+F finds, Ctrl+S saves. The page takes what it has a use for.

use egui::{Context, Id, Key, KeyboardShortcut, Modifiers};

/// A wish that a page may fulfil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// The field that finds gets the keyboard.
    Find,
    /// What the page can save is saved, or asked where to.
    Save,
}

const KEYS: [(Wish, Key); 2] = [(Wish::Find, Key::F), (Wish::Save, Key::S)];

fn id(wish: Wish) -> Id {
    Id::unique(("wish", wish))
}

/// Turns this frame's keys into wishes. Those of the frame before that nobody has taken are forgotten.
pub fn listen(ctx: &Context) {
    for (wish, key) in KEYS {
        let shortcut = KeyboardShortcut::new(Modifiers::COMMAND, key);
        let is_pressed = ctx.input_mut(|input| input.consume_shortcut(&shortcut));
        ctx.data_mut(|data| data.insert_temp(id(wish), is_pressed));
    }
}

/// Whether there is this wish. The first who asks gets it.
pub fn take(ctx: &Context, wish: Wish) -> bool {
    ctx.data_mut(|data| data.remove_temp::<bool>(id(wish))).unwrap_or(false)
}
