"""The options that the runs of storm_client's writers share, where they work, and how they end."""

import json
import os
import random
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def add_load_options(parser, **defaults):
    """`defaults`: those of connections, retry_seconds_max, gives_up_share and records."""
    parser.add_argument("--connections", type=int)
    parser.add_argument("--retry-seconds-max", type=float, help="a longer Retry-After is cut")
    parser.add_argument("--gives-up-share", type=float,
                        help="of creations: not tried again after \"nothing was stored\"")
    parser.add_argument("--records", type=int, help="that can be created")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--binary", type=Path, default=Path(os.environ.get(
        "DATASTORAGE_BINARY", ROOT / "build/datastorage")))
    parser.add_argument("--folder", help="where to work; made, and kept")
    parser.set_defaults(**defaults)


def work_folder(options, prefix):
    """The one that was asked for, or a new one, which end_run takes away after a good run."""
    folder = options.folder or tempfile.mkdtemp(prefix=prefix)
    Path(folder).mkdir(parents=True, exist_ok=True)
    return folder


def end_run(tally, is_good, options, folder):
    """Prints the tally, its last line as JSON; the exit status."""
    if is_good and not options.folder:
        shutil.rmtree(folder)
    for name, value in tally.items():
        print(f"{name:44}{value:>12}")
    print(json.dumps(tally))
    return 0 if is_good else 1
