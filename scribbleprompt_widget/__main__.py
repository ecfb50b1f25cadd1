"""``python -m scribbleprompt_widget``: the command."""

import sys

from scribbleprompt_widget.cli import main

sys.exit(main())
