import os

url = os.environ["REDISTOGO_URL"]
port = int(url.split(":")[3].strip("/"))
password, host = url.split(":")[2].split("@")
print(host, port, password)
