"""Drives the real window by AT-SPI, as a screen reader would: from the start of a rehearsal along the rail to the report.

Usage: walk_window.py PROGRAM HOME, on a session bus of its own. Prints what it did, and ends with status 1 where something
is not there in time. With a second argument `close` behind them it only measures how long closing takes.
"""

import os
import signal
import subprocess
import sys
import time

program, home = sys.argv[1:3]
only_closes = sys.argv[3:] == ["close"]
PATIENCE = 60


def until(what, look, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"not there in time: {what}")


def start_display():
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    number = os.read(read, 16).decode().strip()
    os.environ["DISPLAY"] = f":{number}"
    return server


def environment():
    for name in ["WAYLAND_DISPLAY", "NO_AT_BRIDGE"]:
        os.environ.pop(name, None)
    os.environ["HOME"] = home
    os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"
    for name in ["CONFIG", "DATA", "STATE", "CACHE"]:
        os.environ[f"XDG_{name}_HOME"] = os.path.join(home, name.lower())
    os.environ["XDG_RUNTIME_DIR"] = home


server = None
window = None


def end(*_signal):
    for process in [window, server]:
        if process and process.poll() is None:
            process.kill()
            process.wait()


environment()
server = start_display()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    import gi

    gi.require_version("Atspi", "2.0")
    from gi.repository import Gio, GLib
    import pyatspi

    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    for name in ["IsEnabled", "ScreenReaderEnabled"]:
        arguments = GLib.Variant("(ssv)", ("org.a11y.Status", name, GLib.Variant("b", True)))
        bus.call_sync(
            "org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set",
            arguments, None, Gio.DBusCallFlags.NONE, 10_000, None,
        )
    window = subprocess.Popen([program], stderr=open(os.path.join(home, "window.log"), "w"))

    def application():
        for child in pyatspi.Registry.getDesktop(0):
            if child and "mailferry" in (child.name or "").lower():
                return child
        return None

    def nodes(node):
        if node is None:
            return
        yield node
        try:
            children = list(node)
        except Exception:  # A node may be gone by the time it is asked.
            return
        for child in children:
            yield from nodes(child)

    def find(matches):
        if window.poll() is not None:
            raise SystemExit(f"the window has ended with status {window.returncode}")
        for node in nodes(application()):
            try:
                if matches(node.getRoleName(), node.name or ""):
                    return node
            except Exception:
                continue
        return None

    def press(start, patience=PATIENCE):
        def look():
            return find(lambda role, name: "button" in role and name.startswith(start))

        until(f"a button “{start}”", look, patience).queryAction().doAction(0)
        print(f"pressed {start}")

    def heading(words, patience=PATIENCE):
        until(
            f"a heading “{words}”",
            lambda: find(lambda role, name: role == "heading" and name.startswith(words)),
            patience,
        )
        print(f"reached {words}")

    heading("Should your mail stay or move?")
    if only_closes:
        time.sleep(2)
        name = subprocess.check_output(["xdotool", "search", "--onlyvisible", "--name", "Mailferry"], text=True)
        subprocess.check_call(["xdotool", "windowfocus", name.split()[0]])
        time.sleep(0.5)
        began = time.monotonic()
        subprocess.check_call(["xdotool", "key", "ctrl+q"])
        window.wait(20)
        print(f"closed in {time.monotonic() - began:.2f} s")
        sys.exit(0)
    press("Start a rehearsal")
    heading("Domain")
    for step, title in [
        ("Audit", "Audit"),
        ("Verdict", "Verdict"),
        ("Destination", "Destination"),
        ("Mailboxes", "Mailboxes"),
        ("Plan", "Plan"),
        ("Copy", "Copy"),
        ("Records", "Records"),
        ("Done", "Report"),
    ]:
        press(f"{step}, ")
        heading(title)
    print("walked the rail to the report")
finally:
    end()
