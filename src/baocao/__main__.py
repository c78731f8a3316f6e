"""`python -m baocao`, as timers call it."""

import sys

from baocao.cli import main

sys.exit(main())
