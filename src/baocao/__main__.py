"""`python -m baocao`: as timers call it, and where the script `baocao` is not on the PATH."""

import sys

from baocao.cli import main

if __name__ == "__main__":
    sys.exit(main())
