use egui::Context;

/// Asks the desktop once whether it is light or dark, without blocking the window.
///
/// On Linux only the settings portal knows, if one is running. Elsewhere egui finds out itself.
#[cfg(target_os = "linux")]
pub fn watch_color_scheme(ctx: &Context) {
    let ctx = ctx.clone();
    let spawned =
        std::thread::Builder::new().name("colour scheme".to_owned()).spawn(move || match portal::is_dark() {
            Ok(true) => {
                ctx.options_mut(|options| options.fallback_theme = egui::Theme::Dark);
                ctx.request_repaint();
            }
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "the desktop does not say whether it is light or dark"),
        });
    if let Err(error) = spawned {
        tracing::debug!(%error, "no thread to ask for the colour scheme");
    }
}

/// Elsewhere the window system reports it.
#[cfg(not(target_os = "linux"))]
pub fn watch_color_scheme(_ctx: &Context) {}

#[cfg(target_os = "linux")]
mod portal {
    use std::time::Duration;

    use zbus::blocking::connection::Builder;
    use zbus::zvariant::OwnedValue;

    /// `org.freedesktop.appearance color-scheme`: 1 is dark, 2 is light, 0 has no preference.
    pub fn is_dark() -> Result<bool, zbus::Error> {
        let connection = Builder::session()?.method_timeout(Duration::from_secs(1)).build()?;
        let reply = connection.call_method(
            Some("org.freedesktop.portal.Desktop"),
            "/org/freedesktop/portal/desktop",
            Some("org.freedesktop.portal.Settings"),
            "ReadOne",
            &("org.freedesktop.appearance", "color-scheme"),
        )?;
        let value: OwnedValue = reply.body().deserialize()?;
        Ok(u32::try_from(value).is_ok_and(|scheme| scheme == 1))
    }
}
