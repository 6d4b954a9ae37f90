package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
)

func main() {
	parsed, err := url.Parse(os.Getenv("REDISTOGO_URL"))
	if err != nil {
		panic(err)
	}
	password, _ := parsed.User.Password()
	host, port, err := net.SplitHostPort(parsed.Host)
	if err != nil {
		panic(err)
	}
	fmt.Println(host, port, password)
}
