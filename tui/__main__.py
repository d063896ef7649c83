"""`python -m tui`: the `observer` command where its script is not on the PATH."""

import sys

from tui.cli import main

sys.exit(main())
