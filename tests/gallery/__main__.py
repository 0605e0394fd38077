"""Takes every picture of docs/screens/ anew, and writes the page that shows them.

python -m tests.gallery [ARGUMENTS OF PYTEST…]      (without a screen: xvfb-run -a python -m tests.gallery)
"""

import sys

import pytest

from tests.conftest import ROOT

if __name__ == "__main__":
    # Named, it is collected; by the suites it is not: pictures are taken when somebody wants to look at them.
    sys.exit(
        pytest.main(["-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "gallery" / "screens.py"), *sys.argv[1:]])
    )
