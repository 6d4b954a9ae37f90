import os
import urllib.parse

urllib.parse.uses_netloc.append("redis")
url = urllib.parse.urlparse(os.environ["REDISTOGO_URL"])
print(url.hostname, url.port, url.password)
