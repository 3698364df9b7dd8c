"""`python -m sdforecast`: the same as the command `sdforecast`."""

import sys

from sdforecast.cli import main

sys.exit(main())
