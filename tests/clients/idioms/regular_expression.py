import os
import re

found = re.match(r"redis://redistogo:(.+)@(.+):(\d+)", os.environ["REDISTOGO_URL"])
assert found
print(found[2], found[3], found[1])
