"""Serve one request after another: the program of a worker, which is given the script that answers
(`python serving.py SCRIPT`). The script has `answer(request)`, and says how many bytes of addresses
it may take (`MEMORY`); no worker can write a file.
"""

import json
import resource
import runpy
import signal
import sys


def main() -> None:
    """Answer requests until there are no more."""
    out, sys.stdout = sys.stdout, sys.stderr
    script = runpy.run_path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (script["MEMORY"], script["MEMORY"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("ready", file=out, flush=True)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        signal.alarm(request["alarm"])
        print(json.dumps(script["answer"](request)), file=out, flush=True)
        signal.alarm(0)


if __name__ == "__main__":
    main()
