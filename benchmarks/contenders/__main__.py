"""Make some requests: ``python -m benchmarks.contenders SCENARIO CONTENDER TIMES``."""

import sys

from benchmarks.contenders import request

request(sys.argv[1], sys.argv[2], int(sys.argv[3]))
