#!/usr/bin/env python3
"""Makes Inter-mf.ttf from Inter 4.1 (OFL 1.1).

egui passes no OpenType features to its shaper, and the digits of Inter are proportional by default.
So the tabular digits (tnum) are baked into the cmap, and the font is cut to the scripts the window needs.

    python3 -m venv venv && venv/bin/pip install fonttools fontpkg-inter==4.1.post1
    venv/bin/python build_inter.py
"""

import pathlib

import fontpkg_inter
from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [
    (0x20, 0x7E),  # Basic Latin
    (0xA0, 0x24F),  # Latin-1, Latin Extended-A and -B
    (0x259, 0x259),
    (0x2B0, 0x2DF),  # modifier letters that names use
    (0x300, 0x345),  # combining marks
    (0x370, 0x3FF),  # Greek
    (0x400, 0x52F),  # Cyrillic
    (0x1E00, 0x1EFF),  # Latin Extended Additional
    (0x2000, 0x206F),  # General punctuation
    (0x20A0, 0x20BF),  # currency signs
    (0x2116, 0x2122),
    (0x2190, 0x2193),  # arrows
    (0x2212, 0x2212),
    (0x2248, 0x2265),
    (0x2423, 0x2423),  # open box: shows a trailing blank
    (0x25A0, 0x25CF),
    (0xFFFD, 0xFFFD),
]


def tabular_digits(font):
    """The glyph that tnum puts in the place of each digit glyph."""
    gsub = font["GSUB"].table
    mapping = {}
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for index in record.Feature.LookupListIndex:
            for table in gsub.LookupList.Lookup[index].SubTable:
                table = getattr(table, "ExtSubTable", table)
                mapping.update(getattr(table, "mapping", {}))
    return mapping


def main():
    here = pathlib.Path(__file__).parent
    source = pathlib.Path(fontpkg_inter.__file__).parent / "files" / "Inter[opsz,wght].ttf"
    font = TTFont(source)
    tabular = tabular_digits(font)
    for table in font["cmap"].tables:
        for digit in range(ord("0"), ord("9") + 1):
            if digit in table.cmap:
                # Subtables share one mapping, so a digit may already be done.
                table.cmap[digit] = tabular.get(table.cmap[digit], table.cmap[digit])
    options = subset.Options()
    # No calt: it would turn "->" in a mail header into an arrow.
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl"]
    options.hinting = False
    options.name_IDs = ["*"]
    options.notdef_outline = True
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
    subsetter.subset(font)
    font.save(here / "Inter-mf.ttf")


if __name__ == "__main__":
    main()
