"""Where the one-file program begins."""

import sys

from server.cli import main

sys.exit(main())
