//go:build raw

// Command rawroot serves the TAXII face over a plain store of STIX objects, for public test suites
// that expect one; see the section on other people's clients in HACKING.md. It prints its address and
// serves until it is interrupted. It is no part of what is shipped.
//
//	LANTERN_RAW_LOGIN=NAME:PASSWORD go run -tags raw ./test/rawroot -seed FILE
package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"lantern/internal/face/taxii"
	"lantern/internal/web"
)

func main() {
	seed := flag.String("seed", "", "JSON `file` with discovery, API roots, collections and objects")
	listen := flag.String("listen", "127.0.0.1:0", "`address` to serve")
	flag.Parse()
	if err := serve(*seed, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "rawroot: error:", err)
		os.Exit(1)
	}
}

func serve(seed, listen string) error {
	f, err := os.Open(seed)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	face, err := taxii.NewRaw(f, taxii.RawConfig{Login: os.Getenv("LANTERN_RAW_LOGIN"), Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	server := &http.Server{Handler: face.Handler(web.Options{}), ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(l)
}
