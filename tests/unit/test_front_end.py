"""What both sides write down for themselves is alike; the rest of what they hold to is in messages."""

import re
from pathlib import Path

from scribbleprompt_widget.widgets import cancel, picture
from scribbleprompt_widget.widgets.answering import TELL_AFTER_S
from scribbleprompt_widget.widgets.labelling import COLORS
from scribbleprompt_widget.widgets.masks import LAYERS

SOURCES = Path(__file__).parents[2] / "js" / "src"


def written(file, pattern):
    """What a TypeScript file says in the place of the group."""
    found = re.search(pattern, (SOURCES / file).read_text("utf-8"))
    assert found, f"{file} says nothing like {pattern}"
    return found[1]


def test_what_both_sides_write_down_is_one():
    assert written("labelpanel.ts", r'COLORS = "(\w+)"') == "".join(COLORS).replace("#", "")
    assert int(written("planes.ts", r"LAYERS = (\d+);")) == LAYERS + 1  # and the one that is drawn
    assert float(written("settings.ts", r"opacity: ([\d.]+),")) == picture.FILL_OPACITY
    assert written("widget.ts", r'CANCEL = "(.*?)"') == cancel.TARGET
    assert float(written("requests.ts", r"BUSY_AFTER = (\d+);")) > 1000 * TELL_AFTER_S


def test_the_history_panel_has_a_name_for_every_step():
    actions = set(re.findall(r'(?:then|_push)\(\s*"([a-z ]+)"', kernel_sources()))
    assert actions >= {"prompt", "edit prompts", "commit"}
    named = re.findall(r'^  "?([a-z ]+)"?:', written("historypanel.ts", r"NAMES: [^=]*= \{\n([^}]*)\}"), re.MULTILINE)
    # Their own words say it.
    plain = {"clear", "edit prompts", "lock", "model"}
    assert plain <= actions
    assert actions - plain <= set(named)


def kernel_sources():
    package = Path(__file__).parents[2] / "scribbleprompt_widget"
    return "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
