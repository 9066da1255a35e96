//! What practice mail is made of. All names are invented, all domains reserved (RFC 2606, RFC 6761).

/// Display name and address of the people who write.
pub(super) const PEOPLE: &[(&str, &str)] = &[
    ("Jürgen Öztürk", "j.oeztuerk@bau-mueller.example"),
    ("Sophie Lang", "sophie@lang-architektur.example"),
    ("Maria Kowalczyk", "m.kowalczyk@steuerbuero-nord.example"),
    ("Musikverein Altstadt", "vorstand@musikverein-altstadt.example"),
    ("Tom Becker", "tom.becker@example.net"),
    ("Elektro Huber GmbH", "rechnung@elektro-huber.example"),
    ("Li Wei 李伟", "liwei@export-hafen.example"),
    ("Zoë O'Neill", "zoe@oneill.example"),
    ("Stadtwerke Kundenservice", "service@stadtwerke.example"),
    ("Anna Weber", "anna@weber-familie.example"),
    ("Peter Weber", "peter@weber-familie.example"),
];

pub(super) const SUBJECTS: &[&str] = &[
    "Angebot für die neue Küche",
    "Rechnung 2024-0815",
    "Re: Treffen am Donnerstag",
    "Fwd: Fotos vom Sommerfest",
    "Einladung: Jahreshauptversammlung",
    "Your order has shipped",
    "Terminbestätigung",
    "AW: Frage zur Steuererklärung",
    "Lieferung verspätet sich",
    "Notes from today's call",
    "Vertrag zur Durchsicht",
    "Geburtstag von Oma – wer bringt was?",
    "Passwort zurückgesetzt",
    "Weekly report",
    "Baustelle Gartenstraße: Fortschritt",
    "Probe fällt aus",
];

pub(super) const SENTENCES: &[&str] = &[
    "Vielen Dank für die schnelle Antwort.",
    "Anbei die Unterlagen, wie besprochen.",
    "Können wir den Termin um eine Stunde verschieben?",
    "Please find the details below.",
    "Die Rechnung ist bis Ende des Monats fällig.",
    "Wir treffen uns wie immer um halb acht im Gemeindehaus.",
    "Let me know if that works for you.",
    "Der Preis gilt inklusive Lieferung und Montage.",
    "Die Fliesen kommen leider erst in der übernächsten Woche.",
    "I have attached the signed copy.",
    "Bitte gib mir kurz Bescheid, ob das passt.",
    "Grüße an die ganze Familie!",
    "The meeting has been moved to room 4.",
    "Das Wetter soll am Wochenende schön werden.",
    "Ich habe die Zahlen noch einmal geprüft und zwei Fehler gefunden.",
    "Wir freuen uns auf Ihren Besuch.",
];

pub(super) const FILES: &[(&str, &str)] = &[
    ("Angebot.pdf", "application/pdf"),
    ("Foto_0412.jpg", "image/jpeg"),
    ("Kalkulation.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("Grundriss.png", "image/png"),
    ("Unterlagen.zip", "application/zip"),
];

pub(super) const KEYWORDS: &[&str] = &["$Label1", "$Forwarded", "NonJunk", "$MDNSent", "Steuer", "Wichtig"];

pub(super) const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
